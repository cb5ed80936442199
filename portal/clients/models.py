"""Clients, their sites and contacts."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column, synonym

from portal.core.db import Base, big_int, key_with_client, references, unique
from portal.core.sealed import Sealed
from portal.core.tenancy.tables import ClientOwned


class Client(ClientOwned, Base):
    """A company the MSP serves. `number` is what people see; the tax id is stored encrypted.

    `portal_access` off: nobody of this client comes in, sessions included.
    """

    __tablename__ = "clients"
    __client_key__ = "id"
    __table_args__ = (unique("number"), Index("ix_clients_name", "tenant_id", "name"))

    client_id: Mapped[uuid.UUID] = synonym("id")
    number: Mapped[int] = mapped_column(big_int)
    name: Mapped[str]
    email_domain: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    tax_id_sealed: Mapped[str | None]
    tax_id = Sealed("tax_id_sealed")
    is_active: Mapped[bool] = mapped_column(default=True)
    portal_access: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[dt.datetime]


class Site(ClientOwned, Base):
    """A client's location."""

    __tablename__ = "sites"
    __table_args__ = (key_with_client(), references("clients", client_id="id"), unique("client_id", "name"))

    name: Mapped[str]
    street: Mapped[str] = mapped_column(default="")
    postal_code: Mapped[str] = mapped_column(default="")
    city: Mapped[str] = mapped_column(default="")
    country: Mapped[str] = mapped_column(default="")


class Contact(ClientOwned, Base):
    """A person at a client, with or without a login. `portal_access` off: this one doesn't come in."""

    __tablename__ = "contacts"
    __table_args__ = (
        key_with_client(),
        references("clients", client_id="id"),
        references("sites", client_id="client_id", site_id="id"),
        Index("ix_contacts_email", "tenant_id", "email_key"),
        Index("ix_contacts_name", "tenant_id", "client_id", "name"),
        CheckConstraint("name <> ''", name="name"),
    )

    site_id: Mapped[uuid.UUID | None]
    name: Mapped[str]
    email: Mapped[str] = mapped_column(default="")
    email_key: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(default="")
    locale: Mapped[str | None]
    is_primary: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    portal_access: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[dt.datetime]
