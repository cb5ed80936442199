"""Requests for access, as the staff looks at them."""

import uuid

from sqlalchemy import Select, select

from portal.clients.models import Client
from portal.core.tenancy.scope import Viewer
from portal.core.web.paging import first
from portal.identity.models import AccessRequest, Role

STATES = ("open", "approved", "refused")


def requests(_viewer: Viewer, *, state: str) -> Select[AccessRequest]:
    """Those in one state; the table is the staff's."""
    return select(AccessRequest).where(AccessRequest.state == state)


def request(_viewer: Viewer, request_id: uuid.UUID) -> Select[AccessRequest]:
    """One of them."""
    return select(AccessRequest).where(AccessRequest.id == request_id)


def client_numbered(number: int) -> Select[Client]:
    """The client of this number, if it is one that the viewer sees."""
    return select(Client).where(Client.number == number, Client.is_active)


def likely_client(email: str) -> Select[int]:
    """The number of the client whose mail domain the address has."""
    domain = email.rpartition("@")[2].casefold()
    return select(Client.number).where(Client.email_domain == domain, Client.is_active).limit(first(1))


def client_roles() -> Select[Role]:
    """The roles that a client's person can have, by name."""
    return select(Role).where(Role.side == "client").order_by(Role.name)


def client_role(role_id: uuid.UUID) -> Select[Role]:
    """One of them."""
    return client_roles().where(Role.id == role_id)
