"""Loading the demo: tenants and staff by the services that make real ones, everything else in bulk."""

import datetime as dt
import io
import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg
from sqlalchemy import select

from portal.core import clock
from portal.core.storage import blobs
from portal.core.tenancy.numbers import FIRST
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from portal.demo import people, pictures
from portal.demo.cast import MSPS, SUMMIT, Msp
from portal.demo.desk import Desk, Picture, Requester, Writer, numbers
from portal.demo.rows import Batch, made_id, marker
from portal.extensions import db
from portal.identity.models import Role, StaffProfile, User
from portal.identity.passwords import hash_password
from portal.identity.services.people import create_colleague, set_password
from portal.settings import current
from portal.tenants.branding import set_logo
from portal.tenants.models import Tenant
from portal.tenants.services import NewTenant, create_tenant
from portal.tickets.models import Board, Priority, Status
from portal.tickets.rules import Category

PASSWORD = "portal-demo-2026"  # noqa: S105  # published: the demo's
TICKETS = 64
CHUNK = 20_000
SINCE = dt.timedelta(days=560)
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Size:
    """How much of everything; None means the demo as the README shows it."""

    tickets: int = TICKETS
    clients: int | None = None
    tenants: int = len(MSPS)
    seed: int = 1
    canaries: bool = False


def load(size: Size, progress: Progress) -> list[str]:
    """Load what isn't there yet; the slugs of the tenants that were made. `progress` is told of tickets written."""
    made = []
    for place in range(size.tenants):
        msp = MSPS[place] if place < len(MSPS) else _more(place)
        with transaction(None) as session:
            is_there = session.execute(select(Tenant.id).where(Tenant.slug == msp.slug)).first() is not None
        if not is_there:
            _fill(msp, size, progress)
            made.append(msp.slug)
    return made


def _more(place: int) -> Msp:
    slug = f"msp{place + 1}"
    staff = tuple((email.replace("@summit.", f"@{slug}."), *rest) for email, *rest in SUMMIT.staff)
    return Msp(slug, f"MSP {place + 1}", "#475569", staff)  # type: ignore[arg-type]  # the same shape as the one it was made from


def _fill(msp: Msp, size: Size, progress: Progress) -> None:
    chance = random.Random(f"{size.seed} {msp.slug}")  # noqa: S311  # the same data for the same seed
    today = clock.now().replace(second=0, microsecond=0)
    since = today - SINCE
    tenant_id = made_id(since, chance)
    with transaction(system_scope(tenant_id)):
        _found(msp, size)
        desk, town = _furniture(tenant_id, since)
    batch = Batch(msp.slug, size.canaries)
    asking = _settle(batch, town, msp, size, chance)
    _number(batch, tenant_id, size.tickets, FIRST["client"] + len(batch.tables["clients"]), chance)
    writer = Writer(desk, asking, chance, today)
    with psycopg.connect(_owner_url(), autocommit=True) as owner, owner.transaction():
        for written, (number, place) in enumerate(numbers(FIRST["ticket"], size.tickets), start=1):
            writer.write(batch, number, place)
            if written % CHUNK == 0:
                batch.load(owner)
                progress(CHUNK)
        batch.load(owner)
        progress(size.tickets % CHUNK)


def _found(msp: Msp, size: Size) -> None:
    """The tenant, its look and its people, as an operator would make them."""
    mark = f" {marker(msp.slug, '', 'tenants', 'display_name')}" if size.canaries else ""
    tenant = create_tenant(
        NewTenant(
            slug=msp.slug, name=msp.name, display_name=msp.name + mark, support_email=f"help@{msp.slug}.example",
            support_phone=msp.phone, support_hours=msp.hours, website=f"https://{msp.slug}.example",
            brand_color=msp.color,
        )
    )  # fmt: skip
    set_logo(tenant, pictures.logo(msp.name, msp.color), alt=msp.name)
    for email, name, role, title in msp.staff:
        mark = f" {marker(msp.slug, '', 'staff_profiles', 'display_name')}" if size.canaries else ""
        colleague = create_colleague(email, name + mark, roles=(role,), title=title)
        set_password(colleague, PASSWORD)


def _furniture(tenant_id: uuid.UUID, since: dt.datetime) -> tuple[Desk, people.Town]:
    """What the bulk rows refer to."""
    board = db.session.execute(select(Board.id).where(Board.is_default)).scalar_one()
    statuses = db.session.execute(select(Status.category, Status.id, Status.name)).all()
    staff = db.session.execute(
        select(User.id, StaffProfile.display_name)
        .join(StaffProfile, StaffProfile.user_id == User.id)
        .where(StaffProfile.title.in_(("Support engineer", "Service desk")))
        .order_by(User.email.desc())
    ).all()
    desk = Desk(
        tenant_id=tenant_id,
        board_id=board,
        statuses={Category(category): (row_id, name) for category, row_id, name in statuses},
        priorities={rank: row_id for row_id, rank in db.session.execute(select(Priority.id, Priority.rank))},
        staff=[(row_id, name) for row_id, name in staff],
        pictures=_photos(tenant_id),
    )
    roles = db.session.execute(select(Role.key, Role.id).where(Role.side == "client")).tuples().all()
    return desk, people.Town(tenant_id, dict(roles), hash_password(PASSWORD), since)


def _photos(tenant_id: uuid.UUID) -> list[Picture]:
    kept = []
    for name, content in pictures.photos().items():
        small, width, height = pictures.thumbnail(content)
        blob = blobs().put(tenant_id, io.BytesIO(content))
        thumbnail = blobs().put(tenant_id, io.BytesIO(small))
        kept.append(Picture(name, blob.key, blob.size, thumbnail.key, width, height))
    return kept


def _settle(batch: Batch, town: people.Town, msp: Msp, size: Size, chance: random.Random) -> Sequence[Requester]:
    count = len(msp.companies) if size.clients is None else size.clients
    companies = [*msp.companies, *(people.invented(msp.slug, at, chance) for at in range(len(msp.companies), count))]
    asking: list[Requester] = []
    for number, company in enumerate(companies[: max(count, 1)], start=FIRST["client"]):
        asking += people.settle(batch, town, company, number, chance)
    return asking


def _number(batch: Batch, tenant_id: uuid.UUID, tickets: int, next_client: int, chance: random.Random) -> None:
    """The counters go on where the demo ends."""
    for kind, upcoming in (("ticket", FIRST["ticket"] + tickets), ("client", next_client)):
        row_id = made_id(clock.now(), chance)
        batch.add("counters", {"tenant_id": tenant_id, "id": row_id, "kind": kind, "upcoming": upcoming})


def _owner_url() -> str:
    settings = current()
    return settings.database_owner_url or settings.database_url
