"""`/admin/alerts`: what was unusual, and who has looked at it."""

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from portal.core import audit, clock
from portal.core.policy import allow, one_or_404
from portal.core.tenancy.scope import current_scope
from portal.core.web import answer, paging
from portal.identity.models import SecurityAlert
from portal.trail import alert_words, queries
from portal.trail.blueprint import admin
from portal.trail.staff_views import tabs

STATES = ("open", "all")


@admin.get("/alerts")
@allow("staff", "audit:read")
def alerts() -> Response:
    """Alerts, those that nobody has marked first of all."""
    return answer.page("trail/alerts.html", "trail/_alerts.html", **_alerts())


def _alerts() -> dict[str, Any]:
    scope = current_scope()
    state = request.args.get("state", "open")
    if state not in STATES:
        raise NotFound
    page = paging.page_of(
        queries.alerts(scope, is_open=state == "open"),
        SecurityAlert.at,
        SecurityAlert.id,
        key=lambda row: (row[0].at, row[0].id),
        cursor=request.args.get("page"),
    )
    return {
        "title": gettext("Alerts"),
        "tabs": tabs("alerts"),
        "lines": alert_words.lines(scope, [row[0] for row in page.rows]),
        "state": state,
        "newer_url": url_for("trail.alerts", state=state, page=page.newer) if page.newer else None,
        "older_url": url_for("trail.alerts", state=state, page=page.older) if page.older else None,
        "may_mark": scope.may("access:update"),
    }


@admin.post("/alerts/<uuid:alert_id>/seen")
@allow("staff", "access:update", of="alert")
def alert_seen(alert_id: UUID) -> Response:
    """Note that somebody has looked at it."""
    scope = current_scope()
    alert = one_or_404(queries.alert(scope, alert_id).with_for_update())
    if alert.seen_at is None:
        alert.seen_at, alert.seen_by_user_id = clock.now(), scope.user_id
        audit.record("alert.seen", alert, kind=alert.kind)
    answer.say(gettext("Marked as seen."))
    context = _alerts() if answer.wants_part() else {}
    return answer.saw(url_for("trail.alerts"), "trail/_alerts.html", **context)
