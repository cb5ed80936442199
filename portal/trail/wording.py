"""The one table of what acts are called. An act that is not in it shows its own name.

Words complete the sentence "somebody …": who did it stands beside it on every page.
"""

from typing import Final, NamedTuple

from flask_babel import LazyString, lazy_gettext


class Act(NamedTuple):
    """A kind of act: its area, by which it is filtered, and what it is called."""

    area: str
    words: LazyString


AREAS: Final[dict[str, LazyString]] = {
    "signing_in": lazy_gettext("Signing in"),
    "proofs": lazy_gettext("Passwords and second factors"),
    "people": lazy_gettext("People and accounts"),
    "rights": lazy_gettext("Roles and rights"),
    "reading": lazy_gettext("Looking at data and taking it out"),
    "tickets": lazy_gettext("Tickets"),
    "house": lazy_gettext("Settings and the portal itself"),
}

ACTS: Final[dict[str, Act]] = {
    "sign_in.succeeded": Act("signing_in", lazy_gettext("Signed in")),
    "sign_in.failed": Act("signing_in", lazy_gettext("Tried to sign in and was refused")),
    "sign_in.throttled": Act("signing_in", lazy_gettext("Tried to sign in too often")),
    "sign_in.halfway": Act("signing_in", lazy_gettext("Gave the first proof at the sign-in")),
    "sign_in.link_asked": Act("signing_in", lazy_gettext("Asked for a sign-in link by email")),
    "sign_in.link_throttled": Act("signing_in", lazy_gettext("Asked for sign-in links too often")),
    "link.refused": Act("signing_in", lazy_gettext("Used a link that can't be used any more")),
    "link.throttled": Act("signing_in", lazy_gettext("Used too many links that can't be used any more")),
    "session.confirmed": Act("signing_in", lazy_gettext("Proved anew who they are")),
    "session.not_confirmed": Act("signing_in", lazy_gettext("Failed to prove anew who they are")),
    "session.throttled": Act("signing_in", lazy_gettext("Tried too often to prove anew who they are")),
    "session.ended": Act("signing_in", lazy_gettext("Was signed out")),
    "password.changed": Act("proofs", lazy_gettext("Changed a password")),
    "password.reset_asked": Act("proofs", lazy_gettext("Asked to set a new password")),
    "password.reset_throttled": Act("proofs", lazy_gettext("Asked too often to set a new password")),
    "second_factor.added": Act("proofs", lazy_gettext("Set up a second factor")),
    "second_factor.refused": Act("proofs", lazy_gettext("Tried to set up a second factor and was refused")),
    "second_factor.removed": Act("proofs", lazy_gettext("Removed a second factor")),
    "second_factor.reset": Act("proofs", lazy_gettext("Reset somebody's second factors")),
    "second_factor.code_used": Act("proofs", lazy_gettext("Used a recovery code")),
    "second_factor.codes_made": Act("proofs", lazy_gettext("Made new recovery codes")),
    "user.created": Act("people", lazy_gettext("Made a login")),
    "membership.created": Act("people", lazy_gettext("Gave access to a client")),
    "contact.created": Act("people", lazy_gettext("Added a contact")),
    "invitation.sent": Act("people", lazy_gettext("Invited somebody")),
    "invitation.resent": Act("people", lazy_gettext("Sent an invitation once more")),
    "invitation.revoked": Act("people", lazy_gettext("Took an invitation back")),
    "access_code.issued": Act("people", lazy_gettext("Handed out an access code")),
    "access_code.used": Act("people", lazy_gettext("Linked an account with an access code")),
    "access_code.refused": Act("people", lazy_gettext("Typed an access code that isn't good")),
    "access_code.throttled": Act("people", lazy_gettext("Typed access codes too often")),
    "access_code.revoked": Act("people", lazy_gettext("Took an access code back")),
    "access.requested": Act("people", lazy_gettext("Asked for an account")),
    "access.throttled": Act("people", lazy_gettext("Asked for an account too often")),
    "access.decided": Act("people", lazy_gettext("Decided on a request for an account")),
    "portal_access.changed": Act("people", lazy_gettext("Switched portal access on or off")),
    "portal.opened": Act("reading", lazy_gettext("Opened the portal as somebody")),
    "portal.left": Act("reading", lazy_gettext("Closed the portal they had opened as somebody")),
    "role.changed": Act("rights", lazy_gettext("Changed what a role may do")),
    "role.renamed": Act("rights", lazy_gettext("Renamed a role")),
    "role.deleted": Act("rights", lazy_gettext("Deleted a role")),
    "role.limited": Act("rights", lazy_gettext("Limited a role to sites")),
    "roles.changed": Act("rights", lazy_gettext("Changed somebody's roles")),
    "client.domain_changed": Act("rights", lazy_gettext("Changed whose addresses belong to a client")),
    "domain.proven": Act("rights", lazy_gettext("Had an email domain proven")),
    "domain.missing": Act("house", lazy_gettext("Missed the record that proves an email domain")),
    "domain.lost": Act("rights", lazy_gettext("Lost the proof of an email domain")),
    "client.denied": Act("rights", lazy_gettext("Changed what a client's people may never do")),
    "membership.denied": Act("rights", lazy_gettext("Changed what somebody may never do")),
    "membership.narrowed": Act("rights", lazy_gettext("Changed which tickets somebody sees")),
    "board_group.saved": Act("rights", lazy_gettext("Changed a group of boards")),
    "board_group.deleted": Act("rights", lazy_gettext("Deleted a group of boards")),
    "colleague.assigned": Act("rights", lazy_gettext("Changed whose clients a colleague sees")),
    "contact.changed": Act("people", lazy_gettext("Changed a contact")),
    "membership.deactivated": Act("people", lazy_gettext("Took somebody's access away")),
    "membership.activated": Act("people", lazy_gettext("Gave somebody's access back")),
    "tickets.joined": Act("tickets", lazy_gettext("Got the tickets that their address had reported before")),
    "session.moved": Act("signing_in", lazy_gettext("Changed to another company")),
    "password.reset": Act("proofs", lazy_gettext("Set a new password by a link")),
    "user.state_changed": Act("people", lazy_gettext("Switched an account on, off or locked it")),
    "address.change_asked": Act("proofs", lazy_gettext("Asked to change the email address")),
    "address.changed": Act("proofs", lazy_gettext("Changed the email address")),
    "address.not_proven": Act("proofs", lazy_gettext("Gave a wrong password when proving an email address")),
    "address.throttled": Act("proofs", lazy_gettext("Gave too many passwords when proving an email address")),
    "invitation.accepted": Act("people", lazy_gettext("Accepted an invitation")),
    "access_review.started": Act("rights", lazy_gettext("Began an access review")),
    "access_review.decided": Act("rights", lazy_gettext("Decided on somebody in an access review")),
    "access_review.finished": Act("rights", lazy_gettext("Finished an access review")),
    "client_group.created": Act("people", lazy_gettext("Made a group of clients")),
    "client_group.changed": Act("people", lazy_gettext("Changed a group of clients")),
    "client_group.deleted": Act("people", lazy_gettext("Deleted a group of clients")),
    "group_grant.given": Act("rights", lazy_gettext("Gave access to a group of clients")),
    "group_grant.revoked": Act("rights", lazy_gettext("Took access to a group of clients away")),
    "role.created": Act("rights", lazy_gettext("Made a role")),
    "role.given": Act("rights", lazy_gettext("Gave a role")),
    "audit.exported": Act("reading", lazy_gettext("Exported the audit trail")),
    "activity.exported": Act("reading", lazy_gettext("Exported the activity")),
    "misses.counted": Act("reading", lazy_gettext("Asked for many pages that are not there")),
    "ticket.opened": Act("tickets", lazy_gettext("Opened a ticket")),
    "ticket.commented": Act("tickets", lazy_gettext("Answered on a ticket")),
    "ticket.noted": Act("tickets", lazy_gettext("Left an internal note")),
    "ticket.assigned": Act("tickets", lazy_gettext("Gave a ticket to somebody")),
    "ticket.priority_changed": Act("tickets", lazy_gettext("Changed a ticket's priority")),
    "ticket.status_changed": Act("tickets", lazy_gettext("Changed a ticket's status")),
    "ticket.private_read": Act("reading", lazy_gettext("Read a private ticket without being named on it")),
    "ticket.person_named": Act("tickets", lazy_gettext("Let somebody take part in a ticket")),
    "ticket.person_taken_off": Act("tickets", lazy_gettext("Took somebody off a ticket")),
    "ticket.sealed": Act("tickets", lazy_gettext("Made a ticket private")),
    "ticket.unsealed": Act("tickets", lazy_gettext("Ended that a ticket is private")),
    "access.changed": Act("rights", lazy_gettext("Changed the ways in")),
    "tenant.logo_set": Act("house", lazy_gettext("Changed the logo")),
    "tenant.logo_removed": Act("house", lazy_gettext("Removed the logo")),
    "tenant.color_set": Act("house", lazy_gettext("Changed the colour")),
    "tenant.created": Act("house", lazy_gettext("Set up this portal")),
    "mail.resent": Act("house", lazy_gettext("Sent an email once more")),
    "outbox.replayed": Act("house", lazy_gettext("Tried a failed delivery again")),
    "outbox.discarded": Act("house", lazy_gettext("Discarded a failed delivery")),
    "audit.trimmed": Act("house", lazy_gettext("Removed entries that were kept long enough")),
    "alert.seen": Act("house", lazy_gettext("Marked an alert as seen")),
    "sso.provider_added": Act("house", lazy_gettext("Added a single sign-on")),
    "sso.provider_changed": Act("house", lazy_gettext("Changed a single sign-on")),
    "sso.linked": Act("people", lazy_gettext("Was linked with their company login")),
    "sso.user_created": Act("people", lazy_gettext("Got an account through their company login")),
    "sso.roles_changed": Act("rights", lazy_gettext("Got the roles of their groups")),
    "sso.kept": Act("rights", lazy_gettext("Kept the rights of the last one who can change roles")),
    "sso.throttled": Act("signing_in", lazy_gettext("Was refused at the company login too often")),
    "sso.refused": Act("signing_in", lazy_gettext("Was refused after the company login")),
}

RIGHTS_CHANGES: Final = tuple(name for name, act in ACTS.items() if act.area == "rights" and name[:4] != "sso.")
"""What counts as a change of permissions, which is unusual at night."""
EXPORTS: Final = tuple(name for name in ACTS if name.endswith(".exported"))

KINDS: Final[dict[str, LazyString]] = {
    "tickets": lazy_gettext("Ticket"),
    "clients": lazy_gettext("Client"),
    "users": lazy_gettext("Login"),
    "contacts": lazy_gettext("Contact"),
    "memberships": lazy_gettext("Membership"),
    "roles": lazy_gettext("Role"),
    "sessions": lazy_gettext("Session"),
    "sso_providers": lazy_gettext("Single sign-on"),
    "email_domains": lazy_gettext("Email domain"),
    "access_settings": lazy_gettext("Access settings"),
    "outgoing_mail": lazy_gettext("Email"),
    "security_alerts": lazy_gettext("Alert"),
    "tenants": lazy_gettext("Portal"),
    "membership_roles": lazy_gettext("Role"),
    "board_groups": lazy_gettext("Group of boards"),
    "client_groups": lazy_gettext("Group of clients"),
    "group_grants": lazy_gettext("Grant over a group"),
    "access_reviews": lazy_gettext("Access review"),
    "access_review_items": lazy_gettext("Access review"),
    "access_requests": lazy_gettext("Request for an account"),
    "access_codes": lazy_gettext("Access code"),
    "staff_profiles": lazy_gettext("Colleague"),
}
"""What objects are called, by their table; others show the table's name."""

FIELDS: Final[dict[str, LazyString]] = {
    "priority": lazy_gettext("Priority"),
    "status": lazy_gettext("Status"),
    "assignee": lazy_gettext("Assigned to"),
    "state": lazy_gettext("State"),
    "name": lazy_gettext("Name"),
    "role": lazy_gettext("Role"),
    "roles": lazy_gettext("Roles"),
    "permissions": lazy_gettext("Permissions"),
    "email": lazy_gettext("Email address"),
    "email_domain": lazy_gettext("Email domain"),
    "reason": lazy_gettext("Reason"),
    "side": lazy_gettext("Side"),
    "kind": lazy_gettext("Kind"),
    "scope": lazy_gettext("Sees"),
    "files": lazy_gettext("Files"),
    "number": lazy_gettext("Number"),
    "country": lazy_gettext("Country"),
    "new_device": lazy_gettext("New device"),
    "count": lazy_gettext("How many"),
    "way": lazy_gettext("By"),
    "factor": lazy_gettext("Second factor"),
    "what": lazy_gettext("What"),
    "taken": lazy_gettext("How many"),
    "left": lazy_gettext("Left"),
    "by": lazy_gettext("By"),
    "user": lazy_gettext("Login"),
    "seat": lazy_gettext("Person"),
    "staff": lazy_gettext("Colleague"),
    "contact": lazy_gettext("Contact"),
    "part": lazy_gettext("Takes part as"),
    "decision": lazy_gettext("Decision"),
    "people": lazy_gettext("People"),
    "purpose": lazy_gettext("For what"),
    "provider": lazy_gettext("Single sign-on"),
    "seconds": lazy_gettext("Wait in seconds"),
    "ticket_scope": lazy_gettext("Sees"),
    "site": lazy_gettext("Site"),
    "sites": lazy_gettext("Sites"),
    "boards": lazy_gettext("Boards"),
    "board_group": lazy_gettext("Group of boards"),
    "clients": lazy_gettext("Clients"),
    "only": lazy_gettext("No other clients"),
    "denied": lazy_gettext("Never allowed"),
    "giveable": lazy_gettext("A client's Admin may give it"),
    "requires_mfa": lazy_gettext("Needs a second factor"),
    "private": lazy_gettext("Private"),
    "tickets": lazy_gettext("Tickets"),
    "slug": lazy_gettext("Address"),
    "logo_alt": lazy_gettext("Logo"),
    "brand_color": lazy_gettext("Colour"),
    "on": lazy_gettext("Portal access"),
    "active": lazy_gettext("Active"),
    "is_active": lazy_gettext("Switched on"),
    "is_required": lazy_gettext("The only way in"),
    "creates_users": lazy_gettext("Makes accounts"),
    "issuer": lazy_gettext("Issuer"),
    "domains": lazy_gettext("Domains"),
    "app_id": lazy_gettext("Application (client) ID"),
    "group_claim": lazy_gettext("Claim with the groups"),
    "before": lazy_gettext("Before"),
    "path": lazy_gettext("Page"),
    "link_sign_in": lazy_gettext("Sign-in link"),
    "number_sign_in": lazy_gettext("Sign-in by number"),
    "takes_requests": lazy_gettext("Takes requests for access"),
    "view_as_may_write": lazy_gettext("Whoever looks on may write"),
    "review_days": lazy_gettext("Days between reviews of access"),
    "audit_months": lazy_gettext("Months that the trail is kept"),
    "alert_failures": lazy_gettext("Failed sign-ins in an hour that raise an alert"),
    "alert_exports": lazy_gettext("Exports in a day that raise an alert"),
    "alert_devices": lazy_gettext("New devices of a person in a day that raise an alert"),
    "alert_countries": lazy_gettext("Raise an alert when somebody signs in from a new country"),
    "alert_travel_hours": lazy_gettext("Hours within which two countries are too far apart"),
    "night_from": lazy_gettext("Night begins at (hour)"),
    "night_to": lazy_gettext("Night ends at (hour)"),
    "locks_travellers": lazy_gettext("Lock an account that signs in from two countries too far apart"),
    "amount_limit_minor": lazy_gettext("Amount above which an Administrator decides"),
}
"""What fields are called; others show their own name."""


def words_of(action: str) -> str:
    """What an act is called; its own name where nobody wrote words for it."""
    known = ACTS.get(action)
    return str(known.words) if known is not None else action


def kind_of(table: str) -> str:
    """What a kind of object is called."""
    return str(KINDS.get(table, table))


def field_of(name: str) -> str:
    """What a field is called."""
    return str(FIELDS.get(name, name))


def acts_of(area: str) -> tuple[str, ...]:
    """The acts of an area."""
    return tuple(name for name, act in ACTS.items() if act.area == area)
