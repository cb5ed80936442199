"""The forms of tickets: shape and wording of input."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    MultipleFileField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, Length

from portal.core import text
from portal.core.ids import new_id
from portal.core.web.forms import Form
from portal.tickets.shipped import named

LONGEST_SUBJECT, LONGEST_TEXT = 150, 20_000
"""Characters."""
SENT_BEFORE = _l("This form was sent before. If you want to send it once more, press the button again.")


class OneOf:
    """The value, where there is one, is among the field's choices; anything else was never offered."""

    def __init__(self, message: Any) -> None:
        """Keep the words of the refusal."""
        self.message = message

    def __call__(self, _form: Form, field: Any) -> None:
        """Raise ValidationError for a value that isn't offered."""
        if field.data and field.data not in {each.value for each in field.choices}:
            raise ValidationError(self.message)


class SubmittedOnce(Form):
    """A form whose key makes one thing, however often it is sent; files that were refused wait under it."""

    submission_key = HiddenField()

    @property
    def key(self) -> UUID:
        """The key that came with the form; a new one where none or nonsense came."""
        try:
            return UUID(self.submission_key.data or "")
        except ValueError:
            self.submission_key.data = str(new_id())
            return UUID(self.submission_key.data)

    def fresh(self) -> None:
        """Give the form a new key, since the old one is spent."""
        self.submission_key.data = str(new_id())


class TicketForm(SubmittedOnce):
    """A request for help."""

    subject = StringField(
        _l("What is it about?"),
        [
            DataRequired(_l("Say in a few words what it is about.")),
            Length(max=LONGEST_SUBJECT, message=_l("Use at most %(max)d characters here; tell the rest below.")),
        ],
        filters=[lambda value: text.line(value or "")],
    )
    description = TextAreaField(
        _l("What happened?"),
        [
            DataRequired(_l("Tell us what happened, in your own words.")),
            Length(max=LONGEST_TEXT, message=_l("Use at most %(max)d characters, or send a long text as a file.")),
        ],
        filters=[lambda value: text.tidy(value or "")],
    )
    priority = RadioField(_l("How urgent is it?"), [OneOf(_l("Choose how urgent it is."))], validate_choice=False)
    board = SelectField(
        _l("What kind of thing is it?"), [OneOf(_l("Choose one from the list."))], validate_choice=False
    )
    site = SelectField(_l("Where is it?"), [OneOf(_l("Choose one from the list."))], validate_choice=False)
    private = BooleanField(_l("Only the people named on it see this"))
    files = MultipleFileField(_l("Photos or files"))

    def offer(self, choices: dict[str, list[Any]], site_id: UUID | None, *, needs_site: bool = False) -> None:
        """Set what can be chosen, with the usual choice made. What leaves no choice is not asked.

        `needs_site`: the person opens tickets at some sites only, so one of these it must be.

        Raises LookupError where a tenant has no board or no priority.
        """
        self.priority.choices = [SelectChoice(str(row.id), named(row.words)) for row in choices["priority"]]
        self.board.choices = [SelectChoice(str(row.id), named(row.name)) for row in choices["board"]]
        self.site.choices = [SelectChoice(str(row.id), row.name) for row in choices["site"]]
        if not self.priority.choices or not self.board.choices:
            message = "the tenant has no board or no priorities: provision it"
            raise LookupError(message)
        self.priority.data = self.priority.data or _default(choices["priority"])
        self.board.data = self.board.data or _default(choices["board"])
        ids = [str(row.id) for row in choices["site"]]
        if needs_site:
            self.site.data = self.site.data or (str(site_id) if str(site_id) in ids else ids[0])
        elif len(ids) > 1:
            self.site.choices.insert(0, SelectChoice("", gettext("No particular place")))
            if self.site.data is None:
                self.site.data = str(site_id or "")
        elif self.site.data is None:
            self.site.data = "".join(ids)


def _default(rows: Sequence[Any]) -> str:
    return str(next((row.id for row in rows if row.is_default), rows[0].id))


class AnswerForm(SubmittedOnce):
    """A letter to the other side, or a note among the staff."""

    body = TextAreaField(
        _l("Write a reply"),
        [
            DataRequired(_l("Write something first.")),
            Length(max=LONGEST_TEXT, message=_l("Use at most %(max)d characters, or send a long text as a file.")),
        ],
        filters=[lambda value: text.tidy(value or "")],
    )
    files = MultipleFileField(_l("Add photos or files"))

    def __init__(self, *args: Any, box: str = "reply", **more: Any) -> None:
        """`box` names the box on the page, where a reply and a note may stand side by side."""
        super().__init__(*args, **more)
        self.box = box
        if box == "note":
            self.body.label.text = _l("Write a note that only your colleagues see")
        for field in self:
            _rename(field, f"{box}-{field.name}")


def _rename(field: Field, name: str) -> None:
    """Give a field another id in the page; the name that is sent stays."""
    field.id = name
    field.label.field_id = name


class KindForm(Form):
    """Which of the two answer boxes is in front. It is never sent: each box has its own address."""

    kind = RadioField(
        _l("What do you write?"),
        choices=[SelectChoice("public", _l("Reply")), SelectChoice("internal", _l("Internal note"))],
    )


class PickForm(Form):
    """One fact of a ticket to choose: its status, its priority, who works on it. Only shown: views look the id up."""

    choice = SelectField(validate_choice=False)

    def __init__(self, *args: Any, fact: str, label: Any, choices: Sequence[SelectChoice], **more: Any) -> None:
        """`fact` makes the id in the page."""
        super().__init__(*args, **more)
        self.choice.choices = list(choices)
        self.choice.label.text = label
        _rename(self.choice, f"pick-{fact}")
