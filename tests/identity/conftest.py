"""A real browser at the real application, for the sign-in pages; an issuer and what is set up with it."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.identity.dns_server import NameServer, name_servers
from tests.identity.sso_steps import _issuer, issuer, provide
from tests.look.bare import serving

__all__ = ["_issuer", "issuer", "provide"]


@pytest.fixture
def harbor_url(app: Flask) -> Iterator[str]:
    """Harbor's own address, as browsers open it on this machine."""
    with serving(app) as address:
        yield address.replace("127.0.0.1", "harbor.localhost")


@pytest.fixture
def server(app: Flask) -> Iterator[NameServer]:
    """A name server of this test's own, which the app asks."""
    with name_servers(app) as [found]:
        yield found
