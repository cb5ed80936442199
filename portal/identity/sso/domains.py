"""Which mail domains are proven: the record that shows it, the look for it, and what follows.

A tenant may say that a domain is a client's or its own. Before a company sign-in makes accounts for people of
that domain, whoever owns it publishes a TXT record with a text that only this tenant was given. What one tenant
has proven is nothing to another. A proof that is gone from the name system for a week is lost;
the tenant's administrators hear of it when it is first missed, and when it is lost (`portal/trail`).
"""

import datetime as dt
import secrets
from collections.abc import Collection, Iterable
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from portal.clients.models import Client
from portal.core import audit, clock, names
from portal.core.events.outbox import publish
from portal.core.tenancy.scope import current_scope
from portal.extensions import db
from portal.identity.events import DomainCheckOrdered
from portal.identity.models import EmailDomain, SsoProvider

LABEL: Final = "_portal-proof"
PREFIX: Final = "portal-proof="
PATIENCE: Final = dt.timedelta(days=7)
"""So long a proven record may be gone: a moved zone or a slip of the hand costs nobody the way in."""
WAITING: Final = dt.timedelta(minutes=2)
"""After this a look that was asked for is taken to be late, and may be asked for again."""
_ABSENT: Final = frozenset({"other", "no_name"})
"""Answers that say that the record isn't there. Silence and faults of servers say nothing."""


def name_of(domain: str) -> str:
    """The name of the TXT record that proves a domain."""
    return f"{LABEL}.{domain}"


def kept(domains: Collection[str]) -> dict[str, EmailDomain]:
    """What is known of these domains, by domain."""
    found = db.session.execute(select(EmailDomain).where(EmailDomain.domain.in_(domains))).scalars()
    return {each.domain: each for each in found}


def ensure(domain: str) -> EmailDomain:
    """The row of a domain, made where there is none: also by one of two requests at once."""
    mine = select(EmailDomain).where(EmailDomain.domain == domain)
    known = db.session.execute(mine).scalar_one_or_none()
    if known is None:
        try:
            with db.session.begin_nested():
                record = f"{PREFIX}{secrets.token_hex(20)}"
                db.session.add(EmailDomain(domain=domain, record=record, created_at=clock.now()))
        except IntegrityError:
            pass
    row: EmailDomain = known or db.session.execute(mine).scalar_one()
    return row


def forget(domains: Iterable[str]) -> None:
    """Drop what was proven of domains that are somebody else's from now on, or nobody's."""
    gone = sorted(set(domains) - {""})
    if gone:
        db.session.execute(delete(EmailDomain).where(EmailDomain.domain.in_(gone)))


def forget_unused(domains: Iterable[str]) -> None:
    """The same, for those of them that neither a client nor a provider has any more."""
    gone = set(domains)
    if not gone:
        return
    of_clients = select(Client.email_domain).where(Client.email_domain.in_(gone))
    of_providers = select(func.unnest(SsoProvider.domains))
    used = set(db.session.execute(of_clients).scalars()) | set(db.session.execute(of_providers).scalars())
    forget(gone - used)


def order_check(domain: str) -> EmailDomain:
    """Have a job look whether the domain's record is published; a second order while one is under way is none."""
    row, now = ensure(domain), clock.now()
    if not is_waiting(row, now):
        row.asked_at = now
        publish(DomainCheckOrdered(domain_id=row.id, by_user_id=current_scope().actor_id))
    return row


def is_waiting(row: EmailDomain, now: dt.datetime) -> bool:
    """Whether somebody asked for a look that hasn't come yet and isn't overdue."""
    if row.asked_at is None or now - row.asked_at > WAITING:
        return False
    return row.checked_at is None or row.checked_at < row.asked_at


def is_proven(domain: str) -> bool:
    """Whether the owner of the domain has shown that it is theirs, to this tenant."""
    mine = select(EmailDomain.id).where(EmailDomain.domain == domain, EmailDomain.proven_at.is_not(None))
    return db.session.execute(mine).first() is not None


def all_proven() -> list[UUID]:
    """The proven domains of the scope's tenant."""
    mine = select(EmailDomain.id).where(EmailDomain.proven_at.is_not(None)).order_by(EmailDomain.id)
    return list(db.session.execute(mine).scalars())


def look(domain_id: UUID, *, by: UUID | None) -> None:
    """Look whether the record is published, and write down what follows. `by`: who asked, None for the schedule.

    The name system is asked before the row is held, and what it said counts for the text it was asked for alone.
    """
    row = db.session.get(EmailDomain, (current_scope().tenant_id, domain_id))
    if row is None:
        return
    asked = row.record
    outcome = names.look_for(name_of(row.domain), asked)
    held = select(EmailDomain).where(EmailDomain.id == domain_id, EmailDomain.record == asked).with_for_update()
    row = db.session.execute(held, execution_options={"populate_existing": True}).scalar_one_or_none()
    if row is not None:
        _take(row, outcome, by)


def _take(row: EmailDomain, outcome: names.Outcome, by: UUID | None) -> None:
    now = clock.now()
    row.outcome, row.checked_at = outcome, now
    if outcome == "found":
        row.missing_since = None
        if row.proven_at is None:
            row.proven_at, row.proven_by_user_id = now, by
            _note("domain.proven", row, by)
    elif outcome in _ABSENT and row.proven_at is not None:
        if row.missing_since is None:
            row.missing_since = now
            _note("domain.missing", row, None)
        if now - row.missing_since >= PATIENCE:
            row.proven_at = row.proven_by_user_id = row.missing_since = None
            _note("domain.lost", row, None)
    db.session.flush()


def _note(act: str, row: EmailDomain, by: UUID | None) -> None:
    """Tell the trail; the client whose domain it is may read of it."""
    whose = select(Client.id).where(Client.email_domain == row.domain).limit(1)
    client_id = db.session.execute(whose).scalar_one_or_none()
    audit.record(
        act, row, client_id=client_id, shown=client_id is not None,
        email_domain=row.domain, user=str(by) if by is not None else None,
    )  # fmt: skip
