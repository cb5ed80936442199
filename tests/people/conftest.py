"""A real browser at the real application, and how the staff opens a portal."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import browse
from tests.identity.conftest import harbor_url
from tests.pages import Page, Visitor
from tests.tickets.conftest import statements
from tests.world import SAM, Person

__all__ = ["browse", "harbor_url", "statements"]

COMPANY = "/msp/clients/10001"


@pytest.fixture
def change(system: Any) -> Callable[..., None]:
    """`change(Model, where, column=value)`: set columns of the rows of Harbor that fit."""
    from sqlalchemy import update

    def changed(model: Any, where: Any, **values: Any) -> None:
        with system() as session:
            session.execute(update(model).where(where).values(**values))

    return changed


def opened(staff: Visitor, person: Person = SAM, page: str = COMPANY) -> Page:
    """Press *Open portal as…* beside a person."""
    return staff.submit(page, f"/contacts/{person.contact_id}/portal")
