"""The kept catalogue of events is the code's own."""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from portal.cli.events import events_command
from portal.core.events import declare, schedule
from portal.settings import ROOT

PAGE = ROOT / "docs" / "events.md"


@pytest.fixture(autouse=True)
def products_own(own_registry: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what other tests of this process declared."""

    def own(known: dict[Any, Any], where: Callable[[Any], Any]) -> dict[Any, Any]:
        return {key: value for key, value in known.items() if where(value).__module__.startswith("portal.")}

    monkeypatch.setattr(declare, "_types", own(declare._types, lambda known: known.cls))
    monkeypatch.setattr(declare, "_handlers", own(declare._handlers, lambda known: known.run))
    monkeypatch.setattr(schedule, "_duties", own(schedule._duties, lambda duty: duty.handler.run))


def test_the_kept_catalogue_is_the_codes(app: Flask) -> None:
    with app.app_context():
        made = CliRunner().invoke(events_command, ["--markdown"]).output
    assert made == PAGE.read_text(encoding="utf-8"), "run: flask events --markdown > docs/events.md"


def test_every_handler_says_what_it_does(app: Flask) -> None:
    assert app
    assert not [name for (_kind, name), handler in declare._handlers.items() if not handler.run.__doc__]
