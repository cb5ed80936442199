"""`/admin/audit`: the whole trail of the tenant, and its export."""

from flask import Response, url_for
from flask_babel import gettext

from portal.core import audit
from portal.core.policy import allow
from portal.core.tenancy.scope import current_scope, viewer
from portal.core.web import answer
from portal.core.web.nav import Entry
from portal.trail import export, pages
from portal.trail.blueprint import admin
from portal.trail.filters import FilterForm


def tabs(current: str) -> list[Entry]:
    """The two pages: what was done, and what of it was unusual."""
    places = (("audit", gettext("Trail")), ("alerts", gettext("Alerts")))
    return [Entry(label, url_for(f"trail.{name}"), "", name == current) for name, label in places]


@admin.get("/audit", endpoint="audit")
@allow("staff", "audit:read")
def audit_list() -> Response:
    """Everything that was done, narrowed as the address says, newest first."""
    scope = current_scope()
    return answer.page(
        "trail/audit.html",
        "trail/_entries.html",
        title=gettext("Audit"),
        tabs=tabs("audit"),
        export_url=url_for("trail.audit_export") if scope.may("audit:export") else None,
        **pages.entries_page(scope),
    )


@admin.post("/audit/export")
@allow("staff", "audit:export", hidden=False)
def audit_export() -> Response:
    """The same as CSV; that it was taken out is an entry itself."""
    scope = current_scope()
    narrowed = pages.narrowed_by(scope, FilterForm(kinds=pages.kinds_for(viewer)))
    audit.record("audit.exported", new={**narrowed.asked})
    return export.csv_answer(scope, narrowed, name="audit")
