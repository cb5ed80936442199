"""Seats that an access code has made and that nobody has come in by: their contact may be handed another code.

Whoever types a code chooses the address. It may be a wrong one, or somebody else's who leaves the mail alone; the
contact would be without a way in for good.
"""

from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from portal.clients.models import Contact
from portal.core import audit
from portal.extensions import db
from portal.identity.models import (
    AccessCode,
    Denial,
    MailToken,
    Membership,
    MembershipRole,
    MembershipRoleSite,
    User,
)
from portal.identity.services import mail_tokens


class HasLogin(ValueError):
    """The contact can sign in already, or was invited."""


def may_have_code(contact: Contact, seat: Membership | None, user: User | None) -> bool:
    """Whether the contact may be handed an access code: without a seat, or with one that a code made for nobody."""
    if seat is None or user is None:
        return True
    return _is_unclaimed(seat, user) and _has_used_code(contact)


def give_up_seat(contact: Contact) -> None:
    """Take back what a code was used for; nothing where the contact has no seat. Raises HasLogin.

    Links and login are held first: whoever is coming in at this moment is waited for, and keeps the seat.
    """
    mine = select(Membership.id, Membership.user_id).where(Membership.contact_id == contact.id)
    found = db.session.execute(mine).one_or_none()
    if found is None:
        return
    if not _has_used_code(contact):
        raise HasLogin
    try:
        with db.session.begin_nested():
            _give_up(found.id, found.user_id)
    except IntegrityError:
        raise HasLogin from None  # something speaks of the seat: an access review


def _has_used_code(contact: Contact) -> bool:
    used = select(AccessCode.id).where(AccessCode.contact_id == contact.id, AccessCode.used_at.is_not(None))
    return db.session.execute(used.limit(1)).first() is not None


def _is_unclaimed(seat: Membership, user: User) -> bool:
    """Whether nobody has come in by this seat, and nobody may without proving a mailbox first."""
    return seat.last_used_at is None and (user.state == "pending" or not seat.is_active)


def _give_up(seat_id: UUID, user_id: UUID) -> None:
    held = {"populate_existing": True}
    db.session.execute(
        select(MailToken.id).where(MailToken.user_id == user_id).order_by(MailToken.id).with_for_update()
    ).all()
    person = db.session.execute(
        select(User).where(User.id == user_id).with_for_update(), execution_options=held
    ).scalar_one()
    seat = db.session.execute(
        select(Membership).where(Membership.id == seat_id).with_for_update(), execution_options=held
    ).scalar_one()
    accepted = select(MailToken.id).where(MailToken.membership_id == seat_id, MailToken.used_at.is_not(None))
    if not _is_unclaimed(seat, person) or db.session.execute(accepted.limit(1)).first() is not None:
        raise HasLogin
    mail_tokens.kill(user_id, ("invitation",), membership_id=seat_id)
    others = select(Membership.id).where(Membership.user_id == user_id, Membership.id != seat_id)
    if person.state == "pending" and db.session.execute(others.limit(1)).first() is None:
        mail_tokens.kill(user_id, ("verification",))
    audit.record("membership.deactivated", seat, shown=True, old={"active": seat.is_active}, new={"active": False})
    _forget(seat)


def _forget(seat: Membership) -> None:
    """Delete the seat with what hangs on it; the links that were sent stay as the person's own."""
    roles = select(MembershipRole.id).where(MembershipRole.membership_id == seat.id)
    for statement in (
        update(MailToken).where(MailToken.membership_id == seat.id).values(membership_id=None),
        delete(MembershipRoleSite).where(MembershipRoleSite.membership_role_id.in_(roles)),
        delete(MembershipRole).where(MembershipRole.membership_id == seat.id),
        delete(Denial).where(Denial.membership_id == seat.id),
    ):
        db.session.execute(statement, execution_options={"synchronize_session": False})
    db.session.delete(seat)
    db.session.flush()
