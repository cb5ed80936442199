"""Things for tests, made by plain functions with names one remembers.

Each works in the scope in force and flushes, so that foreign keys speak up where
the mistake was made.
"""

import datetime as dt
import itertools
import uuid
from typing import Any

from sqlalchemy import select

from portal.clients.models import Client, Contact, Site
from portal.core import clock
from portal.extensions import db
from portal.identity.models import Membership, MembershipRole, Role, StaffProfile, StaffRole, User
from portal.tickets.models import Attachment, Board, Comment, Priority, Status, Ticket, TicketPerson

_numbers = itertools.count(5001)


def put(row: Any) -> Any:
    """Add a row and flush."""
    db.session.add(row)
    db.session.flush()
    return row


def a_client(name: str = "Acme", **more: Any) -> Client:
    return put(Client(name=name, number=more.pop("number", None) or next(_numbers), created_at=clock.now(), **more))


def a_site(client_id: uuid.UUID, name: str = "Main office", **more: Any) -> Site:
    return put(Site(client_id=client_id, name=name, **more))


def a_contact(client_id: uuid.UUID, name: str = "Ana Contact", email: str = "", **more: Any) -> Contact:
    key = email.casefold()
    return put(Contact(client_id=client_id, name=name, email=email, email_key=key, created_at=clock.now(), **more))


def a_user(email: str, kind: str = "client", **more: Any) -> User:
    name = more.pop("name", email.split("@", maxsplit=1)[0].title())
    return put(User(kind=kind, email=email, email_key=email.casefold(), name=name, created_at=clock.now(), **more))


def role(side: str, name: str) -> Role:
    return db.session.execute(select(Role).where(Role.side == side, Role.name == name)).scalar_one()


def a_member(user: User, contact: Contact, role_name: str = "User", **more: Any) -> Membership:
    """A membership with its role."""
    membership = put(
        Membership(user_id=user.id, client_id=contact.client_id, contact_id=contact.id, created_at=clock.now(), **more)
    )
    put(
        MembershipRole(
            client_id=membership.client_id, user_id=user.id, membership_id=membership.id,
            role_id=role("client", role_name).id,
        )
    )  # fmt: skip
    return membership


def a_colleague(user: User, role_name: str = "Technician") -> StaffProfile:
    """A member of the staff: profile and role."""
    put(StaffRole(user_id=user.id, role_id=role("internal", role_name).id))
    return put(StaffProfile(user_id=user.id, display_name=user.name))


def status(category: str = "new") -> Status:
    return db.session.execute(select(Status).where(Status.category == category).limit(1)).scalar_one()


def a_ticket(requester: Contact, subject: str = "Printer is on fire", **more: Any) -> Ticket:
    """A ticket with its opening comment, as its requester opened it."""
    at = more.pop("at", None) or clock.now()
    body = more.pop("body", "It smells.")
    state = status(more.pop("category", "new"))
    board = db.session.execute(select(Board).where(Board.is_default)).scalar_one()
    priority = db.session.execute(select(Priority).where(Priority.is_default)).scalar_one()
    defaults = {
        "client_id": requester.client_id, "number": next(_numbers), "subject": subject, "board_id": board.id,
        "status_id": state.id, "priority_id": priority.id, "requester_contact_id": requester.id,
        "opened_by_contact_id": requester.id, "phase": "with_us", "turn": "us", "version": 0, "public_version": 0,
        "opened_at": at, "updated_at": at, "touched_at": at,
    }  # fmt: skip
    ticket = put(Ticket(**(defaults | more)))
    a_person_on(ticket, requester, "requester")
    a_comment(ticket, body, author=requester, at=at)
    return ticket


def a_person_on(ticket: Ticket, contact: Contact, part: str = "follower") -> TicketPerson:
    return put(
        TicketPerson(
            client_id=ticket.client_id, ticket_id=ticket.id, contact_id=contact.id, part=part, created_at=clock.now()
        )
    )


def a_comment(
    ticket: Ticket, body: str, *, author: Contact | User, at: dt.datetime | None = None, **more: Any
) -> Comment:
    """A comment by a contact (public) or by a user of the staff."""
    who = {"author_contact_id": author.id} if isinstance(author, Contact) else {"author_user_id": author.id}
    is_public = more.get("visibility", "public") == "public"
    ticket.version += 1
    ticket.public_version += is_public
    return put(
        Comment(
            client_id=ticket.client_id, ticket_id=ticket.id, body=body, created_at=at or clock.now(),
            version=ticket.version, public_version=ticket.public_version if is_public else None, **who, **more,
        )
    )  # fmt: skip


def a_note(ticket: Ticket, body: str, *, author: User, **more: Any) -> Comment:
    return a_comment(ticket, body, author=author, visibility="internal", **more)


def an_attachment(comment: Comment, name: str = "photo.png", **more: Any) -> Attachment:
    """A file of a comment, ready, whose bytes nobody stored."""
    defaults = {
        "content_type": "image/png", "size": 100, "blob_key": "0" * 64, "state": "ready", "created_at": clock.now(),
    }  # fmt: skip
    return put(
        Attachment(
            client_id=comment.client_id, ticket_id=comment.ticket_id, comment_id=comment.id,
            visibility=comment.visibility, name=name, **(defaults | more),
        )
    )  # fmt: skip
