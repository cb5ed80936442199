"""Why somebody can't be invited, in words: the same wherever one invites."""

from typing import Final

from flask_babel import LazyString, lazy_gettext

from portal.identity.services import invitations
from portal.identity.services.people import AddressTaken, BadAddress

INVITING: Final[dict[type[Exception], LazyString]] = {
    invitations.RoleLimited: lazy_gettext(
        "Your provider has limited one of these roles to sites, so they alone take it away. Ask them for it."
    ),
    invitations.AlreadyMember: lazy_gettext("Somebody with this address has access to the company already."),
    invitations.RoleNotGiveable: lazy_gettext("You may not give this role, or this much of the tickets."),
    invitations.TooManyMails: lazy_gettext("We sent three emails within ten minutes. Wait a little, then try again."),
    invitations.TooManyInvitations: lazy_gettext(
        "You have sent as many invitations as one person may for now. Try again in an hour, or tomorrow."
    ),
    invitations.NothingToResend: lazy_gettext("There is no open invitation to send again."),
    BadAddress: lazy_gettext("Write the address in full, like name@example.com."),
    AddressTaken: lazy_gettext("Somebody with this address has an account already."),
}
