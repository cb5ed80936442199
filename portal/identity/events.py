"""What happens to people's ways in. Ids and facts only; a token never stands in an event.

The mails that follow are written above, in `portal/accounts`, where a token is made
in the same transaction as the mail that carries it.
"""

from uuid import UUID

from portal.core.events.declare import Event, event


@event("person.link_asked", version=1)
class LinkAsked(Event):
    """Somebody asked for a mail with a link; `purpose` is one of `mail_tokens.PURPOSES`.

    `user_id` None: nobody has that account, and the same is done for nobody.
    """

    user_id: UUID | None
    purpose: str


@event("person.link_ordered", version=1)
class LinkOrdered(Event):
    """A link is to be sent to the mailbox of this row: an invitation, or the proof of a new address."""

    mail_link_id: UUID


@event("person.account_linked", version=1)
class AccountLinked(Event):
    """An access code was used for this person's address; its owner hears of it by mail, and of nothing before.

    `is_new`: the login was made with it. `membership_id`: the seat it gave, None for whoever had one there.
    """

    user_id: UUID
    membership_id: UUID | None
    is_new: bool


@event("person.password_changed", version=1)
class PasswordChanged(Event):
    """A person has another password, by a link (`by_link`) or in the settings."""

    user_id: UUID
    by_link: bool


@event("person.address_changed", version=1)
class AddressChanged(Event):
    """Mail goes to another address from now on; the former one is told."""

    user_id: UUID
    former: str


@event("person.mailbox_proven", version=1)
class MailboxProven(Event):
    """A person has shown that mail to their address reaches them."""

    user_id: UUID


@event("person.second_factor_reset", version=1)
class SecondFactorReset(Event):
    """An administrator took a person's second factor away, so that they can set up another."""

    user_id: UUID


@event("person.second_factor_changed", version=1)
class SecondFactorChanged(Event):
    """A person set up a second factor or removed one, or made new recovery codes: `what` is app, passkey or codes."""

    user_id: UUID
    what: str
    is_added: bool


@event("person.new_device", version=1)
class NewDeviceSeen(Event):
    """Somebody signed in from a browser that the account didn't know."""

    user_id: UUID
    session_id: UUID


@event("access.requested", version=1)
class AccessRequested(Event):
    """Somebody without an account asks for one."""

    request_id: UUID


@event("email_domain.check_ordered", version=1)
class DomainCheckOrdered(Event):
    """The name system is to be asked whether a mail domain is proven; `by_user_id` None: by the schedule."""

    domain_id: UUID
    by_user_id: UUID | None
