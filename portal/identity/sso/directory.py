"""What a directory's word does to people: who it is, whether they get an account, roles and a state.

Runs as the system in a transaction of its own, before the gate sees the person.
A directory makes, switches and gives roles to accounts that it manages
(`User.is_managed`), and to no other; what people did by hand stays.
"""

import re
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select

from portal.clients.models import Client, Contact
from portal.core import audit, clock
from portal.core.addresses import email_key, is_address
from portal.core.text import has_web_address
from portal.core.web.cookies import Side
from portal.extensions import db
from portal.identity.models import (
    Membership,
    MembershipRole,
    Password,
    Role,
    SsoGroupRole,
    SsoIdentity,
    SsoProvider,
    StaffProfile,
    StaffRole,
    User,
)
from portal.identity.services.account_states import set_state
from portal.identity.services.roles import LastKeeper, ensure_keeper, lock_roles
from portal.identity.sso import domains
from portal.identity.sso.oidc import Reason, Refused

KINDS: Final[dict[Side, str]] = {"client": "client", "msp": "internal"}
LONGEST_NAME: Final = 200
MOST_GROUPS: Final = 2000
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Said:
    """What the directory says of a person. `email` is empty where it isn't proven; `groups` None: it doesn't tell."""

    subject: str
    email: str
    name: str
    groups: frozenset[str] | None
    has_second_factor: bool


def said_by(provider: SsoProvider, claims: dict[str, Any]) -> Said:
    """The claims of a proven ID token, read with care."""
    email = claims.get("email")
    is_proven = claims.get("email_verified") in (True, "true") or (
        provider.kind == "entra" and claims.get("xms_edov") in (True, "true", "1", 1)
    )
    methods = claims.get("amr")
    return Said(
        subject=claims["sub"],
        email=email if is_proven and isinstance(email, str) and is_address(email) else "",
        name=_name(claims.get("name")),
        groups=_groups(claims, provider.group_claim),
        has_second_factor=isinstance(methods, list) and "mfa" in methods,
    )


def _name(said: Any) -> str:
    """A person's name, empty where it is none: a web address in it would be a link in mails."""
    name = _UNPRINTABLE.sub(" ", str(said or "")).strip()[:LONGEST_NAME]
    return "" if has_web_address(name) else name


def _groups(claims: dict[str, Any], name: str) -> frozenset[str] | None:
    """Who is in no group is told by an empty list or by silence; one in too many is told to be asked for elsewhere."""
    elsewhere = claims.get("_claim_names")
    if isinstance(elsewhere, dict) and name in elsewhere:
        return None
    found = claims.get(name, [])
    if isinstance(found, str):
        found = [found]
    if not isinstance(found, list) or len(found) > MOST_GROUPS:
        return None
    return frozenset(each for each in found if isinstance(each, str))


def settle(provider_id: UUID, said: Said) -> UUID:
    """The user that the directory speaks of, brought in line with what it says. Raises Refused.

    The provider's row is locked: two first sign-ins of one person make one account.
    """
    provider = db.session.execute(
        select(SsoProvider).where(SsoProvider.id == provider_id, SsoProvider.is_active).with_for_update()
    ).scalar_one_or_none()
    if provider is None:
        raise Refused(Reason.PROVIDER)
    roles = _mapped_roles(provider, said)
    user = _known(provider, said) or _linked(provider, said) or _made(provider, said, roles)
    if user.is_managed and roles is not None:
        try:
            with db.session.begin_nested():
                _follow(user, provider, said, roles)
        except LastKeeper:
            audit.record("sso.kept", user, provider=provider.slug)
    db.session.flush()
    return user.id


def _follow(user: User, provider: SsoProvider, said: Said, roles: frozenset[UUID]) -> None:
    """Switch the account and set its roles. Raises LastKeeper where nobody could mend the roles then."""
    lock_roles()
    _switch(user, roles)
    if user.state == "active":
        _give(user, provider, said, roles)
    db.session.flush()
    if user.kind == "internal":
        ensure_keeper()


def _mapped_roles(provider: SsoProvider, said: Said) -> frozenset[UUID] | None:
    """The roles that the groups mean; None where no group means any, or the directory doesn't tell the groups."""
    table = db.session.execute(
        select(SsoGroupRole.group_name, SsoGroupRole.role_id).where(SsoGroupRole.provider_id == provider.id)
    ).all()
    if not table or said.groups is None:
        return None
    return frozenset(row.role_id for row in table if row.group_name in said.groups)


def _known(provider: SsoProvider, said: Said) -> User | None:
    row = db.session.execute(
        select(SsoIdentity, User)
        .join(User, User.id == SsoIdentity.user_id)
        .where(SsoIdentity.provider_id == provider.id, SsoIdentity.subject == said.subject)
    ).one_or_none()
    if row is None:
        return None
    identity, user = row
    if user.kind != KINDS[_side(provider)]:
        raise Refused(Reason.SIDE)
    identity.last_used_at = clock.now()
    found: User = user
    return found


def _side(provider: SsoProvider) -> Side:
    return "msp" if provider.side == "msp" else "client"


def _domain(email: str) -> str:
    return email_key(email).rpartition("@")[2]


def _linked(provider: SsoProvider, said: Said) -> User | None:
    """Somebody who has that address here, tied to this subject from now on."""
    if not said.email:
        raise Refused(Reason.EMAIL_NOT_VERIFIED)
    if provider.domains and _domain(said.email) not in provider.domains:
        raise Refused(Reason.DOMAIN)
    user: User | None = db.session.execute(
        select(User).where(User.kind == KINDS[_side(provider)], User.email_key == email_key(said.email))
    ).scalar_one_or_none()
    if user is None:
        return None
    other = select(SsoIdentity.id).where(SsoIdentity.user_id == user.id, SsoIdentity.provider_id == provider.id)
    if db.session.execute(other).first() is not None:
        raise Refused(Reason.ANOTHER_SUBJECT)
    if user.state == "pending":
        # Whoever began the account with an access code may have typed somebody else's address: their password goes.
        db.session.execute(delete(Password).where(Password.user_id == user.id))
        user.state, user.state_reason = "active", ""
    user.verified_at = user.verified_at or clock.now()
    _tie(user, provider, said)
    audit.record("sso.linked", user, provider=provider.slug)
    return user


def _tie(user: User, provider: SsoProvider, said: Said) -> None:
    now = clock.now()
    db.session.add(
        SsoIdentity(user_id=user.id, provider_id=provider.id, subject=said.subject, linked_at=now, last_used_at=now)
    )
    db.session.flush()


def _made(provider: SsoProvider, said: Said, roles: frozenset[UUID] | None) -> User:
    """A new account that the directory manages, where the tenant wants that for this domain and has it proven."""
    if not provider.creates_users or _domain(said.email) not in provider.domains:
        raise Refused(Reason.UNKNOWN)
    if not domains.is_proven(_domain(said.email)):
        raise Refused(Reason.UNPROVEN)
    side = _side(provider)
    if roles is not None and not roles:
        raise Refused(Reason.NO_GROUP)
    if side == "msp" and roles is None:
        raise Refused(Reason.NO_GROUP)
    company = _company(said) if side == "client" else None
    now = clock.now()
    user = User(
        kind=KINDS[side], email=said.email, email_key=email_key(said.email),
        name=said.name or said.email.partition("@")[0], state="active", is_managed=True,
        verified_at=now, created_at=now,
    )  # fmt: skip
    db.session.add(user)
    db.session.flush()
    client_id = company.id if company is not None else None
    audit.record("sso.user_created", user, client_id=client_id, shown=client_id is not None, provider=provider.slug)
    if company is not None:
        _seat(user, company, said)
        if roles is None:
            _give(user, provider, said, frozenset({_usual_role()}))
    else:
        db.session.add(StaffProfile(user_id=user.id, display_name=user.name))
    _tie(user, provider, said)
    return user


def _company(said: Said) -> Client:
    """The one client whose mail domain this is; of two nobody can say which is meant."""
    found = db.session.execute(
        select(Client).where(Client.email_domain == _domain(said.email), Client.is_active).limit(2)
    ).scalars().all()  # fmt: skip
    if len(found) != 1:
        raise Refused(Reason.NO_CLIENT)
    company: Client = found[0]
    return company


def _seat(user: User, company: Client, said: Said) -> None:
    contact = _contact(company, said)
    db.session.add(
        Membership(
            client_id=company.id, user_id=user.id, contact_id=contact.id, site_id=contact.site_id,
            created_at=clock.now(),
        )
    )  # fmt: skip
    db.session.flush()


def _contact(company: Client, said: Said) -> Contact:
    """The contact of this address who has no login yet, or a new one."""
    taken = select(Membership.contact_id).where(Membership.client_id == company.id)
    found = db.session.execute(
        select(Contact)
        .where(Contact.client_id == company.id, Contact.email_key == email_key(said.email))
        .where(Contact.is_active, Contact.id.not_in(taken))
        .order_by(Contact.created_at, Contact.id)
        .limit(1)
    ).scalar_one_or_none()
    if found is not None:
        kept: Contact = found
        return kept
    contact = Contact(
        client_id=company.id, name=said.name or said.email, email=said.email, email_key=email_key(said.email),
        created_at=clock.now(),
    )  # fmt: skip
    db.session.add(contact)
    db.session.flush()
    audit.record("contact.created", contact, shown=True, new={"name": contact.name, "email": contact.email}, way="sso")
    return contact


def _usual_role() -> UUID:
    found: UUID = db.session.execute(select(Role.id).where(Role.side == "client", Role.key == "user")).scalar_one()
    return found


def _switch(user: User, roles: frozenset[UUID]) -> None:
    """Off who is in no group any more, on who is back; only what the directory itself switched off comes on again."""
    if not roles and user.state == "active":
        set_state(user, "suspended", "directory")
    elif roles and user.state == "suspended" and user.state_reason == "directory":
        set_state(user, "active")


def _give(user: User, provider: SsoProvider, said: Said, roles: frozenset[UUID]) -> None:
    """Make the roles of a managed account those of its groups; roles that no group means stay as they are."""
    side = "internal" if provider.side == "msp" else "client"
    meant = frozenset(
        db.session.execute(
            select(SsoGroupRole.role_id).where(SsoGroupRole.provider_id == provider.id)
        ).scalars()
    )  # fmt: skip
    wanted = frozenset(db.session.execute(select(Role.id).where(Role.side == side, Role.id.in_(roles))).scalars())
    seats = [None] if side == "internal" else _seats(user, provider, said)
    before: set[UUID] = set()
    for seat in seats:
        before |= _set_roles(user, seat, wanted=wanted, meant=meant)
    if before != wanted and seats:
        named = select(Role.id, Role.name).where(Role.id.in_(before | wanted))
        names = {row.id: row.name for row in db.session.execute(named)}
        old, new = (sorted(names[each] for each in ids if each in names) for ids in (before, wanted))
        audit.record("sso.roles_changed", user, old={"roles": old}, new={"roles": new})


def _seats(user: User, provider: SsoProvider, said: Said) -> list[Membership]:
    """The seats that the directory has a say in: at the client of the mail's domain, which the provider must serve.

    At other clients, and by a group, the person has what was given there: one client's
    directory makes nobody an Admin of another.
    """
    domain = _domain(said.email or user.email)
    if domain not in provider.domains:
        return []
    own = (
        select(Membership)
        .join(Client, Client.id == Membership.client_id)
        .where(Membership.user_id == user.id, Membership.group_grant_id.is_(None), Client.email_domain == domain)
    )
    return list(db.session.execute(own).scalars())


def _set_roles(user: User, seat: Membership | None, *, wanted: frozenset[UUID], meant: frozenset[UUID]) -> set[UUID]:
    """Give and take; the roles from groups there were before."""
    held: dict[UUID, StaffRole | MembershipRole] = {}
    if seat is None:
        held = {row.role_id: row for row in db.session.execute(
            select(StaffRole).where(StaffRole.user_id == user.id)).scalars()}  # fmt: skip
    else:
        held = {row.role_id: row for row in db.session.execute(
            select(MembershipRole).where(MembershipRole.membership_id == seat.id)).scalars()}  # fmt: skip
    for role_id, row in held.items():
        if role_id in meant and role_id not in wanted:
            db.session.delete(row)
    for role_id in sorted(wanted - held.keys()):
        db.session.add(
            StaffRole(user_id=user.id, role_id=role_id)
            if seat is None
            else MembershipRole(client_id=seat.client_id, user_id=user.id, membership_id=seat.id, role_id=role_id)
        )
    db.session.flush()
    return {role_id for role_id in held if role_id in meant or role_id in wanted}
