"""What the tests of files share."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from werkzeug.datastructures import FileStorage

from portal.core.tenancy.scope import Reach, Scope
from portal.core.tenancy.session import transaction
from tests.world import Person


def scope_of(person: Person) -> Scope:
    """The scope in which this person's requests run."""
    if person.side == "msp":
        return Scope(tenant_id=person.tenant_id, reach=Reach.STAFF, user_id=person.id)
    return Scope(
        tenant_id=person.tenant_id, reach=Reach.CLIENT, client_id=person.client_id, user_id=person.id,
        contact_id=person.contact_id,
    )  # fmt: skip


@pytest.fixture
def acting(app: Flask) -> Callable[[Person], Any]:
    """`with acting(SAM): …` is a transaction of Sam's, which commits."""

    @contextmanager
    def inside(person: Person) -> Iterator[Any]:
        with app.test_request_context(), transaction(scope_of(person)) as session:
            yield session

    return inside


def upload(content: bytes, name: str = "notes.txt") -> FileStorage:
    """A file as a form brings it."""
    return FileStorage(io.BytesIO(content), name)


def photo(size: tuple[int, int] = (640, 480), kind: str = "JPEG", **options: Any) -> bytes:
    """A picture's bytes."""
    file = io.BytesIO()
    Image.new("RGB", size, (200, 80, 40)).save(file, kind, **options)
    return file.getvalue()
