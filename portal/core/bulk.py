"""Rows by the million into tables under row-level security: as their owner, through temporary tables.

COPY into such a table is refused, so rows go by COPY into a temporary twin and
from there by INSERT … SELECT. A load is one transaction: it is there as a whole
or not at all. For demo data and tests; the product itself writes through its
services.
"""

from __future__ import annotations

import datetime as dt
import random
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Row = Sequence[str | int | bool | None]

CHUNK_ROWS = 120_000
"""Rows that wait in memory before they are sent; the next are made meanwhile."""
MANY_ROWS = 100_000
"""From so many on it is quicker to build keys and indexes anew at the end than to keep them up row by row."""
_VARIANT = 0x8000000000000000
_TAIL = 0x3FFFFFFFFFFFFFFF


class Loader:
    """Takes rows table by table, parents first, and sends them in chunks, in one transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        """Load over the owner's connection, which the caller commits."""
        self.connection = connection
        self._columns: dict[str, tuple[str, ...]] = {}
        self._waiting: dict[str, list[Row]] = {}
        self._count = 0
        self._sender = ThreadPoolExecutor(max_workers=1)
        self._sending: Future[None] | None = None

    def table(self, name: str, *columns: str) -> Callable[[Row], None]:
        """Announce a table, after those it points at; returns what takes its rows, values in this order.

        UUIDs and instants come as text. A client's rows carry the tenant like all others.
        """
        if name not in self._columns:
            self._make_twin(name)
        self._columns[name] = columns
        waiting = self._waiting.setdefault(name, [])

        def add(row: Row) -> None:
            waiting.append(row)
            self._count += 1

        return add

    def _make_twin(self, name: str) -> None:
        with self.connection.cursor() as cursor:
            twin, table = sql.Identifier(f"loading_{name}"), sql.Identifier(name)
            cursor.execute(sql.SQL("CREATE TEMPORARY TABLE {} (LIKE {}) ON COMMIT DROP").format(twin, table))

    def send_if_many(self) -> None:
        """Send what waits once it is a chunk; call it where all rows' parents have been added."""
        if self._count >= CHUNK_ROWS:
            self._send()

    def finish(self) -> None:
        """Send the rest and wait for it."""
        self._send()
        self._wait()
        self._sender.shutdown()

    def _send(self) -> None:
        self._wait()
        ready = {name: rows[:] for name, rows in self._waiting.items() if rows}
        for rows in self._waiting.values():
            rows.clear()
        self._count = 0
        self._sending = self._sender.submit(self._write, ready)

    def _wait(self) -> None:
        if self._sending is not None:
            self._sending.result()
            self._sending = None

    def _write(self, ready: dict[str, list[Row]]) -> None:
        with self.connection.cursor() as cursor:
            for name, rows in ready.items():
                columns = sql.SQL(", ").join(map(sql.Identifier, self._columns[name]))
                twin, table = sql.Identifier(f"loading_{name}"), sql.Identifier(name)
                with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(twin, columns)) as copy:
                    for row in rows:
                        copy.write_row(row)
                cursor.execute(sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(table, columns, columns, twin))
                cursor.execute(sql.SQL("TRUNCATE {}").format(twin))


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What every domain's share of a tenant's load needs. Times in milliseconds since 1970, from `since` to `until`."""

    loader: Loader
    tenant_id: str
    slug: str
    seed: int
    since: int
    until: int

    def chance(self, purpose: str) -> random.Random:
        """Chance that is the same for the same seed, tenant and purpose."""
        return random.Random(f"{self.seed} {self.slug} {purpose}")  # noqa: S311  # invents names, guards nothing


def instant(milliseconds: int) -> str:
    """A time as PostgreSQL reads it."""
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC).isoformat(" ", "milliseconds")


@contextmanager
def without_indexes(connection: psycopg.Connection[Any], tables: Sequence[str], *, rows: int) -> Iterator[None]:
    """Take foreign keys and indexes away from the tables and build them anew at the end, where it pays.

    Building them checks every row, those that were there before included. The
    tables are locked until the transaction ends.
    """
    if rows < MANY_ROWS:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
        taken = cursor.execute(_KEYS, {"tables": list(tables)}).fetchall()
        for drop, *_ in taken:
            cursor.execute(drop)
        yield
        for _, make, *_ in reversed(taken):
            cursor.execute(make)


_KEYS = """
    WITH named AS (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY (%(tables)s)),
    keys AS (
        SELECT CASE contype WHEN 'f' THEN 1 ELSE 2 END AS place, conrelid::regclass::text AS home, conname AS name,
               pg_get_constraintdef(c.oid) AS definition
          FROM pg_constraint c
         WHERE (contype = 'f' AND (conrelid IN (SELECT oid FROM named) OR confrelid IN (SELECT oid FROM named)))
            OR (contype = 'u' AND conrelid IN (SELECT oid FROM named))
    )
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', home, name),
           format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', home, name, definition), place, name
      FROM keys
     UNION ALL
    SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid), 3, indexrelid::regclass::text
      FROM pg_index i
     WHERE indrelid IN (SELECT oid FROM named) AND NOT indisprimary
       AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype = 'u')
     ORDER BY 3, 4
"""


def seeded_ids(chance: random.Random) -> Callable[[int], str]:
    """Makes ids like `new_id`'s (UUID version 7) that are the same for the same seed.

    They begin with the time they are given, in milliseconds since 1970; the rest is chance.
    """

    def make(milliseconds: int) -> str:
        rest = chance.getrandbits(74)
        return f"{milliseconds:012x}7{rest >> 62:03x}{_VARIANT | (rest & _TAIL):016x}"

    return make
