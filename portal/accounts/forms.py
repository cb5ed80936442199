"""Shape and wording of a decision about access."""

from typing import Any

from flask_babel import lazy_gettext
from wtforms import IntegerField, SelectField
from wtforms.validators import InputRequired, NumberRange

from portal.core.web.forms import Form

HIGHEST = 999_999_999


class ApprovalForm(Form):
    """To which client somebody is invited, and as what."""

    number = IntegerField(
        lazy_gettext("Client number"),
        validators=[
            InputRequired(lazy_gettext("Enter the client's number.")),
            NumberRange(1, HIGHEST, lazy_gettext("There is no client with this number.")),
        ],
    )
    role = SelectField(lazy_gettext("Role"))

    def __init__(self, *, roles: list[tuple[str, str]], **kwargs: Any) -> None:
        """Offer these roles, by id and name."""
        super().__init__(**kwargs)
        self.role.choices = roles
