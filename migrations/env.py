"""How migrations run: as the owner, each in one transaction, with time-outs against long locks."""

import sys

from alembic import context
from flask import current_app
from sqlalchemy import create_engine, pool

from portal.core.db import metadata
from portal.settings import ROOT

sys.path.insert(0, str(ROOT))
LOCK_TIMEOUT = "3s"
STATEMENT_TIMEOUT = "10min"


def _url() -> str:
    settings = current_app.extensions["settings"]
    url = settings.database_owner_url or settings.database_url
    return str(url).replace("postgresql://", "postgresql+psycopg://", 1)


def run() -> None:
    """Run what is asked for against the owner's connection."""
    engine = create_engine(_url(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        connection.exec_driver_sql(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'")
        connection.commit()
        context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()


run()
