"""What `make run` says to the person at the terminal."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from portal.tenants.showcase import PASSWORD, SHOWCASES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal.settings import Settings


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
    for tenant in SHOWCASES:
        origin = settings.origin(f"{tenant.slug}.{settings.base_domain}")
        lines += [tenant.name, f"  Clients  {origin}/"]
        lines += [f"           {client}: {_boxes(people)}" for client, people in tenant.clients]
        lines += [f"  Staff    {origin}/msp", f"           {_boxes(tenant.staff)}", ""]
    lines += [f"Password of all: {PASSWORD}", f"Mail goes to {settings.mail_url.removeprefix('file://')}"]
    lines += [f"Logs are in {settings.var_dir}: web.log, worker.log, postgres.log", "Ctrl-C ends everything.", ""]
    sys.stdout.write("\n".join(lines))
    sys.stdout.flush()


def _boxes(people: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(email for email, _role in people)
