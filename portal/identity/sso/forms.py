"""Shape and wording of a provider's form."""

from typing import Any, Final

from flask_babel import gettext, lazy_gettext
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms import (
    Form as PlainForm,
)
from wtforms.validators import DataRequired, Length

from portal.core import outbound
from portal.core.public_domains import is_everybodys
from portal.core.web.forms import Form
from portal.identity.models import Role
from portal.settings_rules import domain

KINDS: Final = {
    "entra": lazy_gettext("Microsoft Entra"),
    "google": lazy_gettext("Google"),
    "other": lazy_gettext("Another one"),
}
SIDES: Final = {"client": lazy_gettext("Clients"), "msp": lazy_gettext("Our own people")}
SPARE: Final = 3
"""Empty lines for groups that are offered beyond those there are."""
_LONG = lazy_gettext("That is too long.")


def _stripped(value: str | None) -> str | None:
    return value.strip() if value else value


def _text(label: Any, *, needed: bool = True, most: int = 500) -> StringField:
    validators: list[Any] = [DataRequired(lazy_gettext("Fill this in."))] if needed else []
    return StringField(label, filters=[_stripped], validators=[*validators, Length(max=most, message=_LONG)])


class GroupForm(PlainForm):
    """A group and the role it means."""

    group = StringField(lazy_gettext("Group"), filters=[_stripped], validators=[Length(max=300, message=_LONG)])
    role = SelectField(lazy_gettext("Role"), validate_choice=False)


class ProviderForm(Form):
    """A provider. The secret is written and never shown; left empty it stays as it is."""

    name = _text(lazy_gettext("Name on the button"), most=60)
    kind = SelectField(lazy_gettext("Kind"))
    side = SelectField(lazy_gettext("For whom"))
    issuer = _text(lazy_gettext("Issuer"))
    app_id = _text(lazy_gettext("Client ID"))
    app_secret = PasswordField(lazy_gettext("Client secret"), validators=[Length(max=500, message=_LONG)])
    group_claim = _text(lazy_gettext("Claim that holds the groups"), needed=False, most=60)
    domains = TextAreaField(lazy_gettext("Email domains, one a line"), validators=[Length(max=5000, message=_LONG)])
    creates_users = BooleanField(lazy_gettext("Make an account for people of these domains at their first sign-in"))
    is_required = BooleanField(lazy_gettext("These people sign in this way and no other"))
    is_active = BooleanField(lazy_gettext("Offer it on the sign-in page"))
    groups = FieldList(FormField(GroupForm))

    def __init__(self, *, roles: list[Role], has_secret: bool, **kwargs: Any) -> None:
        """Offer these roles for groups. `has_secret`: one is kept already."""
        super().__init__(**kwargs)
        self._has_secret = has_secret
        self.kind.choices = [(key, str(words)) for key, words in KINDS.items()]
        self.side.choices = [(key, str(words)) for key, words in SIDES.items()]
        while not self.is_submitted() and sum(not each.form.group.data for each in self.groups) < SPARE:
            self.groups.append_entry()
        offered = [("", gettext("No role")), *((str(role.id), role.name) for role in roles)]
        for each in self.groups:
            each.form.role.choices = offered

    def validate_issuer(self, field: StringField) -> None:
        """An issuer is an https address without anything behind its path."""
        if not outbound.is_allowed(field.data or "") or "?" in (field.data or ""):
            raise ValidationError(gettext("Write the issuer's address in full, like https://login.example.com."))

    def validate_app_secret(self, field: PasswordField) -> None:
        """A new provider needs one."""
        if not field.data and not self._has_secret:
            raise ValidationError(gettext("Fill this in."))

    def validate_domains(self, _field: TextAreaField) -> None:
        """Each line is a domain."""
        try:
            self.domain_list()
        except ValueError:
            raise ValidationError(gettext("Write one domain a line, like example.com.")) from None
        if self.creates_users.data:
            self._check_own(self.domain_list())

    def _check_own(self, domains: list[str]) -> None:
        """Accounts are made for people of domains that are somebody's own."""
        if not domains:
            raise ValidationError(gettext("Say which domains' people get an account."))
        open_to_all = [each for each in domains if is_everybodys(each)]
        if open_to_all:
            words = gettext(
                "Anybody can have an address at %(domain)s: nobody gets an account by it.", domain=open_to_all[0]
            )
            raise ValidationError(words)

    def domain_list(self) -> list[str]:
        """The domains in their order, each once. Raises ValueError for a line that is none."""
        return list(dict.fromkeys(domain(line.strip()) for line in (self.domains.data or "").split() if line.strip()))

    def group_pairs(self) -> list[tuple[str, str]]:
        """(group, role id) of the lines that are filled in."""
        return [
            (each.form.group.data, each.form.role.data)
            for each in self.groups
            if each.form.group.data and each.form.role.data
        ]
