"""Steps of proving a mail domain: the client whose it is, its page, the button, the row."""

from sqlalchemy import select

from portal.identity.models import EmailDomain
from tests import jobs

DOMAIN, NAME = "brightdental.example", "_portal-proof.brightdental.example"
COMPANY = "/msp/clients/10001"
CHECK = "/check"


def row_of(system, domain=DOMAIN, tenant="harbor"):
    with system(tenant) as session:
        row = session.execute(select(EmailDomain).where(EmailDomain.domain == domain)).scalar_one_or_none()
        if row is not None:
            session.expunge(row)
        return row


def checked(app, who, path=COMPANY, **fields):
    """Press the button, let the worker work, and read the page again."""
    done = who.submit(path, CHECK, **fields)
    assert done.status == 303, done.text
    waiting = who.follow(done)
    jobs.work_off(app)
    return waiting, who.follow(done)


def named(who):
    assert who.submit(COMPANY, "/domain", email_domain=DOMAIN).status == 303
