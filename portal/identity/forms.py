"""Shape and wording of what people type about themselves."""

from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import EmailField, HiddenField, PasswordField, SelectField, StringField, ValidationError
from wtforms.validators import InputRequired, Length

from portal.core.addresses import is_address
from portal.core.web.forms import Form
from portal.core.web.locale import LANGUAGES, NAMES
from portal.identity.numbers import digits_of
from portal.identity.passwords import LONGEST
from portal.identity.zones import zone_names, zones


def _whole_address(_form: Form, field: StringField) -> None:
    if not is_address(field.data or ""):
        raise ValidationError(gettext("Write the address in full, like name@example.com."))


def _stripped(value: str | None) -> str | None:
    return value.strip() if value else value


def _address_or_number(form: "SignInForm", field: StringField) -> None:
    if not (form.takes_numbers and digits_of(field.data or "")):
        _whole_address(form, field)


class SignInForm(Form):
    """Address and password. `next` is where the person was going.

    `takes_numbers`: a client's number or a phone number may stand for the address.
    """

    email = StringField(
        lazy_gettext("Email address"),
        filters=[_stripped],
        validators=[InputRequired(lazy_gettext("Enter your email address.")), _address_or_number],
    )
    password = PasswordField(
        lazy_gettext("Password"),
        validators=[
            InputRequired(lazy_gettext("Enter your password.")),
            Length(max=LONGEST, message=lazy_gettext("A password has at most %(count)s characters.", count=LONGEST)),
        ],
    )
    next = HiddenField()

    def __init__(self, *, takes_numbers: bool = False, offers_link: bool = False, **kwargs: Any) -> None:
        """Say what the first field takes, and whether the page offers a link by mail."""
        super().__init__(**kwargs)
        self.takes_numbers, self.offers_link = takes_numbers, offers_link
        if takes_numbers:
            self.email.label.text = lazy_gettext("Email address, client number or phone")

    @property
    def refusal(self) -> str:
        """What is said when the two don't belong together, whatever the reason."""
        if self.takes_numbers:
            return str(gettext("These two don't belong together. Check both, or use your email address."))
        return str(gettext("This address and this password don't belong together. Check both."))


class CodeForm(Form):
    """The code of an authenticator app."""

    code = StringField(
        lazy_gettext("Code from your authenticator app"),
        validators=[InputRequired(lazy_gettext("Enter the six digits that the app shows.")), Length(max=20)],
    )


class RecoveryForm(Form):
    """One of the ten codes that were shown once."""

    recovery = StringField(
        lazy_gettext("Recovery code"),
        validators=[InputRequired(lazy_gettext("Enter one of your recovery codes.")), Length(max=60)],
    )


class SetupForm(CodeForm):
    """The first code of an app that is being set up; `setup` holds the key, signed."""

    setup = HiddenField()


class PasswordForm(Form):
    """The password once more, to confirm who is there."""

    password = PasswordField(
        lazy_gettext("Password"),
        validators=[
            InputRequired(lazy_gettext("Enter your password.")),
            Length(max=LONGEST, message=lazy_gettext("A password has at most %(count)s characters.", count=LONGEST)),
        ],
    )


class LinkForm(Form):
    """The address to which a sign-in link is to go."""

    email = EmailField(
        lazy_gettext("Email address"),
        filters=[_stripped],
        validators=[InputRequired(lazy_gettext("Enter your email address.")), _whole_address],
    )


class PasskeyNameForm(Form):
    """What to call a passkey."""

    name = StringField(
        lazy_gettext("Name"),
        filters=[_stripped],
        validators=[InputRequired(lazy_gettext("Give it a name that you will know it by.")), Length(max=60)],
    )


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
