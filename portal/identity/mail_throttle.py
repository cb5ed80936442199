"""How many mails strangers may have sent: counted before anything is looked up, those that were right as well.

And how many invitations whoever may invite. Each way of strangers has its budgets: one
for the account that was typed, whether it exists or not, and one for the address that
it was typed from. A browser that the account knows has one of its own in place of those, so
that strangers can't use up the owner's mails. A count stands whatever follows.
"""

import datetime as dt
from typing import Final

from portal.core import clock
from portal.core.networks import network
from portal.core.signing import signer
from portal.core.tenancy import doors
from portal.core.tenancy.scope import Viewer, current_scope
from portal.core.tenancy.session import transaction
from portal.core.web.cookies import Side
from portal.identity import throttle
from portal.identity.devices import Device
from portal.identity.throttle import Limits, TooManyTries, Try

PER_NAME: Final[Limits] = ((5, dt.timedelta(days=1)),)
PER_ADDRESS: Final[Limits] = ((20, dt.timedelta(hours=1)), (60, dt.timedelta(days=1)))
PER_KNOWN: Final[Limits] = ((5, dt.timedelta(days=1)),)
"""Of each browser that the account knows, beside what strangers have."""
PER_INVITER: Final[dict[str, Limits]] = {
    "client": ((20, dt.timedelta(hours=1)), (100, dt.timedelta(days=1))),
    "staff": ((100, dt.timedelta(hours=1)), (500, dt.timedelta(days=1))),
}
"""Invitations that one person sends, whomever to."""


def count_invitation(by: Viewer) -> None:
    """Count a mail that somebody who is signed in has sent to an address of their choice. Raises TooManyTries.

    What the system sends (a command, the demo) isn't counted.
    """
    if by.user_id is None:
        return
    message = f"{by.tenant_id} {by.actor_id}".encode()
    key = signer().macs("throttle invitations", message)[0].hex()
    with transaction(current_scope()):
        seconds, is_news = doors.throttle(
            key, limits=PER_INVITER["client" if by.is_client else "staff"], at=clock.now()
        )
    if seconds > 0:
        raise TooManyTries(seconds, is_news=is_news)


def count_for_account(what: str, side: Side, account: str, *, address: str, device: Device) -> None:
    """Count a mail that somebody asks for to this account's address, whether there is one. Raises TooManyTries.

    A browser that the account knows (it signed in there, or its mailbox was proven there) has a budget that neither
    strangers nor its neighbours at the same address use up.
    """
    marks = throttle.marks(side, account)
    if device.has_budget(marks):
        throttle.count_one(f"{what} known", f"{marks[0]} {device.id}", PER_KNOWN)
    else:
        count(f"{what} {side}", account, address=address)


def count(what: str, *names: str, address: str, per_name: Limits | None = None) -> Try:
    """Count one try of this way for what was typed and for where it comes from. Raises TooManyTries.

    `names`: each is counted for itself, an account or a client's number; `per_name` for ways that
    are tried more often than PER_NAME.
    """
    counted = Try((), clock.now())
    wanted = [("address", network(address), PER_ADDRESS), *(("name", name, per_name or PER_NAME) for name in names)]
    with transaction(current_scope()):
        for kind, name, limits in wanted:
            message = f"{current_scope().tenant_id} {what} {name}".encode()
            key = signer().macs(f"throttle {kind}", message)[0].hex()
            seconds, is_news = doors.throttle(key, limits=limits, at=counted.at)
            if seconds > 0:
                counted.forgive()
                break
            counted = Try((*counted.keys, key), counted.at)
        else:
            return counted
    raise TooManyTries(seconds, is_news=is_news)
