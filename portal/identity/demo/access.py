"""How far the demo's people may go, and who looks after that: an example of each thing.

The people that the README names stay as it says; everything here is about others.
"""

import json
import secrets
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from portal.clients.demo import Company
from portal.core.addresses import email_key
from portal.core.bulk import Load, instant, seeded_ids
from portal.core.crypto import seal
from portal.core.web.cookies import token_hash
from portal.identity.demo.people import DAY, Bounds, Cast, Roles, Seated
from portal.identity.services.mail_tokens import LIFE, TOKEN_BYTES
from portal.identity.sso.domains import PREFIX

MINUTE = 60_000
"""Milliseconds."""
BOARDS, GROUP = "Service desk only", "Elbe Partners"
IN_GROUP = ("Bright Dental", "Cedar Law")
REVIEW_DAYS, TIME_FOR_REVIEW, PROVEN_DAYS = 180, 14, 12
KEPT = ("dana@brightdental.example", "sam@brightdental.example", "fin@brightdental.example")
Facts = dict[str, str | int]
Whose = tuple[str, str | None]
"""A login, and the client it is about."""
ABROAD: Facts = {"address": "192.0.2.44", "country": "PT"}
"""Where somebody signed in from who was never there before."""


class Made(NamedTuple):
    """Ids of what the trail tells of. `people` are in the review, and `kept` maps mail addresses to decisions."""

    provider: str
    review: str
    people: int
    kept: dict[str, str]
    alert: str


class _Rows:
    """Rows of some tables, each with tenant and id, by chance of their own."""

    def __init__(self, load: Load, purpose: str, tables: dict[str, tuple[str, ...]]) -> None:
        self.load, self.make_id = load, seeded_ids(load.chance(purpose))
        self._add = {name: load.loader.table(name, "tenant_id", "id", *columns) for name, columns in tables.items()}

    def put(self, table: str, *values: str | int | bool | None, row_id: str | None = None) -> str:
        """Add a row; its id."""
        row_id = row_id or self.make_id(self.load.since)
        self._add[table]((self.load.tenant_id, row_id, *values))
        return row_id


def moment(load: Load, days: int, hour: int, minute: int = 0) -> int:
    """So many days before the demo ends, at this time of the day in UTC."""
    return (load.until // DAY - days) * DAY + (hour * 60 + minute) * MINUTE


def load_bounds(load: Load, board_id: str, companies: Iterable[Company]) -> Bounds:
    """Make what seats are held by, before the seats: a group of boards, and a group of clients."""
    rows = _Rows(load, "bounds", _BOUNDS)
    if load.slug != "harbor":
        return Bounds(None, None, None)
    boards = rows.put("board_groups", BOARDS)
    rows.put("board_group_boards", boards, board_id)
    group = rows.put("client_groups", GROUP)
    for company in companies:
        if company.name in IN_GROUP:
            rows.put("client_group_members", group, company.id)
    return Bounds(boards, group, rows.make_id(load.since))


def load_access(load: Load, cast: Cast, roles: Roles, bounds: Bounds) -> Made | None:
    """Cut the seats to size and fill the administrators' lists; None where there is little to tell of."""
    rows = _Rows(load, "access", _TABLES)
    for seat in cast.seats:
        if seat.cut.at_site:
            rows.put("membership_role_sites", seat.company.id, seat.role_id, seat.contact.site_id)
        for permission in seat.cut.denied:
            rows.put("denials", None, seat.id, permission)
    if load.slug == "summit":
        mirjam = cast.seat("mirjam@deltafoods.example")
        late = moment(load, 1, 21, 38)
        _alert(rows, "night", late, (cast.staff["admin"], mirjam.company.id), {"action": "role.limited"})
    if load.slug != "harbor":
        return None
    load.loader.connection.execute(
        "UPDATE access_settings SET takes_requests = true, review_days = %s WHERE tenant_id = %s",
        [REVIEW_DAYS, load.tenant_id],
    )
    at = instant(moment(load, 9, 9, 30))
    hanna = cast.seat("hanna@elbepartners.example")
    held = _Rows(load, "grants", {"group_grants": _BOUNDS["group_grants"]})
    held.put("group_grants", bounds.client_group_id, hanna.user_id, roles.client["finance"], hanna.cut.scope, at,
             row_id=bounds.grant_id)  # fmt: skip
    _invitation(rows, cast)
    _domains(rows, cast)
    _request(rows)
    return Made(_provider(rows), *_reviews(rows, cast), _alerts(rows, cast))


def _alerts(rows: _Rows, cast: Cast) -> str:
    """One that was looked at, whose id this is, and one that wasn't."""
    load, theo, kim = rows.load, cast.seat("theo@brightdental.example"), cast.seat("kim@ledgerworks.example")
    _alert(rows, "new_country", moment(load, 1, 19, 52), (kim.user_id, kim.company.id), ABROAD)
    seen = (instant(moment(load, 3, 7, 5)), cast.staff["admin"])
    tried: Facts = {"count": 20, "addresses": 6}
    return _alert(rows, "failures", moment(load, 4, 2, 17), (theo.user_id, None), tried, seen)


def _alert(
    rows: _Rows, kind: str, at: int, about: Whose, facts: Facts, seen: tuple[str | None, str | None] = (None, None)
) -> str:
    return rows.put("security_alerts", f"{kind}:{about[0]}:demo", kind, instant(at), *about, json.dumps(facts), *seen)


def _invitation(rows: _Rows, cast: Cast) -> None:
    """One that was left lying, and one of yesterday in its place. Their links were never mailed; nobody knows them."""
    jule, dana = cast.seat("jule@brightdental.example"), cast.seat("dana@brightdental.example")
    life, again = int(LIFE["invitation"].total_seconds()) * 1000, moment(rows.load, 1, 8, 20)
    for at, replaced in ((moment(rows.load, 6, 13, 5), instant(again)), (again, None)):
        hashed = token_hash(secrets.token_urlsafe(TOKEN_BYTES))
        rows.put("mail_tokens", jule.user_id, jule.company.id, jule.id, "invitation", jule.contact.email, hashed,
                 instant(at), instant(at + life), replaced, dana.user_id)  # fmt: skip


def _domains(rows: _Rows, cast: Cast) -> None:
    """Cedar Law has shown that its mail domain is its own; Bright Dental was asked to and hasn't yet."""
    load, chance = rows.load, rows.load.chance("domains")
    for domain, days, outcome in (("cedarlaw.example", PROVEN_DAYS, "found"), ("brightdental.example", 2, "no_name")):
        asked, is_proven = instant(moment(load, days, 10, 14)), outcome == "found"
        rows.put(
            "email_domains", domain, f"{PREFIX}{chance.randbytes(20).hex()}", outcome, asked, asked,
            instant(moment(load, 1, 0, 3)) if is_proven else asked, asked if is_proven else None,
            cast.staff["admin"] if is_proven else None, None,
        )  # fmt: skip


def _request(rows: _Rows) -> None:
    email, message = "marek.novak@brightdental.example", "I'm the new hygienist at the practice in Altona."
    at = instant(moment(rows.load, 1, 13, 11))
    rows.put("access_requests", "Marek Novák", email, email_key(email), "Bright Dental", message, "open", at)


def _reviews(rows: _Rows, cast: Cast) -> tuple[str, int, dict[str, str]]:
    """One at Bright Dental that is half done, told of here, and one at Cedar Law that is over."""
    load, dana, olivia = rows.load, cast.seat("dana@brightdental.example"), cast.seat("olivia@cedarlaw.example")
    begun, over = moment(load, 5, 6), moment(load, 33, 6)
    review = _review(rows, dana.company.id, begun, None)
    former = _review(rows, olivia.company.id, over, over + 2 * DAY)
    kept, people = dict[str, str](), 0
    for seat in (each for each in cast.seats if not each.cut.is_invited):
        if seat.company is olivia.company:
            _decision(rows, former, seat, over + DAY, by=olivia)
        elif seat.company is dana.company:
            is_kept = seat.contact.email in KEPT
            item = _decision(rows, review, seat, begun + DAY if is_kept else None, by=dana)
            kept |= {seat.contact.email: item} if is_kept else {}
            people += 1
    return review, people, kept


def _review(rows: _Rows, client_id: str, at: int, ended: int | None) -> str:
    due = instant(at + TIME_FOR_REVIEW * DAY)
    return rows.put("access_reviews", client_id, instant(at), due, None if ended is None else instant(ended))


def _decision(rows: _Rows, review: str, seat: Seated, at: int | None, *, by: Seated) -> str:
    decided = (None, None, None) if at is None else ("kept", instant(at), by.contact.id)
    return rows.put("access_review_items", seat.company.id, review, seat.id, *decided, None)


def _provider(rows: _Rows) -> str:
    """A single sign-on that is prepared and switched off, so that nobody is sent to a directory that isn't there."""
    load, row_id = rows.load, rows.make_id(rows.load.since)
    secret = seal("not a real secret", table="sso_providers", column="app_secret_sealed",
                  tenant_id=UUID(load.tenant_id), id=UUID(row_id))  # fmt: skip
    issuer = "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0"
    return rows.put(
        "sso_providers", "microsoft", "Microsoft", "entra", "msp", issuer, "66666666-7777-4888-8999-aaaaaaaaaaaa",
        secret, "groups", "{harbor.example}", "f", "f", "f", instant(moment(load, 15, 10, 5)), row_id=row_id,
    )  # fmt: skip


_BOUNDS = {
    "client_groups": ("name",),
    "client_group_members": ("group_id", "client_id"),
    "group_grants": ("group_id", "user_id", "role_id", "ticket_scope", "created_at"),
    "board_groups": ("name",),
    "board_group_boards": ("board_group_id", "board_id"),
}
"""In the order in which they point at each other; memberships point at some of them."""
_TABLES = {
    "membership_role_sites": ("client_id", "membership_role_id", "site_id"),
    "denials": ("client_id", "membership_id", "permission"),
    "mail_tokens": (
        "user_id", "client_id", "membership_id", "purpose", "email", "token_hash", "created_at", "expires_at",
        "revoked_at", "by_user_id",
    ),
    "access_requests": ("name", "email", "email_key", "company", "message", "state", "created_at"),
    "access_reviews": ("client_id", "started_at", "due_at", "finished_at"),
    "access_review_items": (
        "client_id", "review_id", "membership_id", "decision", "decided_at", "by_contact_id", "by_user_id",
    ),
    "security_alerts": ("key", "kind", "at", "user_id", "client_id", "facts", "seen_at", "seen_by_user_id"),
    "email_domains": (
        "domain", "record", "outcome", "created_at", "asked_at", "checked_at", "proven_at", "proven_by_user_id",
        "missing_since",
    ),
    "sso_providers": (
        "slug", "name", "kind", "side", "issuer", "app_id", "app_secret_sealed", "group_claim", "domains",
        "creates_users", "is_required", "is_active", "created_at",
    ),
}  # fmt: skip
