"""Rows on their way into tables: made by pure code, loaded by COPY.

COPY into a table under forced row-level security is refused, so it goes into a
temporary table and from there in one statement. It runs as the owner, whose
policy admits every tenant; foreign keys and checks hold it as they hold anybody.
"""

import datetime as dt
import json
import random
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

Row = dict[str, Any]
ORDER = (
    "clients", "sites", "contacts", "users", "passwords", "memberships", "membership_roles",
    "tickets", "ticket_people", "comments", "ticket_changes", "attachments", "counters",
)  # fmt: skip
WRITTEN_BY_PEOPLE: dict[str, tuple[str, ...]] = {
    "clients": ("name",),
    "sites": ("name", "street", "city"),
    "contacts": ("name", "title"),
    "users": ("name",),
    "tickets": ("subject",),
    "comments": ("body",),
    "attachments": ("name",),
}


def made_id(at: dt.datetime, chance: random.Random) -> uuid.UUID:
    """A UUID of version 7 for this moment whose random part comes from the seed."""
    milliseconds = int(at.timestamp() * 1000)
    value = (milliseconds << 80) | (7 << 76) | (chance.getrandbits(12) << 64) | (2 << 62) | chance.getrandbits(62)
    return uuid.UUID(int=value)


def marker(slug: str, client: str, table: str, column: str) -> str:
    """The word that tells, wherever it is found, whose field it came from."""
    return f"⟪{slug}/{client or '-'}/{table}.{column}⟫"


@dataclass
class Batch:
    """Rows by table, and the marks that canaries carry."""

    slug: str
    canaries: bool = False
    tables: dict[str, list[Row]] = field(default_factory=dict)
    names: dict[uuid.UUID, str] = field(default_factory=dict)

    def add(self, table: str, row: Row) -> Row:
        """Keep a row; with canaries each text that people wrote gets its mark."""
        if table == "clients":
            self.names[row["id"]] = row["name"]
        if self.canaries:
            key = row["id"] if table == "clients" else row.get("client_id")
            owner = self.names[key] if key is not None else ""
            for column in WRITTEN_BY_PEOPLE.get(table, ()):
                mark = marker(self.slug, owner, table, column)
                name, dot, extension = row[column].rpartition(".") if table == "attachments" else (row[column], "", "")
                row[column] = f"{name} {mark}{dot}{extension}"
        self.tables.setdefault(table, []).append(row)
        return row

    def load(self, owner: "psycopg.Connection[Any]") -> None:
        """Write everything in the order of the foreign keys and forget it."""
        for table in ORDER:
            rows = self.tables.pop(table, [])
            if rows:
                _copy(owner, table, list(rows[0]), rows)


def _copy(owner: "psycopg.Connection[Any]", table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    target, stage = sql.Identifier(table), sql.Identifier(f"load_{table}")
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    with owner.cursor() as cursor:
        cursor.execute(
            sql.SQL("CREATE TEMPORARY TABLE IF NOT EXISTS {} AS SELECT {} FROM {} WITH NO DATA").format(
                stage, names, target
            )
        )
        with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(stage, names)) as copy:
            for row in rows:
                copy.write_row(
                    [json.dumps(row[name]) if isinstance(row[name], dict) else row[name] for name in columns]
                )
        cursor.execute(sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(target, names, names, stage))
        cursor.execute(sql.SQL("TRUNCATE {}").format(stage))
