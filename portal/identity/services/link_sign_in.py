"""Signing in by a link from a mail, for clients' people where the tenant allows it.

Whoever asks, the same happens, as with a forgotten password; the job that follows
knows whether there is anybody to write to. The link is the first proof alone.
"""

from portal.core import audit
from portal.core.addresses import email_key
from portal.core.events.outbox import publish
from portal.core.tenancy import doors
from portal.identity import mail_throttle, throttle
from portal.identity.devices import Device
from portal.identity.events import LinkAsked
from portal.identity.services import mail_tokens
from portal.identity.services.entering import KIND, Halfway, SignedIn, go_on, recognised
from portal.identity.services.mail_tokens import TokenSpent
from portal.identity.services.sessions import Visit


def ask(email: str, *, address: str, device: Device) -> None:
    """At the gate: somebody wants a link for this account. Raises TooManyTries, for known and unknown alike."""
    account = email_key(email)
    mark = throttle.marks("client", account)[0]
    with throttle.told(lambda _seconds: audit.record("sign_in.link_throttled", side="client", account=mark)):
        mail_throttle.count_for_account("sign-in link", "client", account, address=address, device=device)
    user_id, _membership_id = doors.recognise(kind=KIND["client"], email_key=account)
    publish(LinkAsked(user_id=user_id, purpose="sign_in"))
    audit.record("sign_in.link_asked", side="client", account=mark)


def sign_in(token: str, *, visit: Visit, device: Device) -> SignedIn | Halfway:
    """Use the link up and let its person in, or to the second factor. Raises TokenSpent."""
    row = mail_tokens.redeem("sign_in", token)
    person = recognised("client", *doors.recognise_user(kind=KIND["client"], user_id=row.user_id))
    if person is None or person.why_not or row.email != person.user.email:
        audit.record("sign_in.failed", side="client", way="link", reason="spent")
        raise TokenSpent
    return go_on(person, "link", visit=visit, device=device)
