"""Signing in with a password.

Whoever tries, the same happens in the same order: the try is counted, the person
looked up, the password verified, one line written to the trail. Only a right
password of somebody who may come in makes a difference.

Where the tenant allows it, a client's number or a phone number stands for the mail
address. It may mean several people: always as many are looked up and as many
passwords verified as it can mean at most, and what the password leaves open is
asked for only then. A try by number counts for each of those whom it means, as if
their address had been typed, so that several names for an account are not several budgets.
"""

from typing import Final, NoReturn
from uuid import UUID

from portal.core import audit
from portal.core.addresses import email_key
from portal.core.tenancy import doors
from portal.core.web.cookies import Side
from portal.extensions import db
from portal.identity import passwords, throttle
from portal.identity.devices import Device
from portal.identity.services.entering import KIND, Halfway, Person, SignedIn, go_on, recognised
from portal.identity.services.people import keep_password
from portal.identity.services.sessions import Visit

MOST_MEANT: Final = 3
"""People whom one number may mean; who is beyond them signs in with the address."""


class SignInRefused(Exception):
    """Address and password lead to nobody who may come in; which of the reasons it was is not told."""


class SeveralMeant(Exception):
    """The password is right for several of those whom the number means; only the mail address tells them apart."""


def sign_in(side: Side, email: str, password: str, *, visit: Visit, device: Device) -> SignedIn | Halfway:
    """Let a person in, or to the second factor. Raises SignInRefused, TooManyTries; the caller commits the trail.

    Works at the gate: whatever session the browser brought does not count.
    """
    account = email_key(email)
    counted = _count(side, account, visit=visit, device=device)
    user_id, membership_id = doors.recognise(kind=KIND[side], email_key=account)
    person = recognised(side, user_id, membership_id)
    is_right = _is_right(person, password)
    reason = _why_not(person, is_right=is_right)
    if reason or person is None:
        _refuse(side, account, person, reason)
    return _right(person, password, counted, visit=visit, device=device)


def refuse_password(side: Side, typed: str, *, visit: Visit, device: Device) -> NoReturn:
    """A password where a directory is the only way in: counted and told, nobody is looked up.

    Raises SignInRefused, TooManyTries.
    """
    account = email_key(typed)
    _count(side, account, visit=visit, device=device)
    _refuse(side, account, None, "sso required")


def sign_in_by_number(digits: str, password: str, *, visit: Visit, device: Device) -> SignedIn | Halfway:
    """The same for a client's person by number. Raises SignInRefused, SeveralMeant, TooManyTries."""
    account = f"number {digits}"
    meant = doors.candidates(digits=digits, most=MOST_MEANT)
    accounts = _accounts(digits, meant)
    if any(device.has_budget(throttle.marks("client", each)) for each in accounts):
        tries = []
    else:
        tries = [_count("client", account, visit=visit, device=device)]
    right = []
    for number, name in enumerate(accounts):
        user_id = meant[number] if number < len(meant) else None
        tried = _count_meant(name, device)
        person = recognised("client", *doors.recognise_user(kind="client", user_id=user_id if tried else None))
        is_right = _is_right(person, password)
        if not _why_not(person, is_right=is_right):
            right.append(user_id)
        tries += [tried] if tried else []
        db.session.expunge_all()  # the next one is looked at as if nobody had been before
    if len(right) > 1:
        audit.record("sign_in.failed", side="client", account=_mark("client", account), reason="several meant")
        raise SeveralMeant
    found = recognised("client", *doors.recognise_user(kind="client", user_id=right[0])) if right else None
    if found is None:
        _refuse("client", account, None, "number" if meant else "unknown")
    return _right(found, password, *tries, visit=visit, device=device)


def _accounts(digits: str, meant: list[UUID]) -> list[str]:
    """Under which accounts a try by number counts besides the number: those it means, and made-up ones to fill up."""
    found = []
    for number in range(MOST_MEANT):
        user_id = meant[number] if number < len(meant) else None
        person = recognised("client", *doors.recognise_user(kind="client", user_id=user_id))
        found.append(person.user.email_key if person is not None else f"nobody {number} {digits}")
        db.session.expunge_all()
    return found


def _count_meant(account: str, device: Device) -> throttle.Try | None:
    """Count a try on one of those whom a number may mean; None where theirs are used up, so that nothing is compared.

    Told to a browser of theirs alone: strangers would learn whose number it is. Raises TooManyTries.
    """
    try:
        return throttle.count_meant("client", account, device=device)
    except throttle.TooManyTries:
        if device.has_budget(throttle.marks("client", account)):
            raise
        return None


def _count(side: Side, account: str, *, visit: Visit, device: Device) -> throttle.Try:
    def tell(seconds: int) -> None:
        audit.record("sign_in.throttled", side=side, account=_mark(side, account), seconds=seconds)

    with throttle.told(tell):
        return throttle.count_try(side, account, address=visit.address, device=device)


def _mark(side: Side, account: str) -> str:
    return throttle.marks(side, account)[0]


def _is_right(person: Person | None, password: str) -> bool:
    kept = person.password if person is not None else None
    return passwords.verify(password, kept.hash if kept is not None else None)


def _why_not(person: Person | None, *, is_right: bool) -> str:
    """What stands against it, for the trail alone."""
    if person is None:
        return "unknown"
    return person.why_not if is_right else "password"


def _refuse(side: Side, account: str, person: Person | None, reason: str) -> NoReturn:
    user, client_id = (person.user, person.client_id) if person is not None else (None, None)
    audit.record(
        "sign_in.failed", user, client_id=client_id, shown=client_id is not None,
        side=side, account=_mark(side, account), reason=reason,
    )  # fmt: skip
    raise SignInRefused


def _right(person: Person, password: str, *tries: throttle.Try, visit: Visit, device: Device) -> SignedIn | Halfway:
    for each in sorted(tries, key=lambda one: one.keys):  # in one order: two who come in at once don't wait in a ring
        each.forgive()
    if person.password is not None and passwords.is_outdated(person.password.hash):
        keep_password(person.password, password)
    return go_on(person, "password", visit=visit, device=device)
