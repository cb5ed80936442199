"""`flask keys`: the keys that seal columns and sign tokens, and how to replace them."""

import base64
import os
import secrets
from collections import Counter

import click
from flask.cli import AppGroup

from portal.cli.scopes import tenants
from portal.core import rotation
from portal.core.crypto import key_id
from portal.core.sealed import REGISTRY, Sealed
from portal.settings import current

keys_group = AppGroup("keys", help="Encryption and signing keys: make one, see what is in use, replace the old.")


@keys_group.command("new")
@click.option("--signing", is_flag=True, help="A key for SECRET_KEYS instead of ENCRYPTION_KEYS.")
def new_command(*, signing: bool) -> None:
    """Print a fresh key. Put it first in the list, restart, then run `flask keys rotate`."""
    if signing:
        click.echo(secrets.token_urlsafe(48))
        return
    click.echo(base64.urlsafe_b64encode(os.urandom(32)).decode())


@keys_group.command("status")
def status_command() -> None:
    """Tell how many values older keys still hold; 0 everywhere means that they may be dropped."""
    names = [key_id(key) for key in current().encryption_keys]
    click.echo(f"newest key {names[0]}, older keys {', '.join(names[1:]) or 'none'}")
    found = tenants()
    for attribute in REGISTRY:
        left = sum(rotation.stale(attribute, tenant_id) for tenant_id, _ in found)
        click.echo(f"{_name(attribute)}: {left} values under older keys")


@keys_group.command("rotate")
def rotate_command() -> None:
    """Seal anew, with the newest key, what older keys hold. Safe while people work, and to run again.

    Exit code 1 where a value couldn't be opened: its key is missing from ENCRYPTION_KEYS, or it was tampered with.
    """
    resealed: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    work = [(attribute, tenant_id) for attribute in REGISTRY for tenant_id, _ in tenants()]
    with click.progressbar(work, label="Sealing anew") as steps:
        for attribute, tenant_id in steps:
            tally = rotation.reseal(attribute, tenant_id)
            resealed[_name(attribute)] += tally.resealed
            for reason, number in tally.faults.items():
                faults[f"{_name(attribute)}: {reason}"] += number
    for name, number in sorted(resealed.items()):
        click.echo(f"{name}: {number} sealed anew")
    for reason, number in sorted(faults.items()):
        click.echo(f"{number} not opened, {reason}", err=True)
    if faults:
        raise SystemExit(1)
    click.echo("No value needs an older key any more.")


def _name(attribute: Sealed) -> str:
    return f"{attribute.owner.__tablename__}.{attribute.column}"
