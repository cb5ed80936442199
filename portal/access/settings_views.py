"""`/admin/access`: how people come in, how far the staff looks on, and when something is unusual."""

from flask import Response, url_for
from flask_babel import gettext

from portal.access.blueprint import bp, places
from portal.access.forms import AccessForm
from portal.access.services import change_access
from portal.core.policy import allow
from portal.core.web import answer
from portal.identity.settings_of_access import access_settings


@bp.get("/admin/access")
@allow("staff", "access:update")
def settings() -> Response:
    """The settings as they are."""
    return _page(AccessForm(formdata=None, obj=access_settings()))


def _page(form: AccessForm, *, status: int = 200) -> Response:
    return answer.page(
        "access/settings.html", status=status, title=gettext("Ways in"), places=places("settings"), form=form
    )


@bp.post("/admin/access")
@allow("staff", "access:update", hidden=False, fresh=True)
def save_settings() -> Response:
    """Set them."""
    form = AccessForm()
    if not form.validate():
        return _page(form, status=answer.UNPROCESSABLE)
    change_access(access_settings(), {field.name: field.data for field in form})
    answer.say(gettext("Saved. It counts at once."))
    return answer.moved(url_for(".settings"))
