"""The demo tenants and who signs in there, as the README names them. Shown outside production only."""

from dataclasses import dataclass

from portal.core.words import N_

PASSWORD = "portal-demo-2026"  # noqa: S105  # published: the demo refuses to load in production


@dataclass(frozen=True, slots=True)
class Showcase:
    """One tenant of the demo: its staff by role, and its clients' people by company and role."""

    slug: str
    name: str
    staff: tuple[tuple[str, str], ...]
    clients: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def _staff(slug: str) -> tuple[tuple[str, str], ...]:
    boxes = (("admin", N_("Administrator")), ("tech", N_("Technician")), ("billing", N_("Billing")))
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
                    ("dana@brightdental.example", N_("Admin")),
                    ("sam@brightdental.example", N_("User")),
                    ("fin@brightdental.example", N_("Finance")),
                ),
            ),
            ("Cedar Law", (("olivia@cedarlaw.example", N_("Admin")), ("noah@cedarlaw.example", N_("User")))),
        ),
    ),
    Showcase(
        "summit",
        "Summit Networks",
        _staff("summit"),
        (("Delta Foods", (("dana@deltafoods.example", N_("Admin")), ("sam@deltafoods.example", N_("User")))),),
    ),
)
