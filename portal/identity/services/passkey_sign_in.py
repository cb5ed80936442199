"""Signing in with a passkey alone: the device says who it is and has verified its person, so nothing else is asked."""

from typing import NoReturn

from portal.core import audit
from portal.core.tenancy import doors
from portal.core.web.cookies import Side
from portal.identity.devices import Device
from portal.identity.services import passkeys
from portal.identity.services.entering import KIND, Halfway, SignedIn, go_on, recognised
from portal.identity.services.sessions import Visit
from portal.identity.sso import coming_in


def sign_in(
    side: Side, proof: str, token: str, party: passkeys.Party, *, visit: Visit, device: Device
) -> SignedIn | Halfway:
    """Let in whose passkey this is. Raises PasskeyRefused; the trail's line is for the caller to commit.

    Nothing is counted: a signature can't be guessed, and each challenge is good for one try.
    """
    try:
        owner = passkeys.owner(KIND[side], proof)
        person = recognised(side, *doors.recognise_user(kind=KIND[side], user_id=owner))
        if person is None:
            _refuse("unknown passkey")
        passkeys.use(person.user, proof, token, party, alone=True)
        if person.why_not:
            _refuse(person.why_not)
        if not coming_in.may_come_in_besides(person.user.id, side):
            _refuse("directory required")
    except passkeys.PasskeyRefused as refused:
        audit.record("sign_in.failed", side=side, way="passkey", reason=refused.reason)
        raise
    return go_on(person, "passkey", visit=visit, device=device, factor="passkey")


def _refuse(reason: str) -> NoReturn:
    raise passkeys.PasskeyRefused(reason)
