"""Shape and wording of what people type about themselves."""

from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import EmailField, HiddenField, PasswordField, SelectField, ValidationError
from wtforms.validators import InputRequired, Length

from portal.core.addresses import is_address
from portal.core.web.forms import Form
from portal.core.web.locale import LANGUAGES, NAMES
from portal.identity.passwords import LONGEST
from portal.identity.zones import zone_names, zones


def _whole_address(_form: Form, field: EmailField) -> None:
    if not is_address(field.data or ""):
        raise ValidationError(gettext("Write the address in full, like name@example.com."))


def _stripped(value: str | None) -> str | None:
    return value.strip() if value else value


class SignInForm(Form):
    """Address and password. `next` is where the person was going."""

    email = EmailField(
        lazy_gettext("Email address"),
        filters=[_stripped],
        validators=[InputRequired(lazy_gettext("Enter your email address.")), _whole_address],
    )
    password = PasswordField(
        lazy_gettext("Password"),
        validators=[
            InputRequired(lazy_gettext("Enter your password.")),
            Length(max=LONGEST, message=lazy_gettext("A password has at most %(count)s characters.", count=LONGEST)),
        ],
    )
    next = HiddenField()


class LanguageForm(Form):
    """Language and time zone of a person; an empty choice takes the tenant's."""

    locale = SelectField(lazy_gettext("Language"))
    time_zone = SelectField(lazy_gettext("Time zone"))

    def __init__(
        self, *, language: str, usual_locale: str | None, usual_zone: str, own_zone: str | None, **kwargs: Any
    ) -> None:
        """Offer what the tenant uses first. `language` is the reader's, for the names of places.

        `own_zone` stays a choice where the list doesn't have it.
        """
        super().__init__(**kwargs)
        usual = NAMES.get(usual_locale or "")
        first = gettext("The usual one here: %(name)s", name=usual) if usual else gettext("My browser's language")
        self.locale.choices = [("", first), *((code, NAMES[code]) for code in LANGUAGES)]
        common = [("", gettext("The usual one here: %(name)s", name=_place(usual_zone)))]
        if own_zone and own_zone not in zone_names():
            common.append((own_zone, _place(own_zone)))
        self.time_zone.choices = {gettext("Usual"): common, **zones(language)}


def _place(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")
