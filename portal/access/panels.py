"""What other pages show of access."""

from typing import Any

from flask import url_for

from portal.access import queries
from portal.clients.models import Client
from portal.extensions import db


def access_of_client(client: Client) -> dict[str, Any]:
    """For a client's page: where its people's access is narrowed, and each of them."""
    people = db.session.execute(queries.seats(client.id)).all()
    return {
        "client": client,
        "client_url": url_for("access.client", number=client.number),
        "people": [
            (each.name, url_for("access.person", number=client.number, contact_id=each.contact_id)) for each in people
        ],
    }
