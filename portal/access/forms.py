"""Shape and wording of what is set about access."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, IntegerField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from portal.access import wording
from portal.core import text
from portal.core.web.amounts import AmountField
from portal.core.web.forms import Form
from portal.identity.services.roles import LONGEST_NAME

NAME: dict[str, Any] = {
    "validators": [
        DataRequired(lazy_gettext("Give it a name.")),
        Length(max=LONGEST_NAME, message=lazy_gettext("Use at most %(max)d characters.")),
    ],
    "filters": [lambda value: text.line(value or "")],
}
ASKED = InputRequired(lazy_gettext("Enter a number."))


class RoleNameForm(Form):
    """A role's name."""

    name = StringField(lazy_gettext("Name of the role"), **NAME)


class BoardGroupForm(Form):
    """A group of boards."""

    name = StringField(lazy_gettext("Name of the group"), **NAME)
    boards = SelectMultipleField(
        lazy_gettext("Boards"),
        [InputRequired(lazy_gettext("Choose at least one board."))],
        coerce=lambda value: UUID(str(value)),
    )


class PersonForm(Form):
    """How far a client's person sees."""

    ticket_scope = RadioField(lazy_gettext("Which tickets?"))
    site = SelectField(lazy_gettext("Own site"))
    board_group = SelectField(lazy_gettext("On which boards?"))

    def offer(self, sites: Iterable[Any], groups: Iterable[Any]) -> None:
        """Set what can be chosen."""
        self.ticket_scope.choices = [SelectChoice(name, said) for name, said in wording.scope_words().items()]
        self.site.choices = [SelectChoice("", gettext("None"))]
        self.site.choices += [SelectChoice(str(each.id), each.name) for each in sites]
        self.board_group.choices = [SelectChoice("", gettext("On all boards"))]
        self.board_group.choices += [SelectChoice(str(each.id), each.name) for each in groups]


def _between(least: int, most: int) -> NumberRange:
    return NumberRange(least, most, lazy_gettext("Use a number from %(min)s to %(max)s."))


class AccessForm(Form):
    """How people come in, how far the staff looks on, and when something is unusual."""

    link_sign_in = BooleanField(lazy_gettext("Offer clients a sign-in link by email"))
    number_sign_in = BooleanField(lazy_gettext("Let clients type client number or phone instead of the email address"))
    takes_requests = BooleanField(lazy_gettext("Take requests for access on the sign-in page"))
    view_as_may_write = BooleanField(lazy_gettext("Who opens the portal as somebody may write on tickets there"))
    review_days = IntegerField(lazy_gettext("Days between reviews of access"), [Optional(), _between(7, 730)])
    audit_months = IntegerField(
        lazy_gettext("Months that the trail is kept"),
        [ASKED, _between(12, 240)],
    )
    alert_failures = IntegerField(
        lazy_gettext("Failed sign-ins in an hour that raise an alert"),
        [ASKED, _between(3, 10_000)],
    )
    alert_exports = IntegerField(
        lazy_gettext("Exports in a day that raise an alert"),
        [ASKED, _between(1, 1_000)],
    )
    alert_devices = IntegerField(
        lazy_gettext("New devices of a person in a day that raise an alert"),
        [ASKED, _between(0, 100)],
    )
    alert_countries = BooleanField(lazy_gettext("Raise an alert when somebody signs in from a new country"))
    alert_travel_hours = IntegerField(
        lazy_gettext("Hours within which two countries are too far apart"),
        [ASKED, _between(0, 48)],
    )
    night_from = IntegerField(lazy_gettext("Night begins at (hour)"), [ASKED, _between(0, 23)])
    night_to = IntegerField(lazy_gettext("Night ends at (hour)"), [ASKED, _between(0, 23)])
    locks_travellers = BooleanField(lazy_gettext("Lock an account that signs in from two countries too far apart"))
    amount_limit_minor = AmountField(lazy_gettext("Amount above which an Administrator decides"))
