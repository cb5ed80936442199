"""Proves the audit trail of the scope's tenant: every link computed again by the database that made it."""

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
      FROM (SELECT a.*, lag(a.position, 1, 0::bigint) OVER chain AS position_before,
                   lag(a.digest, 1, '') OVER chain AS digest_before
              FROM audit_entries a WINDOW chain AS (ORDER BY a.position)) AS e
     WHERE e.position <> e.position_before + 1
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
           coalesce(last.position, 0) AS position, coalesce(last.digest, '') AS digest,
           coalesce(head.position, 0) AS head_position, coalesce(head.digest, '') AS head_digest
      FROM (SELECT 1) AS always
      LEFT JOIN (SELECT a.position, a.digest FROM audit_entries a ORDER BY a.position DESC LIMIT 1) AS last ON true
      LEFT JOIN audit_heads head ON true
""").execution_options(**{RAW: True})
_AT = text("SELECT digest FROM audit_entries WHERE position = :position").execution_options(**{RAW: True})
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
    rewritten that.
    """
    session.execute(_PATIENT)
    faults = [Fault(row.position, row.reason) for row in session.execute(_LINKS, {"most": MOST_FAULTS})]
    end = session.execute(_END).one()
    if (end.position, end.digest) != (end.head_position, end.head_digest):
        faults.append(Fault(end.position, f"the chain ends here, but its head says {end.head_position}"))
    if anchor is not None and session.execute(_AT, {"position": anchor[0]}).scalar() != anchor[1]:
        faults.append(Fault(anchor[0], "the entry is not the one that was written down"))
    return Verdict(end.entries, end.position, end.digest, tuple(faults))
