"""What follows when something happens to somebody's account: the mail, and in it the link, made together."""

from typing import TYPE_CHECKING, Final, cast
from uuid import UUID

from sqlalchemy import select

from portal.accounts import letters
from portal.core.events.declare import handles
from portal.extensions import db
from portal.identity.events import (
    AccessRequested,
    AccountLinked,
    AddressChanged,
    LinkAsked,
    LinkOrdered,
    NewDeviceSeen,
    PasswordChanged,
    SecondFactorChanged,
    SecondFactorReset,
)
from portal.identity.models import MailToken, Membership, User
from portal.identity.services import mail_tokens, mailboxes, recovering
from portal.notifications import readers
from portal.notifications.services import notify

if TYPE_CHECKING:
    from portal.identity.services.mail_tokens import Purpose

__all__ = ["letters"]

LETTERS: Final[dict[str, str]] = {
    "password_reset": "password_reset",
    "sign_in": "sign_in_link",
    "unlocking": "unlocking",
    "verification": "verification",
    "invitation": "invitation",
}


@handles(LinkAsked, queue="urgent", seconds=30)
def send_asked_link(event: LinkAsked) -> None:
    """Make the link and write it to the stored address. For nobody, or where it is of no use, nothing is written."""
    purpose = cast("Purpose", event.purpose)
    user = _user(event.user_id)
    if user is None or not recovering.may_have_link(user, purpose):
        return
    token = mail_tokens.issue(user, purpose, email=user.email)
    notify(readers.oneself(user), LETTERS[purpose], key=event.id, token=token)


@handles(LinkOrdered, queue="urgent", seconds=30)
def send_ordered_link(event: LinkOrdered) -> None:
    """Give the ordered row its token and write the mail; one that died meanwhile stays dead.

    An invitation goes to the address as the login has it, whatever spelling it was sent to.
    """
    row = db.session.execute(
        select(MailToken).where(MailToken.id == event.mail_link_id).with_for_update()
    ).scalar_one_or_none()
    user = _user(row.user_id) if row is not None else None
    if row is None or user is None or row.used_at is not None or row.revoked_at is not None:
        return
    if row.purpose == "invitation":
        row.email = user.email
    token = mail_tokens.mint(row)
    notify(readers.oneself(user, email=row.email), LETTERS[row.purpose], key=event.id, token=token)


@handles(AccountLinked, queue="urgent", seconds=30)
def tell_of_linking(event: AccountLinked) -> None:
    """A newcomer proves the mailbox; whoever had a login takes the seat like an invitation, or hears that it is there.

    The page that the code was typed into has said the same to all.
    """
    user = _user(event.user_id)
    if user is None or mailboxes.is_shut(user):
        return
    reader = readers.oneself(user)
    if event.is_new:
        token = mail_tokens.issue(user, "verification", email=user.email)
        notify(reader, LETTERS["verification"], key=event.id, token=token)
        return
    seat = db.session.execute(select(Membership).where(Membership.id == event.membership_id)).scalar_one_or_none()
    if seat is None:
        notify(reader, "account_there", key=event.id)
        return
    token = mail_tokens.issue(user, "invitation", email=user.email, client_id=seat.client_id, membership_id=seat.id)
    notify(reader, LETTERS["invitation"], key=event.id, token=token)


@handles(PasswordChanged, queue="urgent", seconds=30)
def tell_of_password(event: PasswordChanged) -> None:
    """Tell the person, who may not have done it."""
    _tell(event.user_id, "password_changed", event.id)


@handles(AddressChanged, queue="urgent", seconds=30)
def tell_former_address(event: AddressChanged) -> None:
    """Tell the address that no longer counts."""
    user = _user(event.user_id)
    if user is not None:
        notify(readers.oneself(user, email=event.former), "address_changed", key=event.id, email=user.email)


@handles(SecondFactorReset, queue="urgent", seconds=30)
def tell_of_second_factor(event: SecondFactorReset) -> None:
    """Tell the person whose second factor an administrator took."""
    _tell(event.user_id, "second_factor_reset", event.id)


@handles(SecondFactorChanged, queue="urgent", seconds=30)
def tell_of_changed_factor(event: SecondFactorChanged) -> None:
    """Tell the person, who may not have done it."""
    user = _user(event.user_id)
    if user is not None:
        notify(readers.oneself(user), "second_factor_changed", key=event.id, what=event.what, is_added=event.is_added)


@handles(NewDeviceSeen, seconds=30)
def tell_of_new_device(event: NewDeviceSeen) -> None:
    """Tell the person that the account is used in another browser."""
    user = _user(event.user_id)
    if user is not None:
        notify(readers.oneself(user), "new_device", key=event.id, session_id=event.session_id)


@handles(AccessRequested, seconds=60)
def tell_of_request(event: AccessRequested) -> None:
    """Tell those of the staff who decide."""
    for reader in readers.colleagues_who_may("access:update"):
        notify(reader, "access_requested", key=event.id, request_id=event.request_id)


def _tell(user_id: UUID, template: str, key: UUID) -> None:
    user = _user(user_id)
    if user is not None:
        notify(readers.oneself(user), template, key=key)


def _user(user_id: UUID | None) -> User | None:
    found: User | None = db.session.execute(select(User).where(User.id == user_id)).scalar_one_or_none()
    return found
