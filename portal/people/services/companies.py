"""What the staff changes about a client itself."""

from sqlalchemy import select

from portal.clients.models import Client
from portal.core import audit
from portal.extensions import db
from portal.identity.sso import domains


class DomainTaken(Exception):
    """Another client has this email domain: whose people a sign-in brings would be a matter of chance."""


def set_email_domain(client: Client, domain: str) -> None:
    """Say whose people a company sign-in with addresses of this domain brings in; "" for nobody's.

    `domain`: a host name in lower case. Raises DomainTaken.
    """
    if client.email_domain == domain:
        return
    if domain and db.session.scalar(select(Client.id).where(Client.email_domain == domain).limit(1)) is not None:
        raise DomainTaken
    old, client.email_domain = client.email_domain, domain
    domains.forget({old})
    if domain:
        domains.ensure(domain)
    audit.record(
        "client.domain_changed", client, client_id=client.id, shown=True,
        old={"email_domain": old}, new={"email_domain": domain},
    )  # fmt: skip
    db.session.flush()
