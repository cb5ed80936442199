"""Proves the audit trail of the scope's tenant: every link computed again by the database that made it."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.core.tenancy.filter import RAW

MOST_FAULTS = 20
"""A chain that was cut shows it at the first link; more lines than these help nobody."""

_LINKS = text("""
    SELECT e.position, CASE
               WHEN e.position <> e.position_before + 1 THEN
                   'follows ' || e.position_before || ': entries between them are missing'
               WHEN e.digest <> door.audit_digest(e.digest_before, e.position, e.facts) THEN
                   'its facts or the link before it were changed'
               ELSE 'its columns say something else than its facts' END AS reason
      FROM (SELECT a.*,
                   coalesce(lag(a.position) OVER chain, (SELECT h.trimmed_position FROM audit_heads h), 0)
                       AS position_before,
                   coalesce(lag(a.digest) OVER chain, (SELECT h.trimmed_digest FROM audit_heads h), '')
                       AS digest_before
              FROM audit_entries a WINDOW chain AS (ORDER BY a.position)) AS e
     WHERE e.position <> e.position_before + 1
        OR e.visibility <> coalesce(e.facts ->> 'visibility', 'internal')
        OR e.digest <> door.audit_digest(e.digest_before, e.position, e.facts)
        OR (e.id::text, e.action, e.object_kind) IS DISTINCT FROM
           (e.facts ->> 'id', e.facts ->> 'action', e.facts ->> 'object_kind')
        OR e.at IS DISTINCT FROM (e.facts ->> 'at')::timestamptz
        OR (e.object_id, e.client_id, e.user_id) IS DISTINCT FROM
           ((e.facts ->> 'object_id')::uuid, (e.facts ->> 'client_id')::uuid, (e.facts ->> 'user_id')::uuid)
     ORDER BY e.position LIMIT :most
""").execution_options(**{RAW: True})
_END = text("""
    SELECT (SELECT count(*) FROM audit_entries) AS entries,
           coalesce(last.position, head.trimmed_position, 0) AS position,
           coalesce(last.digest, head.trimmed_digest, '') AS digest,
           coalesce(head.position, 0) AS head_position, coalesce(head.digest, '') AS head_digest,
           coalesce(head.trimmed_position, 0) AS trimmed_position
      FROM (SELECT 1) AS always
      LEFT JOIN (SELECT a.position, a.digest FROM audit_entries a ORDER BY a.position DESC LIMIT 1) AS last ON true
      LEFT JOIN audit_heads head ON true
""").execution_options(**{RAW: True})
_AT = text("""
    SELECT digest FROM audit_entries WHERE position = :position
    UNION ALL SELECT trimmed_digest FROM audit_heads WHERE trimmed_position = :position
""").execution_options(**{RAW: True})
_TRIM = text("SELECT door.audit_trim(:before, :most)").execution_options(**{RAW: True})
_PATIENT = text("SELECT set_config('statement_timeout', '0', true)").execution_options(**{RAW: True})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and at which entry."""

    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at a whole chain found; without faults nothing in it was changed, removed or added."""

    entries: int
    position: int
    digest: str
    faults: tuple[Fault, ...]


def verify(session: Session, *, anchor: tuple[int, str] | None = None) -> Verdict:
    """Compute the chain of the scope's tenant again.

    `anchor` is a position and digest that somebody wrote down earlier and
    elsewhere: whoever could rewrite the whole chain, head included, can't have
    rewritten that. What was taken off the old end (`trim`) left its last digest at
    the head, and the chain begins there.
    """
    session.execute(_PATIENT)
    faults = [Fault(row.position, row.reason) for row in session.execute(_LINKS, {"most": MOST_FAULTS})]
    end = session.execute(_END).one()
    if (end.position, end.digest) != (end.head_position, end.head_digest):
        faults.append(Fault(end.position, f"the chain ends here, but its head says {end.head_position}"))
    if anchor is not None and anchor[0] < end.trimmed_position:
        faults.append(Fault(anchor[0], "the entry is older than what is kept: give one that was written down later"))
    elif anchor is not None and session.execute(_AT, {"position": anchor[0]}).scalar() != anchor[1]:
        faults.append(Fault(anchor[0], "the entry is not the one that was written down"))
    return Verdict(end.entries, end.position, end.digest, tuple(faults))


def trim(session: Session, before: dt.datetime, *, most: int) -> int:
    """Take the oldest entries of the scope's tenant off its chain, at most so many; how many went.

    Only those before `before`, and none that an entry which stays comes after. The
    door refuses (InsufficientPrivilege) whatever is younger than the tenant's own
    retention or than twelve months.
    """
    removed: int = session.execute(_TRIM, {"before": before, "most": most}).scalar_one()
    return removed
