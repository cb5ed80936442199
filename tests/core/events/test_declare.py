import datetime as dt
import enum
import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.events import declare, payload
from portal.core.events.declare import Event, event, handles


class Colour(enum.StrEnum):
    RED = "red"


@event("test.everything", version=1)
class Everything(Event):
    """All that a fact can be."""

    row_id: uuid.UUID
    at: dt.datetime
    on: dt.date
    amount: Decimal
    colour: Colour
    words: tuple[str, ...]
    note: str | None = None
    count: int = 0
    yes: bool = False


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Declarations of these tests stay among themselves."""
    for name in ("_types", "_kinds", "_handlers"):
        monkeypatch.setattr(declare, name, dict(getattr(declare, name)))


@given(
    st.builds(
        Everything,
        id=st.uuids(),
        row_id=st.uuids(),
        at=st.datetimes(timezones=st.just(dt.UTC)),
        amount=st.decimals(allow_nan=False, allow_infinity=False),
        words=st.lists(st.text()).map(tuple),
    )
)
def test_facts_survive_the_outbox(happened: Everything) -> None:
    read = declare.read("test.everything", 1, json.loads(json.dumps(payload.dump(happened))), event_id=happened.id)
    assert read == happened
    assert isinstance(read, Everything)
    assert type(read.words) is tuple
    assert type(read.colour) is Colour


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"row_id": "no id"},
        {"surprise": 1},
    ],
)
def test_facts_that_do_not_fit_are_refused(facts: dict[str, Any]) -> None:
    with pytest.raises(payload.PayloadMismatch):
        declare.read("test.everything", 1, facts, event_id=uuid.uuid4())


def test_a_number_where_a_word_belongs_is_refused() -> None:
    whole = payload.dump(
        Everything(row_id=uuid.uuid4(), at=dt.datetime.now(dt.UTC), on=dt.date(2026, 1, 1), amount=Decimal(1),
                   colour=Colour.RED, words=())
    )  # fmt: skip
    with pytest.raises(payload.PayloadMismatch):
        declare.read("test.everything", 1, whole | {"note": 5}, event_id=uuid.uuid4())
    with pytest.raises(payload.PayloadMismatch):
        declare.read("test.everything", 1, whole | {"count": True}, event_id=uuid.uuid4())


@pytest.mark.parametrize("name", ["password", "reset_token", "client_secret", "totp_seed"])
def test_an_event_with_a_secret_can_not_be_declared(name: str) -> None:
    cls = type(
        "Leaky", (Event,), {"__annotations__": {name: str}, "__doc__": "Tells too much.", "__module__": __name__}
    )
    with pytest.raises(TypeError, match="no secrets"):
        event("test.leaky")(cls)


def test_an_event_with_a_nested_object_can_not_be_declared() -> None:
    cls = type("Deep", (Event,), {"__annotations__": {"row": dict}, "__doc__": "Too deep.", "__module__": __name__})
    with pytest.raises(TypeError, match="no fact"):
        event("test.deep")(cls)


def test_two_classes_can_not_share_a_kind() -> None:
    with pytest.raises(ValueError, match="declared twice"):

        @event("test.everything")
        class Other(Event):
            """Another."""


def test_a_class_without_words_or_base_is_refused() -> None:
    with pytest.raises(TypeError, match="docstring"):
        event("test.silent")(type("Silent", (Event,), {"__module__": __name__}))
    with pytest.raises(TypeError, match="subclass of Event"):
        event("test.stranger")(type("Stranger", (), {}))


def test_old_versions_are_brought_up_to_date_step_by_step() -> None:
    @event(
        "test.grown",
        version=3,
        upgrades={1: lambda facts: facts | {"second": 2}, 2: lambda facts: facts | {"third": facts["second"] + 1}},
    )
    class Grown(Event):
        """Has grown twice."""

        first: int
        second: int
        third: int

    event_id = uuid.uuid4()
    assert declare.read("test.grown", 1, {"first": 1}, event_id=event_id) == Grown(
        id=event_id, first=1, second=2, third=3
    )
    with pytest.raises(declare.UnknownEvent):
        declare.read("test.grown", 4, {}, event_id=event_id)


def test_a_version_without_its_upgrades_is_refused() -> None:
    with pytest.raises(ValueError, match="needs upgrades"):

        @event("test.gap", version=2)
        class Gap(Event):
            """Skips a step."""


def test_handlers_are_found_by_kind_and_name() -> None:
    @handles(Everything, queue="urgent", seconds=5)
    def listen(_event: Everything) -> None: ...

    name = declare.name_of(listen)
    assert [one.name for one in declare.handlers_of("test.everything")] == [name]
    assert declare.handler_named("test.everything", name).queue == "urgent"
    assert declare.seconds_of(name) == 5
    with pytest.raises(declare.UnknownHandler):
        declare.handler_named("test.everything", "nobody")


def test_a_handler_can_not_take_for_ever() -> None:
    with pytest.raises(ValueError, match="1 to 900 seconds"):
        handles(Everything, seconds=901)(lambda _event: None)
