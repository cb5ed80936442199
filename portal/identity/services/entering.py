"""Between the first proof and the session: what is still asked for, and letting somebody in once all is proven.

However people prove themselves first (a password, a link from a mail, a directory),
they come through here: nobody has a session before the second factor that they
have or that a role of theirs wants.
"""

import hmac
import uuid
from dataclasses import dataclass
from typing import Final, Literal

from portal.core import audit
from portal.core.events.outbox import publish
from portal.core.signing import signer
from portal.core.tenancy import doors
from portal.core.web.cookies import Side
from portal.extensions import db
from portal.identity import queries, throttle
from portal.identity.devices import Device
from portal.identity.events import NewDeviceSeen
from portal.identity.models import Password, User
from portal.identity.services import mail_tokens, second_factor
from portal.identity.services.sessions import Started, Visit, start_session

KIND: Final[dict[Side, str]] = {"client": "client", "msp": "internal"}
Way = Literal["password", "link", "passkey", "sso"]
"""The first proof."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the gate has recognised. `client_id` is that of the membership that a session would begin with."""

    side: Side
    user: User
    password: Password | None
    membership_id: uuid.UUID | None
    client_id: uuid.UUID | None

    @property
    def why_not(self) -> str:
        """What keeps this person out, for the trail alone; empty where nothing does."""
        if self.user.state != "active":
            return self.user.state
        return "no membership" if self.side == "client" and self.membership_id is None else ""

    @property
    def mark(self) -> list[str]:
        """The account's keyed hashes, for the throttle and the known browser."""
        return throttle.marks(self.side, self.user.email_key)


@dataclass(frozen=True, slots=True)
class Halfway:
    """Who has given the first proof: what the browser carries, signed, to the page of the second.

    `seal`: a keyed hash of the password in force, so that another password breaks it.
    """

    side: Side
    user_id: uuid.UUID
    way: Way
    seal: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person who has come in: the new session, and the browser as it is known from now on."""

    started: Started
    device: Device


def recognised(side: Side, user_id: uuid.UUID | None, membership_id: uuid.UUID | None) -> Person | None:
    """Whom a door has just recognised, with what signing in needs; None for nobody, by the same statement."""
    row = db.session.execute(queries.login(user_id, membership_id)).one_or_none()
    return None if row is None else Person(side, row[0], row[1], membership_id, row[2])


def go_on(person: Person, way: Way, *, visit: Visit, device: Device, factor: str = "") -> SignedIn | Halfway:
    """Let somebody in who has given the first proof, or say that a second one is due.

    `factor` names a second proof that came along with the first: a passkey that verified its person.
    """
    if not factor and (second_factor.of(person.user.id).any or doors.needs_second_factor()):
        audit.record("sign_in.halfway", person.user, client_id=person.client_id, shown=True, side=person.side, way=way)
        return Halfway(person.side, person.user.id, way, _seals(person)[0])
    return let_in(person, way, visit=visit, device=device, factor=factor)


def resume(halfway: Halfway) -> Person | None:
    """The person who is halfway in, if nothing that speaks against it has happened meanwhile."""
    user_id, membership_id = doors.recognise_user(kind=KIND[halfway.side], user_id=halfway.user_id)
    person = recognised(halfway.side, user_id, membership_id)
    if person is None or person.why_not:
        return None
    is_same = any(hmac.compare_digest(halfway.seal, each) for each in _seals(person))
    return person if is_same else None


def let_in(person: Person, way: Way, *, visit: Visit, device: Device, factor: str = "") -> SignedIn:
    """Begin the session of somebody who has proved all there is to prove."""
    user, side = person.user, person.side
    started = start_session(user, side, person.membership_id if side == "client" else None, visit)
    mail_tokens.kill(user.id, mail_tokens.PROOFS)
    is_new = not device.knows(person.mark)
    audit.record(
        "sign_in.succeeded", user, client_id=person.client_id, shown=True,
        side=side, session=str(started.session.id), new_device=int(is_new), way=way, factor=factor,
    )  # fmt: skip
    if is_new:
        publish(NewDeviceSeen(user_id=user.id, session_id=started.session.id))
    return SignedIn(started, device.remembering(person.mark))


def _seals(person: Person) -> list[str]:
    kept = person.password.hash if person.password is not None else ""
    message = f"{person.user.id} {person.user.email_key} {kept}".encode()
    return [mac.hex()[:32] for mac in signer().macs("halfway", message)]
