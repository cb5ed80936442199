"""`/account/activity`: what a client's Admins may read of the trail, which is their own company's part of it."""

from flask import Response, url_for
from flask_babel import gettext

from portal.core import audit
from portal.core.policy import allow, is_open_to
from portal.core.tenancy.scope import current_scope
from portal.core.web import answer
from portal.trail import export, pages
from portal.trail.blueprint import account
from portal.trail.filters import FilterForm


@account.get("/activity")
@allow("client", "activity:read")
def activity() -> Response:
    """What was done by the own people, and by the MSP's with the own data."""
    scope, export_view = current_scope(), "activity.activity_export"
    return answer.page(
        "trail/activity.html",
        "trail/_entries.html",
        title=gettext("Activity"),
        export_url=url_for(export_view) if is_open_to(scope, export_view, "POST") else None,
        **pages.entries_page(scope),
    )


@account.post("/activity/export")
@allow("client", "activity:read")
def activity_export() -> Response:
    """The same as CSV; that it was taken out is an entry itself."""
    scope = current_scope()
    narrowed = pages.narrowed_by(scope, FilterForm(kinds=pages.kinds_for(scope)))
    audit.record("activity.exported", new={**narrowed.asked}, shown=True)
    return export.csv_answer(scope, narrowed, name="activity")
