"""Looks through the last of the trail for what is unusual, and writes each thing down once."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import ColumnElement, Select, func, select

from portal.core.audit import AuditEntry
from portal.core.ids import new_id
from portal.core.tenancy.scope import current_scope
from portal.extensions import db
from portal.identity.models import AccessSettings, SecurityAlert, User
from portal.identity.services import account_states
from portal.identity.settings_of_access import access_settings
from portal.tenants import queries as tenants
from portal.trail import rules, wording
from portal.trail.rules import Finding, Seen

_log = structlog.get_logger("portal.security")

SIGNED_IN: Final = "sign_in.succeeded"
FAILED: Final = ("sign_in.failed",)
"""A wrong password, code or passkey: the entry says which."""
DOMAINS: Final = ("domain.missing", "domain.lost")
TRAVEL: Final = "travel"
WINDOW: Final = rules.HOUR * 2
"""Longer than the duty's period by far, so that one that comes late has missed nothing."""
MEMORY: Final = dt.timedelta(days=400)
"""How far back a person's countries and devices are looked for."""
MOST: Final = 20_000
"""Entries of one kind that are looked at in one run; more is an attack that the first ones tell of already."""


def look(at: dt.datetime) -> list[SecurityAlert]:
    """What is unusual in the scope's tenant and was not told before, written down; newest work first in the log."""
    settings = access_settings()
    zone = ZoneInfo(db.session.execute(tenants.tenant(current_scope().tenant_id)).scalar_one().time_zone)
    found = [*_of_sign_ins(at, settings, zone), *_of_acts(at, settings, zone)]
    return [_write(finding) for finding in _untold(found)]


def lock_travellers(alerts: Iterable[SecurityAlert]) -> None:
    """Lock who travels too fast, where the tenant wants that; proof of the mailbox opens the account again."""
    travellers = {each.user_id for each in alerts if each.kind == TRAVEL}
    if not travellers or not access_settings().locks_travellers:
        return
    active = select(User).where(User.id.in_(travellers), User.state == "active").order_by(User.id)
    for user in db.session.scalars(active).all():
        account_states.set_state(user, "locked", "risk")


def _of_sign_ins(at: dt.datetime, settings: AccessSettings, zone: ZoneInfo) -> Iterable[Finding]:
    travel, devices = settings.alert_travel_hours * rules.HOUR, settings.alert_devices
    lately = _seen((SIGNED_IN,), since=at - max(WINDOW + travel, rules.DAY if devices > 1 else WINDOW))
    signed_in = [each for each in lately if each.at >= at - WINDOW]
    people = frozenset(each.user_id for each in lately if each.user_id)
    before = _countries_before(people, since=at - MEMORY, until=at - WINDOW) if people else {}
    yield from rules.many_failures(_seen(FAILED, since=at - WINDOW), most=settings.alert_failures)
    yield from rules.new_devices(lately if devices > 1 else signed_in, known=before, most=devices, zone=zone)
    if settings.alert_countries:
        yield from rules.new_countries(signed_in, former=before)
    yield from rules.impossible_travel(lately, within=travel)


def _of_acts(at: dt.datetime, settings: AccessSettings, zone: ZoneInfo) -> Iterable[Finding]:
    exported = _seen(wording.EXPORTS, since=at - rules.DAY)
    yield from rules.mass_exports(exported, most=settings.alert_exports, zone=zone)
    yield from rules.shaky_domains(_seen(DOMAINS, since=at - WINDOW))
    changed = _seen(wording.RIGHTS_CHANGES, since=at - WINDOW)
    yield from rules.at_night(changed, begins=settings.night_from, ends=settings.night_to, zone=zone)


def _fact(name: str) -> ColumnElement[Any]:
    found: ColumnElement[Any] = AuditEntry.facts["facts"][name].astext
    return found


def _seen(actions: Sequence[str], *, since: dt.datetime) -> list[Seen]:
    statement = (
        select(
            AuditEntry.id, AuditEntry.action, AuditEntry.at, AuditEntry.user_id, AuditEntry.client_id,
            AuditEntry.object_id, _fact("account").label("mark"), _fact("address").label("address"),
            _fact("country").label("country"), _fact("new_device").label("new_device"),
            _fact("email_domain").label("domain"),
        )
        .where(AuditEntry.action.in_(actions), AuditEntry.at >= since)
        .order_by(AuditEntry.at.desc())
        .limit(MOST)
    )  # fmt: skip
    return [
        Seen(
            row.id, row.action, row.at, row.user_id, row.client_id, row.object_id,
            row.mark or "", row.address or "", row.country or "", row.new_device in {"1", "true"}, row.domain or "",
        )
        for row in db.session.execute(statement)
    ]  # fmt: skip


def _countries_before(people: frozenset[UUID], *, since: dt.datetime, until: dt.datetime) -> dict[UUID, frozenset[str]]:
    """Everybody of these who had signed in before, each with the countries it was from (maybe none known)."""
    statement: Select[Any, Any] = (
        select(AuditEntry.user_id, func.array_agg(func.distinct(func.coalesce(_fact("country"), ""))))
        .where(
            AuditEntry.user_id.in_(people), AuditEntry.action == SIGNED_IN,
            AuditEntry.at >= since, AuditEntry.at < until,
        )
        .group_by(AuditEntry.user_id)
    )  # fmt: skip
    return {user_id: frozenset(countries) - {""} for user_id, countries in db.session.execute(statement)}


def _untold(found: Sequence[Finding]) -> list[Finding]:
    """Those whose key is new, each key once."""
    if not found:
        return []
    by_key = {finding.key: finding for finding in found}
    told = db.session.execute(select(SecurityAlert.key).where(SecurityAlert.key.in_(by_key))).scalars()
    for key in told:
        by_key.pop(key, None)
    return list(by_key.values())


def _write(finding: Finding) -> SecurityAlert:
    alert = SecurityAlert(
        id=new_id(),
        key=finding.key,
        kind=finding.kind,
        at=finding.at,
        user_id=finding.user_id,
        client_id=finding.client_id,
        facts=finding.facts,
    )
    db.session.add(alert)
    db.session.flush()
    user_id = str(finding.user_id) if finding.user_id else None
    _log.warning("security.alert", kind=finding.kind, alert_id=str(alert.id), about_user_id=user_id, **finding.facts)
    return alert
