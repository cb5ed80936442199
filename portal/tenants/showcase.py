"""The demo tenants and who signs in there, as the README names them. Shown outside production only."""

from dataclasses import dataclass

PASSWORD = "portal-demo-2026"  # noqa: S105  # published: the demo refuses to load in production


@dataclass(frozen=True, slots=True)
class Showcase:
    """One tenant of the demo: its staff by role, and its clients' people by company and role."""

    slug: str
    name: str
    staff: tuple[tuple[str, str], ...]
    clients: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def _staff(slug: str) -> tuple[tuple[str, str], ...]:
    boxes = (("admin", "Administrator"), ("tech", "Technician"), ("billing", "Billing"))
    return tuple((f"{box}@{slug}.example", role) for box, role in boxes)


SHOWCASES = (
    Showcase(
        "harbor",
        "Harbor IT",
        _staff("harbor"),
        (
            (
                "Bright Dental",
                (
                    ("dana@brightdental.example", "Admin"),
                    ("sam@brightdental.example", "User"),
                    ("fin@brightdental.example", "Finance"),
                ),
            ),
            ("Cedar Law", (("olivia@cedarlaw.example", "Admin"), ("noah@cedarlaw.example", "User"))),
        ),
    ),
    Showcase(
        "summit",
        "Summit Networks",
        _staff("summit"),
        (("Delta Foods", (("dana@deltafoods.example", "Admin"), ("sam@deltafoods.example", "User"))),),
    ),
)
