"""What other pages show of access."""

from typing import Any

from flask import url_for

from portal.clients.models import Client


def access_of_client(client: Client) -> dict[str, Any]:
    """For a client's page: where its people's access is narrowed."""
    return {"url": url_for("access.client", number=client.number)}


def access_of_person(at: dict[str, Any]) -> dict[str, Any]:
    """For the page of somebody with a seat, which `at` says: where theirs is."""
    return {"url": url_for("access.person", **at)}
