"""What can't be done, in words."""

from collections.abc import Callable

from flask_babel import LazyString, lazy_gettext

from portal.extensions import db
from portal.identity.refusal_words import INVITING
from portal.identity.services import invitations, second_factor
from portal.people.services import colleagues, companies, grouping, members, reviewing


def refusal_of(act: Callable[[], object]) -> str:
    """Do it; why it could not be done in words, empty where it was done.

    What was begun is taken back, so that nothing half done is committed with the answer;
    whoever shows a page afterwards reads anew.
    """
    try:
        act()
    except tuple(_REFUSALS) as refused:
        db.session.rollback()
        return str(_REFUSALS[type(refused)])
    return ""


_REFUSALS: dict[type[Exception], LazyString] = INVITING | {
    members.OwnSeat: lazy_gettext("Nobody changes their own roles or access. Ask somebody else who may."),
    members.LastAdmin: lazy_gettext("This is the last Admin of the company. Make somebody else an Admin first."),
    colleagues.LastAdministrator: lazy_gettext("This is the last Administrator. Make somebody else one first."),
    colleagues.ManagedByDirectory: lazy_gettext("The directory switched this account off; it alone switches it on."),
    second_factor.NotOnesOwn: lazy_gettext("Your own second factors are changed under your settings."),
    reviewing.DecidedAlready: lazy_gettext("Somebody else has decided this already."),
    grouping.NameTaken: lazy_gettext("There is a group of this name already."),
    grouping.ElsewhereGrouped: lazy_gettext("One of these clients is in another group already."),
    companies.DomainTaken: lazy_gettext("Another client has this email domain already."),
    grouping.NotGrantable: lazy_gettext("Only a client's person can be let into a group of clients."),
    members.NotGiveable: INVITING[invitations.RoleNotGiveable],
    members.RoleLimited: INVITING[invitations.RoleLimited],
    members.NeverCameIn: lazy_gettext("This person has never accepted the invitation. Send it again instead."),
    members.FromGroup: lazy_gettext("This access comes with a group of companies and is changed there."),
}
"""Why a change or an invitation can't be made, and the way out."""
