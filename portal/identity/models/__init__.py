"""Who can sign in, what proves them, what they may do, and how they got in."""

from portal.identity.models.access import (
    AccessCode,
    AccessRequest,
    AccessReview,
    AccessReviewItem,
    AccessSettings,
    ClientGroup,
    ClientGroupMember,
    GroupGrant,
)
from portal.identity.models.alerts import SecurityAlert
from portal.identity.models.people import Membership, StaffProfile, User
from portal.identity.models.proofs import MailToken, Passkey, Password, RecoveryCode, Totp
from portal.identity.models.roles import (
    BoardGroup,
    BoardGroupBoard,
    ClientAssignment,
    Denial,
    MembershipRole,
    MembershipRoleSite,
    Role,
    RolePermission,
    StaffRole,
)
from portal.identity.models.sessions import LoginSession, Throttle
from portal.identity.models.sso import EmailDomain, SsoGroupRole, SsoIdentity, SsoProvider

__all__ = [
    "AccessCode",
    "AccessRequest",
    "AccessReview",
    "AccessReviewItem",
    "AccessSettings",
    "BoardGroup",
    "BoardGroupBoard",
    "ClientAssignment",
    "ClientGroup",
    "ClientGroupMember",
    "Denial",
    "EmailDomain",
    "GroupGrant",
    "LoginSession",
    "MailToken",
    "Membership",
    "MembershipRole",
    "MembershipRoleSite",
    "Passkey",
    "Password",
    "RecoveryCode",
    "Role",
    "RolePermission",
    "SecurityAlert",
    "SsoGroupRole",
    "SsoIdentity",
    "SsoProvider",
    "StaffProfile",
    "StaffRole",
    "Throttle",
    "Totp",
    "User",
]
