"""`/admin/roles/simulator`: what somebody can do and see, and why."""

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext

from portal.access import queries, wording
from portal.access.blueprint import bp, places
from portal.access.subjects import Subject, colleague, member
from portal.core.policy import allow
from portal.core.tenancy.scope import viewer
from portal.core.web import answer
from portal.extensions import db
from portal.identity.permission_words import WORDS, grouped
from portal.identity.permissions import permissions_for
from portal.tickets.shipped import named

LONGEST_WISH = 100
LARGEST = 999_999_999


@bp.get("/admin/roles/simulator")
@allow("staff", "role:read")
def simulator() -> Response:
    """Choose a person, and a ticket or permission; it changes nothing."""
    wanted = request.args.get("q", "").strip()[:LONGEST_WISH].replace("\x00", "")
    subject = _subject(request.args.get("person", ""))
    found = db.session.execute(queries.somebody(viewer, wanted)).all() if wanted and subject is None else []
    number = request.args.get("ticket", "").strip().lstrip("#")
    return answer.page(
        "access/simulator.html",
        title=gettext("Why?"),
        places=places("simulator"),
        wanted=wanted,
        found=[(each, url_for(".simulator", person=f"{each.kind}:{each.id}")) for each in found],
        person=request.args.get("person", ""),
        subject=subject,
        number=number,
        ticket=_about_ticket(subject, number) if subject and number else None,
        groups=_about_permissions(subject, request.args.get("permission", "")) if subject else [],
        choices=grouped(permissions_for(subject.side)) if subject else [],
        permission=request.args.get("permission", ""),
        words=WORDS,
    )


def _subject(word: str) -> Subject | None:
    kind, _, name = word.partition(":")
    try:
        found = UUID(name)
    except ValueError:
        return None
    return {"staff": colleague, "client": member}.get(kind, lambda _viewer, _id: None)(viewer, found)


def _about_permissions(subject: Subject, only: str) -> list[tuple[Any, list[tuple[str, bool, str]]]]:
    """Under each heading: permission, whether it is held, and why."""
    found = []
    for heading, some in grouped(permissions_for(subject.side)):
        answers = [subject.permission(each) for each in some if only in {"", each}]
        if answers:
            found.append((heading, [(each.permission, each.allowed, wording.why_permission(each)) for each in answers]))
    return found


def _about_ticket(subject: Subject, word: str) -> dict[str, Any] | None:
    """The verdict on a ticket, told; None where the asker sees no such ticket."""
    if not (word.isascii() and word.isdigit()) or int(word) > LARGEST:
        return None
    row = db.session.execute(queries.parts_of(viewer, subject.scope, int(word))).one_or_none()
    if row is None:
        return None
    verdict = subject.ticket(row)
    facts = wording.Facts(
        **subject.facts,
        number=row.Ticket.number,
        of=row.of,
        asker=row.asker,
        board=named(row.board),
        site=row.site or "",
        reads=subject.permission("ticket:read"),
    )
    headings = wording.headings()
    return {
        "number": row.Ticket.number,
        "subject": row.Ticket.subject,
        "sees": verdict.sees,
        "because": wording.why_step(verdict.decided_by, facts),
        "steps": [(headings[step.rule], step.passes, wording.why_step(step, facts)) for step in verdict.told],
    }
