"""Shape and wording of what strangers type. Each field counts once: a form that sends one twice is refused."""

from typing import Any

from flask import request
from flask_babel import gettext, lazy_gettext
from wtforms import EmailField, PasswordField, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length

from portal.core.addresses import is_address
from portal.core.text import line
from portal.core.web.forms import Form, no_web_address
from portal.identity.passwords import LONGEST

LONGEST_NAME = 120
LONGEST_PASSKEY = 60
LONGEST_MESSAGE = 2_000
_TOO_LONG = lazy_gettext("This is too long.")


class StrangersForm(Form):
    """A form at the gate: only the fields of a posted form count, and each only once."""

    def __init__(self, **kwargs: Any) -> None:
        """Read the posted form, never a JSON body."""
        super().__init__(formdata=request.form if request.method == "POST" else None, **kwargs)

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether all is as it should be."""
        for each in self:
            if len(each.raw_data or ()) > 1:
                each.errors = [gettext("Give one value here.")]
                return False
        return bool(super().validate(extra_validators))


def one_address(_form: Form, field: EmailField) -> None:
    """Refuse what isn't one plain mail address. Raises ValidationError."""
    if not is_address(field.data or ""):
        raise ValidationError(gettext("Write the address in full, like name@example.com."))


def _stripped(value: str | None) -> str | None:
    return value.strip() if value else value


def _line(value: str | None) -> str | None:
    """As it will be kept, so that what nobody can see counts as nothing."""
    return line(value) if value else value


def _email(label: Any, missing: Any) -> Any:
    return EmailField(label, filters=[_stripped], validators=[InputRequired(missing), one_address])


def _new_password() -> Any:
    return PasswordField(
        lazy_gettext("New password"),
        validators=[
            InputRequired(lazy_gettext("Choose a password.")),
            Length(max=LONGEST, message=lazy_gettext("A password has at most %(count)s characters.", count=LONGEST)),
        ],
    )


def _words(label: Any, missing: Any, longest: int = LONGEST_NAME) -> Any:
    return StringField(
        label,
        filters=[_line],
        validators=[DataRequired(missing), Length(max=longest, message=_TOO_LONG), no_web_address],
    )


class AddressForm(StrangersForm):
    """A mail address alone."""

    email = _email(lazy_gettext("Email address"), lazy_gettext("Enter your email address."))


class NewAddressForm(StrangersForm):
    """Where mail is to go from now on."""

    email = _email(lazy_gettext("New email address"), lazy_gettext("Enter the new address."))


class NewPasswordForm(StrangersForm):
    """A password that is to be, typed once: it can be shown, and pasted."""

    password = _new_password()


class PasskeyForm(StrangersForm):
    """What to call the passkey that somebody has made in place of a password."""

    name = _words(
        lazy_gettext("Name of the passkey"), lazy_gettext("Give it a name that you will know it by."), LONGEST_PASSKEY
    )


class OldPasswordForm(StrangersForm):
    """The password that was chosen, once more."""

    password = PasswordField(
        lazy_gettext("Your password"),
        validators=[InputRequired(lazy_gettext("Enter the password that you chose.")), Length(max=LONGEST)],
    )


class ButtonForm(StrangersForm):
    """Nothing but a button."""


class LinkForm(StrangersForm):
    """What somebody types who was handed an access code."""

    number = _words(lazy_gettext("Client number or phone"), lazy_gettext("Enter your client number or phone number."))
    code = _words(lazy_gettext("Access code"), lazy_gettext("Enter the access code that you were given."))
    name = _words(lazy_gettext("Your name"), lazy_gettext("Enter your name."))
    email = _email(lazy_gettext("Email address"), lazy_gettext("Enter your email address."))
    password = _new_password()


class RequestForm(StrangersForm):
    """What somebody types who asks for access."""

    name = _words(lazy_gettext("Your name"), lazy_gettext("Enter your name."))
    email = _email(lazy_gettext("Email address"), lazy_gettext("Enter your email address."))
    company = _words(lazy_gettext("Company"), lazy_gettext("Enter your company's name."))
    message = TextAreaField(
        lazy_gettext("Message"),
        filters=[_stripped],
        validators=[Length(max=LONGEST_MESSAGE, message=_TOO_LONG)],
    )
