"""Shape and wording of what people type about others and themselves."""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from flask_babel import gettext, lazy_gettext
from wtforms import EmailField, SelectField, SelectMultipleField, StringField, TelField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length

from portal.core.addresses import is_address
from portal.core.public_domains import is_everybodys
from portal.core.text import line
from portal.core.web.forms import Form, no_web_address
from portal.identity.models import Role
from portal.people import wording
from portal.settings_rules import domain

LONGEST_NAME = 120
LONGEST_PHONE = 40


def _stripped(value: str | None) -> str | None:
    return value.strip() if value else value


def _domain_alone(value: str | None) -> str | None:
    """What stands behind the @ of an address, if there is one."""
    return value.rpartition("@")[2] if value else value


def _line(value: str | None) -> str | None:
    """As it will be kept: what nobody can see is no name, and is refused like an empty one."""
    return line(value) if value else value


def _whole_address(_form: Form, field: EmailField) -> None:
    if not is_address(field.data or ""):
        raise ValidationError(gettext("Write the address in full, like name@example.com."))


def _some(_form: Form, field: SelectMultipleField) -> None:
    if not field.data:
        raise ValidationError(gettext("Choose at least one role."))


_too_long = lazy_gettext("That is too long.")
_NAME = [Length(max=LONGEST_NAME, message=_too_long), no_web_address]


class ContactForm(Form):
    """Name, title and phone of a contact."""

    name = StringField(
        lazy_gettext("Name"),
        filters=[_line],
        validators=[DataRequired(lazy_gettext("Enter a name.")), *_NAME],
    )
    title = StringField(lazy_gettext("Position"), filters=[_line], validators=_NAME)
    phone = TelField(lazy_gettext("Phone"), filters=[_line], validators=[Length(max=LONGEST_PHONE, message=_too_long)])


class RolesForm(Form):
    """Which roles somebody has."""

    roles = SelectMultipleField(lazy_gettext("Roles"), validators=[_some])

    def __init__(self, *, offered: Iterable[Role], **kwargs: Any) -> None:
        """Offer these roles."""
        super().__init__(**kwargs)
        self.known = {str(role.id): role for role in offered}
        self.roles.choices = [(key, wording.role_name(role.key, role.name)) for key, role in self.known.items()]

    def chosen(self) -> list[Role]:
        """The roles that were chosen; the form is valid."""
        return [self.known[key] for key in dict.fromkeys(self.roles.data or ()) if key in self.known]


class SeatForm(RolesForm):
    """Roles, and how much of the company's tickets somebody sees."""

    ticket_scope = SelectField(lazy_gettext("Sees"))

    def __init__(self, *, scopes: Collection[str], **kwargs: Any) -> None:
        """Offer these scopes."""
        super().__init__(**kwargs)
        self.ticket_scope.choices = [(key, str(words)) for key, words in wording.SCOPES.items() if key in scopes]


class InviteForm(SeatForm):
    """Who is invited, and as what."""

    name = StringField(
        lazy_gettext("Name"),
        filters=[_line],
        validators=[DataRequired(lazy_gettext("Enter a name.")), *_NAME],
    )
    email = EmailField(
        lazy_gettext("Email address"),
        filters=[_stripped],
        validators=[InputRequired(lazy_gettext("Enter an email address.")), _whole_address],
    )


class ColleagueForm(RolesForm):
    """Who is invited to the staff, and as what."""

    name = StringField(
        lazy_gettext("Name"),
        filters=[_line],
        validators=[DataRequired(lazy_gettext("Enter a name.")), *_NAME],
    )
    email = EmailField(
        lazy_gettext("Email address"),
        filters=[_stripped],
        validators=[InputRequired(lazy_gettext("Enter an email address.")), _whole_address],
    )
    title = StringField(lazy_gettext("Position"), filters=[_line], validators=_NAME)


class DomainForm(Form):
    """The email domain of a client's people, or nothing."""

    email_domain = StringField(lazy_gettext("Email domain"), filters=[_stripped, _domain_alone])

    def validate_email_domain(self, field: StringField) -> None:
        """A host name, if anything."""
        try:
            field.data = domain(field.data) if field.data else ""
        except ValueError:
            raise ValidationError(gettext("Write the part behind the @, like example.com.")) from None
        if field.data and is_everybodys(field.data):
            raise ValidationError(
                gettext("Anybody can have an address there. Write a domain that is the company's own.")
            )


class GroupForm(Form):
    """What a group of clients is called."""

    name = StringField(
        lazy_gettext("Name"),
        filters=[_line],
        validators=[DataRequired(lazy_gettext("Enter a name.")), *_NAME],
    )


class GrantForm(Form):
    """Who is let into a group's clients, and as what."""

    email = EmailField(
        lazy_gettext("Email address"),
        filters=[_stripped],
        validators=[InputRequired(lazy_gettext("Enter an email address.")), _whole_address],
    )
    role = SelectField(lazy_gettext("Role"))
    ticket_scope = SelectField(lazy_gettext("Sees"))

    def __init__(self, *, offered: Iterable[Role], **kwargs: Any) -> None:
        """Offer these roles, and every scope."""
        super().__init__(**kwargs)
        self.known = {str(role.id): role for role in offered}
        self.role.choices = [(key, wording.role_name(role.key, role.name)) for key, role in self.known.items()]
        self.ticket_scope.choices = [(key, str(words)) for key, words in wording.SCOPES.items()]

    def chosen(self) -> Role:
        """The role that was chosen; the form is valid."""
        return self.known[self.role.data]


def ids_of(words: Iterable[str]) -> set[UUID]:
    """The ids among what a form sent; what is none is left out."""
    found = set()
    for word in words:
        try:
            found.add(UUID(word))
        except ValueError:
            continue
    return found
