"""A real browser at the real application, for the sign-in pages."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.look.bare import serving


@pytest.fixture
def harbor_url(app: Flask) -> Iterator[str]:
    """Harbor's own address, as browsers open it on this machine."""
    with serving(app) as address:
        yield address.replace("127.0.0.1", "harbor.localhost")
