"""The base of all forms. CSRF is checked for every unsafe request before a view runs, not by each form."""

from typing import Any

from flask_wtf import FlaskForm


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
