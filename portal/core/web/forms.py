"""The base of all forms. CSRF is checked for every unsafe request before a view runs, not by each form."""

from typing import Any

from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import StringField, ValidationError

from portal.core.text import has_web_address


def no_web_address(_form: FlaskForm, field: StringField) -> None:
    """For names: they go into mails, where a web address would become a link in the sender's name."""
    if has_web_address(field.data or ""):
        raise ValidationError(gettext("Leave web addresses out of this."))


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A form that carries shape and wording of input, no rules of business."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # same
        """See the module."""

        csrf = False

    def problems(self) -> list[tuple[str, str, str]]:
        """(field id, label, message) of each fault, in the order of the fields."""
        return [
            (field.id, str(field.label.text), str(message))
            for field in self
            for message in field.errors
            if isinstance(message, str) or hasattr(message, "__str__")
        ]

    def reject(self, name: str, message: Any) -> None:
        """Tie a rule's refusal to the field it speaks of."""
        field = self[name]
        field.errors = [*field.errors, message]
