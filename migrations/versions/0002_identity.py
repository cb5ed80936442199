"""Identity and access: what proves people, how they come in, what narrows what they may see.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.secure import (
    door,
    hold_to_assigned,
    open_to_door,
    person_to_member,
    secure_client,
    secure_common,
    secure_member,
    secure_person,
    secure_shared,
    secure_staff,
    secure_tenants,
    shut,
)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the new tables, change those there are, close them, cut the doors anew."""
    _groups()
    _changes()
    _tables()
    _security()
    _audit_security()
    _doors()
    _settings()
    _permissions()


def _required(table: str, column: sa.Column[object], value: str) -> None:
    """Add a column that no row may lack; the value of old rows is written without touching them (PostgreSQL 11)."""
    column.nullable = False
    column.server_default = sa.DefaultClause(sa.text(value))
    op.add_column(table, column)
    op.alter_column(table, column.name, server_default=None)


def _groups() -> None:
    op.create_table(
        "board_groups",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_board_groups")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_board_groups_tenant_id_name")),
    )
    op.create_table(
        "client_groups",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_client_groups")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_client_groups_tenant_id_name")),
    )
    op.create_table(
        "board_group_boards",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("board_group_id", sa.Uuid(), nullable=False),
        sa.Column("board_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "board_group_id"],
            ["board_groups.tenant_id", "board_groups.id"],
            name=op.f("fk_board_group_boards_tenant_id_board_group_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "board_id"],
            ["boards.tenant_id", "boards.id"],
            name=op.f("fk_board_group_boards_tenant_id_board_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_board_group_boards")),
        sa.UniqueConstraint(
            "tenant_id",
            "board_group_id",
            "board_id",
            name=op.f("uq_board_group_boards_tenant_id_board_group_id_board_id"),
        ),
    )
    op.create_table(
        "group_grants",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_scope", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "ticket_scope IN ('own', 'taking_part', 'site', 'company')", name=op.f("ck_group_grants_ticket_scope")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "group_id"],
            ["client_groups.tenant_id", "client_groups.id"],
            name=op.f("fk_group_grants_tenant_id_group_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "role_id"], ["roles.tenant_id", "roles.id"], name=op.f("fk_group_grants_tenant_id_role_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], name=op.f("fk_group_grants_tenant_id_user_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_group_grants")),
        sa.UniqueConstraint(
            "tenant_id", "group_id", "user_id", name=op.f("uq_group_grants_tenant_id_group_id_user_id")
        ),
    )


def _changes() -> None:
    _required("audit_entries", sa.Column("visibility", sa.Text()), "'internal'")
    op.create_index("ix_audit_entries_client", "audit_entries", ["tenant_id", "client_id", "at", "id"])
    op.create_index("ix_audit_entries_user", "audit_entries", ["tenant_id", "user_id", "at", "id"])
    op.create_index("ix_audit_entries_action", "audit_entries", ["tenant_id", "action", "at", "id"])
    _required("audit_heads", sa.Column("trimmed_position", sa.BigInteger()), "0")
    _required("audit_heads", sa.Column("trimmed_digest", sa.Text()), "''")
    _required("clients", sa.Column("portal_access", sa.Boolean()), "true")
    _required("contacts", sa.Column("portal_access", sa.Boolean()), "true")
    _required("roles", sa.Column("requires_mfa", sa.Boolean()), "false")
    _required("staff_profiles", sa.Column("sees_assigned_only", sa.Boolean()), "false")
    _required("tickets", sa.Column("is_private", sa.Boolean()), "false")
    _required("users", sa.Column("state_reason", sa.Text()), "''")
    _required("users", sa.Column("is_managed", sa.Boolean()), "false")
    op.add_column("users", sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE users SET verified_at = created_at WHERE state <> 'pending'")
    op.create_check_constraint("state_reason", "users", "state_reason IN ('', 'staff', 'risk', 'directory')")
    _sessions()
    _memberships()


def _sessions() -> None:
    op.add_column("sessions", sa.Column("as_client_id", sa.Uuid(), nullable=True))
    op.add_column("sessions", sa.Column("as_contact_id", sa.Uuid(), nullable=True))
    op.add_column("sessions", sa.Column("parent_id", sa.Uuid(), nullable=True))
    op.add_column("sessions", sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))
    _required("sessions", sa.Column("country", sa.Text()), "''")
    op.add_column("sessions", sa.Column("former_hash", sa.Text(), nullable=True))
    op.add_column("sessions", sa.Column("former_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sessions", sa.Column("privileges", sa.Text(), nullable=True))
    op.create_index(
        "ix_sessions_former",
        "sessions",
        ["tenant_id", "former_hash"],
        unique=False,
        postgresql_where=sa.text("former_hash IS NOT NULL"),
    )
    op.create_foreign_key(
        op.f("fk_sessions_tenant_id_as_client_id_as_contact_id"),
        "sessions",
        "contacts",
        ["tenant_id", "as_client_id", "as_contact_id"],
        ["tenant_id", "client_id", "id"],
    )
    op.drop_constraint(op.f("ck_sessions_membership"), "sessions", type_="check")
    op.create_check_constraint(
        "seat", "sessions", "(side = 'client') = ((membership_id IS NOT NULL) <> (as_contact_id IS NOT NULL))"
    )
    op.create_check_constraint(
        "as_contact",
        "sessions",
        "(as_contact_id IS NULL) = (as_client_id IS NULL) AND (as_contact_id IS NULL) = (parent_id IS NULL)",
    )


def _memberships() -> None:
    op.add_column("memberships", sa.Column("board_group_id", sa.Uuid(), nullable=True))
    op.add_column("memberships", sa.Column("group_grant_id", sa.Uuid(), nullable=True))
    op.create_unique_constraint(
        op.f("uq_memberships_tenant_id_client_id_id"), "memberships", ["tenant_id", "client_id", "id"]
    )
    op.create_foreign_key(
        op.f("fk_memberships_tenant_id_group_grant_id"),
        "memberships",
        "group_grants",
        ["tenant_id", "group_grant_id"],
        ["tenant_id", "id"],
    )
    op.create_foreign_key(
        op.f("fk_memberships_tenant_id_board_group_id"),
        "memberships",
        "board_groups",
        ["tenant_id", "board_group_id"],
        ["tenant_id", "id"],
    )
    op.add_column("membership_roles", sa.Column("client_id", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE membership_roles r SET client_id = m.client_id FROM memberships m"
        " WHERE m.tenant_id = r.tenant_id AND m.id = r.membership_id"
    )
    op.alter_column("membership_roles", "client_id", nullable=False)
    op.create_unique_constraint(
        op.f("uq_membership_roles_tenant_id_client_id_id"), "membership_roles", ["tenant_id", "client_id", "id"]
    )
    op.drop_constraint(op.f("fk_membership_roles_tenant_id_membership_id"), "membership_roles", type_="foreignkey")
    op.create_foreign_key(
        op.f("fk_membership_roles_tenant_id_client_id_membership_id"),
        "membership_roles",
        "memberships",
        ["tenant_id", "client_id", "membership_id"],
        ["tenant_id", "client_id", "id"],
    )


def _tables() -> None:
    op.create_table(
        "access_settings",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number_sign_in", sa.Boolean(), nullable=False),
        sa.Column("link_sign_in", sa.Boolean(), nullable=False),
        sa.Column("takes_requests", sa.Boolean(), nullable=False),
        sa.Column("view_as_may_write", sa.Boolean(), nullable=False),
        sa.Column("amount_limit_minor", sa.BigInteger(), nullable=True),
        sa.Column("review_days", sa.Integer(), nullable=True),
        sa.Column("audit_months", sa.Integer(), nullable=False),
        sa.Column("alert_failures", sa.Integer(), nullable=False),
        sa.Column("alert_exports", sa.Integer(), nullable=False),
        sa.Column("alert_devices", sa.Integer(), nullable=False),
        sa.Column("alert_countries", sa.Boolean(), nullable=False),
        sa.Column("alert_travel_hours", sa.Integer(), nullable=False),
        sa.Column("night_from", sa.Integer(), nullable=False),
        sa.Column("night_to", sa.Integer(), nullable=False),
        sa.Column("locks_travellers", sa.Boolean(), nullable=False),
        sa.CheckConstraint("audit_months >= 12", name=op.f("ck_access_settings_audit_months")),
        sa.CheckConstraint(
            "night_from BETWEEN 0 AND 23 AND night_to BETWEEN 0 AND 23", name=op.f("ck_access_settings_night")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_access_settings")),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_access_settings_tenant_id")),
    )
    op.create_table(
        "sso_providers",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("app_secret_sealed", sa.Text(), nullable=False),
        sa.Column("group_claim", sa.Text(), nullable=False),
        sa.Column("domains", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("creates_users", sa.Boolean(), nullable=False),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('entra', 'google', 'other')", name=op.f("ck_sso_providers_kind")),
        sa.CheckConstraint("side IN ('client', 'msp')", name=op.f("ck_sso_providers_side")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sso_providers")),
        sa.UniqueConstraint("tenant_id", "slug", name=op.f("uq_sso_providers_tenant_id_slug")),
    )
    op.create_table(
        "access_requests",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_user_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'approved', 'refused')", name=op.f("ck_access_requests_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "decided_by_user_id"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_access_requests_tenant_id_decided_by_user_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_access_requests")),
    )
    op.create_index(
        "ix_access_requests_state", "access_requests", ["tenant_id", "state", "created_at", "id"], unique=False
    )
    op.create_table(
        "access_reviews",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_access_reviews_tenant_id_client_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_access_reviews")),
        sa.UniqueConstraint("tenant_id", "client_id", "id", name=op.f("uq_access_reviews_tenant_id_client_id_id")),
    )
    op.create_index("ix_access_reviews_due", "access_reviews", ["tenant_id", "client_id", "due_at"], unique=False)
    op.create_table(
        "client_assignments",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_client_assignments_tenant_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_client_assignments_tenant_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_client_assignments")),
        sa.UniqueConstraint(
            "tenant_id", "user_id", "client_id", name=op.f("uq_client_assignments_tenant_id_user_id_client_id")
        ),
    )
    op.create_table(
        "client_group_members",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_client_group_members_tenant_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "group_id"],
            ["client_groups.tenant_id", "client_groups.id"],
            name=op.f("fk_client_group_members_tenant_id_group_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_client_group_members")),
        sa.UniqueConstraint("tenant_id", "client_id", name=op.f("uq_client_group_members_tenant_id_client_id")),
    )
    op.create_table(
        "email_domains",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proven_by_user_id", sa.Uuid(), nullable=True),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('', 'found', 'other', 'no_name', 'timeout', 'failed')", name=op.f("ck_email_domains_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "proven_by_user_id"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_email_domains_tenant_id_proven_by_user_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_email_domains")),
        sa.UniqueConstraint("tenant_id", "domain", name=op.f("uq_email_domains_tenant_id_domain")),
    )
    op.create_table(
        "passkeys",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("credential_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], name=op.f("fk_passkeys_tenant_id_user_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("tenant_id", "credential_id", name=op.f("uq_passkeys_tenant_id_credential_id")),
    )
    op.create_index("ix_passkeys_user", "passkeys", ["tenant_id", "user_id"], unique=False)
    op.create_table(
        "recovery_codes",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], name=op.f("fk_recovery_codes_tenant_id_user_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_recovery_codes")),
        sa.UniqueConstraint(
            "tenant_id", "user_id", "code_hash", name=op.f("uq_recovery_codes_tenant_id_user_id_code_hash")
        ),
    )
    op.create_table(
        "security_alerts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by_user_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_security_alerts_tenant_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "seen_by_user_id"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_security_alerts_tenant_id_seen_by_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], name=op.f("fk_security_alerts_tenant_id_user_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_security_alerts")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_security_alerts_tenant_id_key")),
    )
    op.create_index("ix_security_alerts_at", "security_alerts", ["tenant_id", "at", "id"], unique=False)
    op.create_table(
        "sso_group_roles",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "provider_id"],
            ["sso_providers.tenant_id", "sso_providers.id"],
            name=op.f("fk_sso_group_roles_tenant_id_provider_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "role_id"], ["roles.tenant_id", "roles.id"], name=op.f("fk_sso_group_roles_tenant_id_role_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sso_group_roles")),
        sa.UniqueConstraint(
            "tenant_id",
            "provider_id",
            "group_name",
            "role_id",
            name=op.f("uq_sso_group_roles_tenant_id_provider_id_group_name_role_id"),
        ),
    )
    op.create_table(
        "sso_identities",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "provider_id"],
            ["sso_providers.tenant_id", "sso_providers.id"],
            name=op.f("fk_sso_identities_tenant_id_provider_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], name=op.f("fk_sso_identities_tenant_id_user_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sso_identities")),
        sa.UniqueConstraint(
            "tenant_id", "provider_id", "subject", name=op.f("uq_sso_identities_tenant_id_provider_id_subject")
        ),
        sa.UniqueConstraint(
            "tenant_id", "user_id", "provider_id", name=op.f("uq_sso_identities_tenant_id_user_id_provider_id")
        ),
    )
    op.create_table(
        "totps",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], name=op.f("fk_totps_tenant_id_user_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_totps")),
        sa.UniqueConstraint("tenant_id", "user_id", name=op.f("uq_totps_tenant_id_user_id")),
    )
    op.create_table(
        "access_codes",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_user_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "by_user_id"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_access_codes_tenant_id_by_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id", "contact_id"],
            ["contacts.tenant_id", "contacts.client_id", "contacts.id"],
            name=op.f("fk_access_codes_tenant_id_client_id_contact_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_access_codes")),
        sa.UniqueConstraint("tenant_id", "code_hash", name=op.f("uq_access_codes_tenant_id_code_hash")),
    )
    op.create_index(
        "ix_access_codes_contact", "access_codes", ["tenant_id", "client_id", "contact_id", "created_at"], unique=False
    )
    op.create_table(
        "access_review_items",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_contact_id", sa.Uuid(), nullable=True),
        sa.Column("by_user_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("decision IN ('kept', 'removed')", name=op.f("ck_access_review_items_decision")),
        sa.CheckConstraint("by_contact_id IS NULL OR by_user_id IS NULL", name=op.f("ck_access_review_items_by")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "by_user_id"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_access_review_items_tenant_id_by_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id", "by_contact_id"],
            ["contacts.tenant_id", "contacts.client_id", "contacts.id"],
            name=op.f("fk_access_review_items_tenant_id_client_id_by_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id", "membership_id"],
            ["memberships.tenant_id", "memberships.client_id", "memberships.id"],
            name=op.f("fk_access_review_items_tenant_id_client_id_membership_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id", "review_id"],
            ["access_reviews.tenant_id", "access_reviews.client_id", "access_reviews.id"],
            name=op.f("fk_access_review_items_tenant_id_client_id_review_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_access_review_items")),
        sa.UniqueConstraint(
            "tenant_id",
            "review_id",
            "membership_id",
            name=op.f("uq_access_review_items_tenant_id_review_id_membership_id"),
        ),
    )
    op.create_table(
        "denials",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("membership_id", sa.Uuid(), nullable=True),
        sa.Column("permission", sa.Text(), nullable=False),
        sa.CheckConstraint("(client_id IS NULL) <> (membership_id IS NULL)", name=op.f("ck_denials_whose")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], name=op.f("fk_denials_tenant_id_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "membership_id"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f("fk_denials_tenant_id_membership_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_denials")),
        sa.UniqueConstraint(
            "tenant_id", "client_id", "permission", name=op.f("uq_denials_tenant_id_client_id_permission")
        ),
        sa.UniqueConstraint(
            "tenant_id", "membership_id", "permission", name=op.f("uq_denials_tenant_id_membership_id_permission")
        ),
    )
    op.create_table(
        "mail_tokens",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_user_id", sa.Uuid(), nullable=True),
        sa.Column("revoked_by_user_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('invitation', 'password_reset', 'verification', 'sign_in', 'unlocking')",
            name=op.f("ck_mail_tokens_purpose"),
        ),
        sa.CheckConstraint("membership_id IS NULL OR client_id IS NOT NULL", name=op.f("ck_mail_tokens_membership")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id", "membership_id"],
            ["memberships.tenant_id", "memberships.client_id", "memberships.id"],
            name=op.f("fk_mail_tokens_tenant_id_client_id_membership_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_mail_tokens_tenant_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], name=op.f("fk_mail_tokens_tenant_id_user_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_mail_tokens")),
        sa.UniqueConstraint("tenant_id", "token_hash", name=op.f("uq_mail_tokens_tenant_id_token_hash")),
    )
    op.create_index(
        "ix_mail_tokens_membership", "mail_tokens", ["tenant_id", "membership_id", "created_at"], unique=False
    )
    op.create_index(
        "ix_mail_tokens_user", "mail_tokens", ["tenant_id", "user_id", "purpose", "created_at"], unique=False
    )
    op.create_table(
        "membership_role_sites",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("membership_role_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id", "membership_role_id"],
            ["membership_roles.tenant_id", "membership_roles.client_id", "membership_roles.id"],
            name=op.f("fk_membership_role_sites_tenant_id_client_id_membership_role_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id", "site_id"],
            ["sites.tenant_id", "sites.client_id", "sites.id"],
            name=op.f("fk_membership_role_sites_tenant_id_client_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_membership_role_sites")),
        sa.UniqueConstraint(
            "tenant_id",
            "membership_role_id",
            "site_id",
            name=op.f("uq_membership_role_sites_tenant_id_membership_role_id_site_id"),
        ),
    )


def _security() -> None:
    secure_tenants("tenants")
    for table in ("access_settings", "sso_providers", "sso_group_roles"):
        secure_common(table)
    for table in ("board_groups", "board_group_boards", "client_groups"):
        secure_shared(table)
    for table in (
        "client_group_members", "group_grants", "denials", "client_assignments", "access_requests", "security_alerts",
        "email_domains",
    ):  # fmt: skip
        secure_staff(table)
    for table in ("membership_role_sites", "access_codes", "access_reviews", "access_review_items"):
        secure_client(table)
        hold_to_assigned(table)
    for table in ("totps", "passkeys", "recovery_codes", "sso_identities"):
        secure_person(table)
    secure_member("mail_tokens")
    for table in ("memberships", "membership_roles"):
        person_to_member(table)
    hold_to_assigned("clients", key="id")
    for table in ("sites", "contacts", "tickets", "ticket_people"):
        hold_to_assigned(table)
    for table in ("comments", "ticket_changes", "attachments"):
        hold_to_assigned(table, visibility=True)


def _audit_security() -> None:
    """The trail was the staff's alone; from here on a client reads what of it is public. Nobody writes but the door."""
    for verb in ("insert", "select", "update", "delete"):
        op.execute(f"DROP POLICY tenant_{verb} ON audit_entries")
    op.execute("REVOKE ALL ON audit_entries FROM portal_app")
    op.execute("ALTER TABLE audit_entries DISABLE ROW LEVEL SECURITY")
    op.execute("DROP POLICY owner ON audit_entries")
    secure_client("audit_entries", visibility=True)
    hold_to_assigned("audit_entries", visibility=True)
    op.execute("REVOKE INSERT, UPDATE, DELETE ON audit_entries FROM portal_app")


def _grants_of_doors() -> None:
    op.execute("GRANT SELECT (portal_access) ON clients TO portal_door")
    op.execute("GRANT SELECT (number, phone) ON clients TO portal_door")
    op.execute("GRANT SELECT (portal_access, client_id, site_id, name, phone) ON contacts TO portal_door")
    op.execute("GRANT SELECT (proved_at, as_client_id, as_contact_id, parent_id) ON sessions TO portal_door")
    kept = "(former_hash, former_until, privileges)"
    op.execute(f"GRANT SELECT {kept}, UPDATE {kept}, UPDATE (token_hash) ON sessions TO portal_door")
    op.execute("GRANT DELETE ON sessions TO portal_door")
    op.execute("CREATE POLICY door_delete ON sessions FOR DELETE TO portal_door USING (true)")
    op.execute("GRANT SELECT (board_group_id) ON memberships TO portal_door")
    op.execute("GRANT SELECT (id) ON membership_roles TO portal_door")
    op.execute("GRANT INSERT (visibility) ON audit_entries TO portal_door")
    op.execute("GRANT SELECT (position, at, digest), DELETE ON audit_entries TO portal_door")
    op.execute("CREATE POLICY door_delete ON audit_entries FOR DELETE TO portal_door USING (true)")
    columns = "(trimmed_position, trimmed_digest)"
    op.execute(f"GRANT SELECT {columns}, INSERT {columns}, UPDATE {columns} ON audit_heads TO portal_door")
    open_to_door("tenants", select="*")
    open_to_door("membership_role_sites", select="tenant_id, membership_role_id, site_id")
    open_to_door("denials", select="tenant_id, client_id, membership_id, permission")
    open_to_door("board_group_boards", select="tenant_id, board_group_id, board_id")
    open_to_door("client_assignments", select="tenant_id, user_id, client_id")
    open_to_door("staff_profiles", select="tenant_id, user_id, is_active, sees_assigned_only")
    open_to_door("access_settings", select="tenant_id, view_as_may_write, audit_months")
    open_to_door("roles", select="tenant_id, id, side, key, requires_mfa")
    open_to_door("passkeys", select="tenant_id, user_id, credential_id")
    open_to_door("totps", select="tenant_id, user_id, confirmed_at")
    open_to_door("sso_identities", select="tenant_id, user_id, provider_id, subject")
    open_to_door("mail_tokens", select="tenant_id, user_id, purpose, token_hash, used_at, revoked_at, expires_at")
    open_to_door(
        "access_codes",
        select="tenant_id, client_id, contact_id, code_hash, used_at, revoked_at, expires_at",
        update="used_at",
    )
    op.execute("GRANT INSERT (tenant_id, id, kind, email, email_key, name, state, state_reason, is_managed, created_at)"
               " ON users TO portal_door")  # fmt: skip
    op.execute("GRANT SELECT (verified_at, created_at) ON users TO portal_door")
    op.execute("CREATE POLICY door_insert ON users FOR INSERT TO portal_door WITH CHECK (true)")
    op.execute("GRANT INSERT (tenant_id, id, user_id, hash, changed_at) ON passwords TO portal_door")
    op.execute("CREATE POLICY door_insert ON passwords FOR INSERT TO portal_door WITH CHECK (true)")
    op.execute("GRANT INSERT (tenant_id, id, client_id, user_id, contact_id, site_id, ticket_scope, is_active,"
               " created_at) ON memberships TO portal_door")  # fmt: skip
    op.execute("CREATE POLICY door_insert ON memberships FOR INSERT TO portal_door WITH CHECK (true)")
    op.execute("GRANT INSERT (tenant_id, id, client_id, user_id, membership_id, role_id)"
               " ON membership_roles TO portal_door")  # fmt: skip
    op.execute("CREATE POLICY door_insert ON membership_roles FOR INSERT TO portal_door WITH CHECK (true)")


def _doors() -> None:
    _grants_of_doors()
    shut("enter", "text, text, text, text, text, timestamptz, interval")
    shut("recognise", "text, text")
    shut("audit_append", "jsonb")
    door("enter", "text, text, text, text, text, timestamptz, interval", since="0002")
    door("recognise_user", "text, uuid", since="0002")
    door("recognise", "text, text", since="0002")
    door("needs_second_factor", "", since="0002")
    door("owner_of_passkey", "text, text", since="0002")
    door("owner_of_identity", "uuid, text", since="0002")
    door("owner_of_mail_token", "text, text, timestamptz", since="0002")
    door("candidates", "text, integer", since="0002")
    door("redeem_access_code", "text, text, uuid, text, text, text, uuid, text, uuid, uuid, timestamptz", since="0002")
    door("invitee", "uuid, text, text, text, timestamptz", since="0002")
    door("account_states", "", since="0002")
    door("leave", "uuid", since="0002")
    door("rotate", "uuid, text, text, text, timestamptz, timestamptz", since="0002")
    door("own_seats", "", since="0002")
    door("end_seat", "uuid", since="0002")
    door("audit_append", "jsonb", since="0002")
    door("audit_trim", "timestamptz, integer", since="0002")
    door("tenants", "text", since="0002")


def _settings() -> None:
    """Each tenant there is gets its row; new ones get theirs when they are provisioned."""
    op.execute(
        "INSERT INTO access_settings (tenant_id, id, number_sign_in, link_sign_in, takes_requests, view_as_may_write,"
        " audit_months, alert_failures, alert_exports, alert_devices, alert_countries, alert_travel_hours, night_from,"
        " night_to, locks_travellers)"
        " SELECT t.id, gen_random_uuid(), false, false, false, false, 24, 20, 5, 1, true, 1, 22, 5, false"
        " FROM tenants t"
    )


NEW_PERMISSIONS = {
    ("client", "admin"): (
        "user:read", "user:invite", "user:update", "user:deactivate", "review:decide", "activity:read",
    ),
    ("internal", "read_only"): ("user:read",),
    ("internal", "dispatcher"): ("ticket:private", "client:update", "user:read", "user:invite", "portal:view_as"),
    ("internal", "administrator"): (
        "ticket:private", "client:update", "user:read", "user:invite", "user:update", "user:deactivate",
        "review:decide", "portal:view_as", "role:read", "role:update", "access:update", "sso:update",
        "amount:unlimited", "audit:export",
    ),
}  # fmt: skip
"""What this release adds to the roles that are shipped; what a tenant made of its roles before stays as it is."""


def _permissions() -> None:
    """Give it once to the tenants there are: to roles that still have their key, whatever their name is by now."""
    for (side, key), permissions in NEW_PERMISSIONS.items():
        for permission in permissions:
            op.execute(
                sa.text(
                    "INSERT INTO role_permissions (tenant_id, id, role_id, permission)"
                    " SELECT r.tenant_id, gen_random_uuid(), r.id, :permission FROM roles r"
                    " WHERE r.side = :side AND r.key = :key ON CONFLICT (tenant_id, role_id, permission) DO NOTHING"
                ).bindparams(side=side, key=key, permission=permission)
            )
