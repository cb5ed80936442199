"""Applications for processes of the fault tests."""

from flask import Flask

from portal import create_app
from portal.settings import read


def app_for(environ: dict[str, str]) -> Flask:
    """The product with the ledger's events known."""
    from tests.faults import ledger  # noqa: F401  # declares them

    return create_app(read(environ))
