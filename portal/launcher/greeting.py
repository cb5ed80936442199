"""What `make run` says to the person at the terminal."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal.settings import Settings

PASSWORD = "portal-demo-2026"  # noqa: S105 - published: the demo's


class _Tenant(NamedTuple):
    """A tenant of the demo and who can sign in there."""

    slug: str
    name: str
    staff: tuple[str, ...]
    clients: dict[str, tuple[str, ...]]


TENANTS = (
    _Tenant(
        "harbor",
        "Harbor IT",
        ("admin@harbor.example", "tech@harbor.example", "billing@harbor.example"),
        {
            "Bright Dental": ("dana@brightdental.example", "sam@brightdental.example", "fin@brightdental.example"),
            "Cedar Law": ("olivia@cedarlaw.example", "noah@cedarlaw.example"),
        },
    ),
    _Tenant(
        "summit",
        "Summit Networks",
        ("admin@summit.example", "tech@summit.example", "billing@summit.example"),
        {"Delta Foods": ("dana@deltafoods.example", "sam@deltafoods.example")},
    ),
)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is being done, and at its end how long it took."""
    sys.stdout.write(f"{what} … ")
    sys.stdout.flush()
    began = time.monotonic()
    try:
        yield
    except BaseException:
        sys.stdout.write("\n")
        raise
    sys.stdout.write(f"{time.monotonic() - began:.1f} s\n")
    sys.stdout.flush()


def greet(settings: Settings) -> None:
    """Print the addresses and the demo's sign-ins."""
    lines = ["", f"The portal runs at {settings.origin(settings.base_domain)}", ""]
    for tenant in TENANTS:
        origin = settings.origin(f"{tenant.slug}.{settings.base_domain}")
        lines += [tenant.name, f"  Clients  {origin}/"]
        lines += [f"           {client}: {', '.join(people)}" for client, people in tenant.clients.items()]
        lines += [f"  Staff    {origin}/msp", f"           {', '.join(tenant.staff)}", ""]
    lines += [f"Password of all: {PASSWORD}", f"Mail goes to {settings.mail_url.removeprefix('file://')}"]
    lines += [f"Logs are in {settings.var_dir}: web.log, worker.log, postgres.log", "Ctrl-C ends everything.", ""]
    sys.stdout.write("\n".join(lines))
    sys.stdout.flush()
