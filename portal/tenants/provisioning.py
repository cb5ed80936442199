"""What a new tenant finds: each domain brings its own first rows.

A domain registers a step with `provisions`; making a tenant runs them all in
the tenant's system scope. A step may run again on a tenant that has its rows: it
adds what is missing and leaves alone what people have changed.
"""

from collections.abc import Callable

Step = Callable[[], None]

_steps: dict[str, tuple[int, Step]] = {}


def provisions(name: str, *, order: int) -> Callable[[Step], Step]:
    """Register a step under the domain's name; lower orders run first. Raises ValueError for a name taken."""

    def keep(step: Step) -> Step:
        known = _steps.get(name)
        if known is not None and known[1] is not step:
            message = f"two steps of provisioning are called {name}"
            raise ValueError(message)
        _steps[name] = (order, step)
        return step

    return keep


def steps() -> list[tuple[str, Step]]:
    """Names and steps, in the order they run."""
    return [(name, step) for name, (order, step) in sorted(_steps.items(), key=lambda each: (each[1][0], each[0]))]
