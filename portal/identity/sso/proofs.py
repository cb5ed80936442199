"""What pages say of a domain's proof: how it stands, what to publish, and what the last look found."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from flask_babel import LazyString, lazy_gettext

from portal.core import clock
from portal.identity.models import EmailDomain
from portal.identity.sso import domains

_FOUND: Final[dict[str, LazyString]] = {
    "": lazy_gettext("Nobody has looked yet."),
    "found": lazy_gettext("The record was found."),
    "other": lazy_gettext("The name is there, but none of its TXT records has this text. Was all of it copied?"),
    "no_name": lazy_gettext("There is no such name yet. A new record can take an hour until it is seen everywhere."),
    "timeout": lazy_gettext("No DNS server answered in time. Try again in some minutes."),
    "failed": lazy_gettext("The DNS servers report a fault of their own; the domain's may be out of order. Try later."),
}


@dataclass(frozen=True, slots=True)
class Proof:
    """A domain on a page. `record` is empty where none was made yet; `ends_at`: when a proof that is gone is lost."""

    domain: str
    name: str
    record: str
    is_proven: bool
    is_waiting: bool
    found: LazyString
    proven_at: dt.datetime | None
    checked_at: dt.datetime | None
    missing_since: dt.datetime | None
    ends_at: dt.datetime | None

    @property
    def wants_record(self) -> bool:
        """Whether somebody has to publish it, or publish it again."""
        return bool(self.record) and (not self.is_proven or self.missing_since is not None)


def proofs(wanted: Iterable[str]) -> list[Proof]:
    """How these domains stand, in their order, by one statement."""
    listed = [each for each in wanted if each]
    known = domains.kept(listed) if listed else {}
    return [_proof(each, known.get(each)) for each in listed]


def _proof(domain: str, row: EmailDomain | None) -> Proof:
    gone = row.missing_since if row is not None else None
    return Proof(
        domain=domain,
        name=domains.name_of(domain),
        record=row.record if row is not None else "",
        is_proven=row is not None and row.is_proven,
        is_waiting=row is not None and domains.is_waiting(row, clock.now()),
        found=_FOUND[row.outcome if row is not None else ""],
        proven_at=row.proven_at if row is not None else None,
        checked_at=row.checked_at if row is not None else None,
        missing_since=gone,
        ends_at=gone + domains.PATIENCE if gone is not None else None,
    )
