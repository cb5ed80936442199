"""What mails about tickets say: facts, loaded under the scope of the one who reads them."""

from typing import Any
from uuid import UUID

from flask_babel import gettext

from portal.core import text
from portal.core.tenancy.scope import viewer
from portal.core.web.links import link
from portal.extensions import db
from portal.notifications.letters import Facts, letter
from portal.tickets import mail_queries, policy, queries
from portal.tickets.reading import face_of

LONGEST = 20_000
"""Characters of a comment that a mail carries; mail programs cut at about 100 kB, and the portal has the whole."""


@letter("ticket_opened")
def ticket_opened(*, ticket_id: UUID, comment_id: UUID) -> Facts | None:
    """To the person whose ticket it is: we have it."""
    return _with_comment(ticket_id, comment_id)


@letter("ticket_arrived")
def ticket_arrived(*, ticket_id: UUID, comment_id: UUID) -> Facts | None:
    """To those of the staff who give tickets out: there is a new one."""
    return _with_comment(ticket_id, comment_id)


@letter("ticket_commented")
def ticket_commented(*, ticket_id: UUID, comment_id: UUID) -> Facts | None:
    """To whoever takes part: somebody wrote."""
    return _with_comment(ticket_id, comment_id)


@letter("ticket_noted")
def ticket_noted(*, ticket_id: UUID, comment_id: UUID) -> Facts | None:
    """To the colleague who is on it: somebody left an internal note."""
    return _with_comment(ticket_id, comment_id, visibility="internal") if viewer.is_staff else None


@letter("ticket_resolved")
def ticket_resolved(*, ticket_id: UUID) -> Facts | None:
    """To whoever takes part: it is solved, and what to do if it isn't."""
    ticket = _ticket(ticket_id)
    return None if ticket is None else {"ticket": ticket, "url": _url(ticket)}


@letter("ticket_named")
def ticket_named(*, ticket_id: UUID) -> Facts | None:
    """To a contact whom the staff named: they take part in it; nothing once they don't any more."""
    ticket = _ticket(ticket_id)
    part = db.session.execute(mail_queries.part_in(ticket_id, viewer.contact_id)).scalar_one_or_none()
    if ticket is None or part is None:
        return None
    return {"ticket": ticket, "url": _url(ticket), "is_affected": part == "affected"}


def _ticket(ticket_id: UUID) -> Any:
    if not policy.may(viewer, "see"):
        return None
    return db.session.execute(mail_queries.told_ticket(viewer, ticket_id)).one_or_none()


def _url(ticket: Any) -> str:
    return link(f"{face_of(viewer)}.show", number=ticket.number)


def _with_comment(ticket_id: UUID, comment_id: UUID, visibility: str = "public") -> Facts | None:
    ticket = _ticket(ticket_id)
    if ticket is None:
        return None
    comment = db.session.execute(mail_queries.told_comment(ticket_id, comment_id, visibility)).one_or_none()
    if comment is None:
        return None
    body = comment.body[:LONGEST]
    is_sealed = viewer.is_staff and ticket.is_private and not policy.is_given(viewer, ticket)
    if is_sealed:  # read in the console, where the trail tells of it
        body = gettext("This ticket is private. Open it to read what is written: the client sees who did.")
    return {
        "ticket": ticket,
        "url": _url(ticket),
        "author": comment.author,
        "by_staff": comment.author_user_id is not None,
        "by_reader": comment.author_contact_id is not None and comment.author_contact_id == viewer.contact_id,
        "plain": text.plain(body),
        "prose": text.to_html(body),
        "is_cut": not is_sealed and len(comment.body) > LONGEST,
        "files": []
        if is_sealed
        else [file.name for file in db.session.execute(queries.files(ticket_id, [comment_id]))],
    }
