"""Passkeys and security keys (WebAuthn): asking browsers for one, and checking what they bring.

A challenge stands signed in the page it is for and is good once: its first use is
counted under its hash, in a transaction of its own. The relying party is the host
the page came from, which the door knows as the tenant's; origin, signature and the
counter against copies are checked by the `webauthn` library, which is loaded when
it is needed.
"""

import datetime as dt
import json
import re
import secrets
import uuid
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from portal.core import clock, signing
from portal.core.tenancy import doors
from portal.core.tenancy.scope import current_scope
from portal.core.tenancy.session import transaction
from portal.extensions import db
from portal.identity.models import Passkey, User

Ceremony = Literal["create", "get"]
LIFE: Final = dt.timedelta(minutes=30)
"""How long a page may stand open before its button is pressed."""
LONGEST_NAME: Final = 60
LONGEST_ANSWER: Final = 20_000
"""Characters of what a browser sends; attestations that we don't ask for are the longest part of it."""
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,1400}")
"""What names a passkey, in base64url: at most 1023 bytes (WebAuthn 3, §4). The database is asked for nothing else."""
_FAULTS: Final = (ValueError, LookupError, TypeError, AttributeError, OverflowError)
"""What the library raises, beside its own errors, for answers that only somebody's hand has made."""
_TRANSPORTS: Final = frozenset({"usb", "nfc", "ble", "smart-card", "hybrid", "internal", "cable"})


class PasskeyRefused(Exception):
    """What the browser brought proves nothing: `reason` is for the trail."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Party:
    """Where the page stands: `host` is the relying party's id, `origin` what browsers must report."""

    host: str
    origin: str
    name: str


@dataclass(frozen=True, slots=True)
class Asking:
    """What a page hands to its script, and the signed challenge that comes back beside the answer."""

    options: str
    token: str


def ask_for_one(party: Party, passkeys: list[Passkey] | None = None) -> Asking:
    """Options for proving a passkey: one of these, or with None whichever the person chooses (which then says who).

    A passkey that is the only proof must have verified its person by finger, face or PIN.
    """
    import webauthn
    from webauthn.helpers import structs

    challenge = secrets.token_bytes(32)
    wanted = structs.UserVerificationRequirement
    options = webauthn.generate_authentication_options(
        rp_id=party.host,
        challenge=challenge,
        allow_credentials=_descriptors(passkeys or []),
        user_verification=wanted.REQUIRED if passkeys is None else wanted.PREFERRED,
    )
    return Asking(webauthn.options_to_json(options), _signed("get", challenge, None))


def ask_to_make(party: Party, user: User, *, alone: bool = False) -> Asking:
    """Options for making a passkey for this person; a device that holds one of theirs makes no second.

    `alone`: it will be the only proof, so the device must verify its person and know by itself whose it is.
    """
    import webauthn
    from webauthn.helpers import structs

    challenge = secrets.token_bytes(32)
    resident, verified = structs.ResidentKeyRequirement, structs.UserVerificationRequirement
    options = webauthn.generate_registration_options(
        rp_id=party.host,
        rp_name=party.name,
        user_id=user.id.bytes,
        user_name=user.email,
        user_display_name=user.name,
        challenge=challenge,
        exclude_credentials=_descriptors(of(user.id)),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=resident.REQUIRED if alone else resident.PREFERRED,
            user_verification=verified.REQUIRED if alone else verified.PREFERRED,
        ),
    )
    return Asking(webauthn.options_to_json(options), _signed("create", challenge, user.id))


def of(user_id: uuid.UUID) -> list[Passkey]:
    """A person's passkeys, the oldest first."""
    mine = select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.created_at, Passkey.id)
    return list(db.session.execute(mine).scalars())


def credential_id(answer: str) -> str:
    """Which passkey the browser's answer names. Raises PasskeyRefused for what is no answer."""
    return str(_read(answer)["id"])


def owner(kind: str, answer: str) -> uuid.UUID | None:
    """At the gate: whose passkey the answer names; it proves nothing yet. Raises PasskeyRefused."""
    return doors.owner_of_passkey(kind=kind, credential_id=credential_id(answer))


def use(user: User, answer: str, token: str, party: Party, *, alone: bool = False) -> Passkey:
    """Check a proof by one of the person's passkeys; `alone`: there is no other proof beside it. Raises PasskeyRefused.

    The counter moves by one conditional statement, so that of two copies one is refused.
    """
    import webauthn
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.exceptions import WebAuthnException

    read = _read(answer)
    challenge = _challenge("get", token, None)
    mine = select(Passkey).where(Passkey.user_id == user.id, Passkey.credential_id == str(read["id"]))
    passkey: Passkey | None = db.session.execute(mine).scalar_one_or_none()
    if passkey is None:
        reason = "unknown passkey"
        raise PasskeyRefused(reason)
    try:
        proven = webauthn.verify_authentication_response(
            credential=read,
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=party.origin,
            credential_public_key=base64url_to_bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=alone,
        )
    except (WebAuthnException, *_FAULTS) as fault:
        raise PasskeyRefused(str(fault)[:200]) from None
    _move_count(passkey, proven.new_sign_count)
    return passkey


def _move_count(passkey: Passkey, count: int) -> None:
    is_newer = Passkey.sign_count < count if count else Passkey.sign_count == 0
    moved = db.session.execute(
        update(Passkey).where(Passkey.id == passkey.id, is_newer).values(sign_count=count, last_used_at=clock.now()),
        execution_options={"synchronize_session": False},
    )
    if moved.rowcount != 1:
        reason = "the passkey's counter was used before"
        raise PasskeyRefused(reason)


def register(user: User, answer: str, token: str, party: Party, *, name: str) -> Passkey:
    """Keep a passkey that the browser has just made for this person. Raises PasskeyRefused."""
    return keep(made(user, answer, token, party, name=name))


def made(user: User, answer: str, token: str, party: Party, *, name: str, alone: bool = False) -> Passkey:
    """Check a passkey that the browser has just made for this person; it isn't kept yet. Raises PasskeyRefused.

    `alone`: it is to be the only proof, and must have verified its person.
    """
    import webauthn
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.exceptions import WebAuthnException

    read = _read(answer)
    try:
        proven = webauthn.verify_registration_response(
            credential=read,
            expected_challenge=_challenge("create", token, user.id),
            expected_rp_id=party.host,
            expected_origin=party.origin,
            require_user_verification=alone,
        )
    except (WebAuthnException, *_FAULTS) as fault:
        raise PasskeyRefused(str(fault)[:200]) from None
    return Passkey(
        user_id=user.id,
        name=name.strip()[:LONGEST_NAME],
        credential_id=bytes_to_base64url(proven.credential_id),
        public_key=bytes_to_base64url(proven.credential_public_key),
        sign_count=proven.sign_count,
        transports=_transports(read),
        created_at=clock.now(),
    )


def keep(passkey: Passkey) -> Passkey:
    """Keep a passkey that was checked. Raises PasskeyRefused for one that somebody here has already."""
    try:
        with db.session.begin_nested():
            db.session.add(passkey)
    except IntegrityError:
        reason = "known passkey"
        raise PasskeyRefused(reason) from None
    return passkey


def _read(answer: str) -> dict[str, Any]:
    try:
        read = json.loads(answer) if len(answer) <= LONGEST_ANSWER else None
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict) or not isinstance(read.get("id"), str) or not _ID.fullmatch(read["id"]):
        reason = "no answer of a passkey"
        raise PasskeyRefused(reason)
    return read


def _transports(read: dict[str, Any]) -> list[str]:
    response = read.get("response")
    said = response.get("transports") if isinstance(response, dict) else None
    return sorted({each for each in said if each in _TRANSPORTS}) if isinstance(said, list) else []


def _descriptors(passkeys: list[Passkey]) -> list[Any]:
    from webauthn.helpers import base64url_to_bytes, structs

    return [
        structs.PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(each.credential_id),
            transports=[structs.AuthenticatorTransport(one) for one in each.transports] or None,
        )
        for each in passkeys
    ]


def _signed(ceremony: Ceremony, challenge: bytes, user_id: uuid.UUID | None) -> str:
    tenant_id = current_scope().tenant_id
    return signing.sign(f"passkey {ceremony}", [str(tenant_id), challenge.hex(), str(user_id or "")], LIFE)


def _challenge(ceremony: Ceremony, token: str, user_id: uuid.UUID | None) -> bytes:
    """The challenge that the token holds, which is spent now whatever follows. Raises PasskeyRefused."""
    reason = "the challenge is too old or was used"
    try:
        payload = signing.unsign(f"passkey {ceremony}", token)
    except signing.BadToken:
        raise PasskeyRefused(reason) from None
    if (
        not isinstance(payload, list)
        or payload[0] != str(current_scope().tenant_id)
        or payload[2] != str(user_id or "")
    ):
        raise PasskeyRefused(reason)
    key = signing.signer().macs("throttle challenge", str(payload[1]).encode())[-1].hex()
    with transaction(current_scope()):
        wait, _is_news = doors.throttle(key, limits=((1, LIFE),), at=clock.now())
    if wait > 0:
        raise PasskeyRefused(reason)
    return bytes.fromhex(str(payload[1]))
