"""What proves a person: passwords, second factors, and the tokens that mails carry."""

import datetime as dt
import uuid

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, references, unique
from portal.core.sealed import Sealed
from portal.core.tenancy.tables import MemberOwned, PersonOwned


class Password(PersonOwned, Base):
    """The argon2id hash of a user's password."""

    __tablename__ = "passwords"
    __table_args__ = (references("users", user_id="id"), unique("user_id"))

    hash: Mapped[str]
    changed_at: Mapped[dt.datetime]


class Totp(PersonOwned, Base):
    """An authenticator app (RFC 6238). `last_step`: the newest time step whose code was used; older ones are spent.

    Without `confirmed_at` it is being set up and proves nothing yet.
    """

    __tablename__ = "totps"
    __table_args__ = (references("users", user_id="id"), unique("user_id"))

    secret_sealed: Mapped[str]
    secret = Sealed("secret_sealed")
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[dt.datetime]
    confirmed_at: Mapped[dt.datetime | None]


class Passkey(PersonOwned, Base):
    """A WebAuthn credential. `credential_id` and `public_key` are base64url without padding, as browsers send them."""

    __tablename__ = "passkeys"
    __table_args__ = (
        references("users", user_id="id"),
        unique("credential_id"),
        Index("ix_passkeys_user", "tenant_id", "user_id"),
    )

    name: Mapped[str]
    credential_id: Mapped[str]
    public_key: Mapped[str]
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    transports: Mapped[list[str]]
    created_at: Mapped[dt.datetime]
    last_used_at: Mapped[dt.datetime | None]


class RecoveryCode(PersonOwned, Base):
    """One of ten codes that stand in for a lost device, once; kept as a hash."""

    __tablename__ = "recovery_codes"
    __table_args__ = (references("users", user_id="id"), unique("user_id", "code_hash"))

    code_hash: Mapped[str]
    created_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


class MailToken(MemberOwned, Base):
    """What a link in a mail carries: 32 random bytes, kept as SHA-256 in hex, good once and for a time.

    `email` is the mailbox that it was sent to and therefore proves. An invitation
    belongs to a client (`client_id`, `membership_id`) or, for the staff, to none. What ended
    with no `revoked_by_user_id` was taken out of force by another link or act.
    """

    __tablename__ = "mail_tokens"
    __table_args__ = (
        references("users", user_id="id"),
        references("clients", client_id="id"),
        references("memberships", client_id="client_id", membership_id="id"),
        unique("token_hash"),
        Index("ix_mail_tokens_user", "tenant_id", "user_id", "purpose", "created_at"),
        Index("ix_mail_tokens_membership", "tenant_id", "membership_id", "created_at"),
        CheckConstraint(
            "purpose IN ('invitation', 'password_reset', 'verification', 'sign_in', 'unlocking')", name="purpose"
        ),
        CheckConstraint("membership_id IS NULL OR client_id IS NOT NULL", name="membership"),
    )

    client_id: Mapped[uuid.UUID | None]  # type: ignore[assignment]  # of no client where it is no invitation
    membership_id: Mapped[uuid.UUID | None]
    purpose: Mapped[str]
    email: Mapped[str]
    token_hash: Mapped[str]
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]
    by_user_id: Mapped[uuid.UUID | None]
    revoked_by_user_id: Mapped[uuid.UUID | None]
