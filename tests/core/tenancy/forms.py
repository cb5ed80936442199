"""Every form in which rows can be asked for; each returns the labels that came back."""

from collections.abc import Callable, Iterable
from contextlib import suppress

from sqlalchemy import delete, exists, func, literal, select, true, tuple_, union, union_all, update
from sqlalchemy.orm import (
    Session,
    aliased,
    contains_eager,
    immediateload,
    joinedload,
    lazyload,
    selectin_polymorphic,
    selectinload,
    subqueryload,
    with_polymorphic,
)

from portal.core.tenancy.filter import UnfilteredStatement
from tests.core.tenancy.careless import Part, Secret, Sign, Special, Thing, Work

Form = Callable[[Session], Iterable[str]]
FORMS: dict[str, Form] = {}


def form(function: Form) -> Form:
    """Put a form on the list."""
    FORMS[function.__name__] = function
    return function


def _labels(rows: Iterable[Thing | Part | Work | Secret | Sign]) -> list[str]:
    return [row.label for row in rows]


@form
def whole_rows(s: Session) -> Iterable[str]:
    for model in (Thing, Part, Work, Secret, Sign):
        yield from _labels(s.scalars(select(model)))


@form
def columns(s: Session) -> Iterable[str]:
    for model in (Thing, Part, Work, Secret, Sign):
        yield from s.scalars(select(model.label))


@form
def legacy_query(s: Session) -> Iterable[str]:
    yield from _labels(s.query(Thing).all())
    yield from (label for (label,) in s.query(Part.label))


@form
def joins(s: Session) -> Iterable[str]:
    for one, two in s.execute(select(Thing, Part).join(Part, Part.key == Thing.key)):
        yield from (one.label, two.label)


@form
def outer_joins(s: Session) -> Iterable[str]:
    for other in (Part, Work, Secret, Sign):
        for one, two in s.execute(select(Thing, other).outerjoin(other, other.key == Thing.key)):
            yield one.label
            if two is not None:
                yield two.label


@form
def full_joins(s: Session) -> Iterable[str]:
    for pair in s.execute(select(Thing.label, Part.label).join(Part, Part.key == Thing.key, full=True)):
        yield from (label for label in pair if label is not None)


@form
def product(s: Session) -> Iterable[str]:
    for pair in s.execute(select(Thing.label, Secret.label).join(Secret, true())):
        yield from pair


@form
def relationship_joins(s: Session) -> Iterable[str]:
    for one, two in s.execute(select(Thing.label, Part.label).join(Thing.parts)):
        yield from (one, two)
    yield from s.scalars(select(Work.label).select_from(Thing).join(Thing.works))


@form
def aliases(s: Session) -> Iterable[str]:
    first, second, part = aliased(Thing), aliased(Thing), aliased(Part)
    for row in s.execute(
        select(first, second.label, part.label).select_from(first).join(second, true()).join(part, true())
    ):
        yield from (row[0].label, row[1], row[2])


@form
def alias_of_a_select(s: Session) -> Iterable[str]:
    thing = aliased(Thing, select(Thing).subquery())
    yield from _labels(s.scalars(select(thing)))


@form
def subqueries(s: Session) -> Iterable[str]:
    inner = select(Thing.label, Thing.key).subquery()
    yield from s.scalars(select(inner.c.label))
    nested = select(select(Part.label).subquery().c.label).subquery()
    yield from s.scalars(select(nested.c.label))


@form
def lateral(s: Session) -> Iterable[str]:
    inner = select(Part.label).where(Part.key == Thing.key).lateral()
    yield from s.scalars(select(inner.c.label).select_from(Thing).join(inner, true()))


@form
def common_table_expressions(s: Session) -> Iterable[str]:
    cte = select(Thing.label, Thing.key).cte("things")
    yield from s.scalars(select(cte.c.label))
    start = select(Part.key, Part.label).cte("walk", recursive=True)
    walk = start.union(select(Part.key, Part.label).join(start, start.c.key == Part.key))
    yield from s.scalars(select(walk.c.label))


@form
def scalar_subqueries(s: Session) -> Iterable[str]:
    inner = select(func.string_agg(Part.label, literal("|"))).scalar_subquery()
    for label, joined in s.execute(select(Thing.label, inner)):
        yield label
        yield from (joined or "").split("|") if joined else ()


@form
def scalar_subquery_without_own_entity(s: Session) -> Iterable[str]:
    for model in (Thing, Part, Work, Secret, Sign):
        joined = s.scalar(select(select(func.string_agg(model.label, literal("|"))).scalar_subquery()))
        yield from (joined or "").split("|") if joined else ()


@form
def aggregates(s: Session) -> Iterable[str]:
    yield from s.scalar(select(func.array_agg(Thing.label))) or []
    for _, labels in s.execute(select(Part.key, func.array_agg(Part.label)).group_by(Part.key)):
        yield from labels


@form
def windows(s: Session) -> Iterable[str]:
    first = func.first_value(Thing.label).over(order_by=Thing.label.desc())
    for pair in s.execute(select(Thing.label, first)):
        yield from pair


@form
def in_a_subquery(s: Session) -> Iterable[str]:
    """The outer rows only tell something about the inner ones: a sign shows whether foreign work was seen."""
    for label, text in (("thing B1", "thing B1"), ("thing A2", "thing A2"), ("thing A1", "thing A1")):
        if s.scalar(select(literal(1)).where(literal(label).in_(select(Thing.label)))):
            yield text


@form
def exists_forms(s: Session) -> Iterable[str]:
    for label in ("thing A1", "thing A2", "thing B1"):
        for there in (
            exists().where(Thing.label == label),
            exists(select(Thing.id).where(Thing.label == label)),
            select(Thing.id).where(Thing.label == label).exists(),
            select(Thing).where(Thing.label == label).exists(),
        ):
            if s.scalar(select(Sign.key).where(there)):
                yield label


@form
def any_and_has(s: Session) -> Iterable[str]:
    for owner in ("A1", "A2", "B1"):
        for visibility in ("public", "internal"):
            label = f"part {owner} {visibility}"
            if s.scalars(select(Thing).where(Thing.parts.any(Part.label == label))).first():
                yield label
        if s.scalars(select(Thing).where(Thing.secrets.any(Secret.label == f"secret {owner}"))).first():
            yield f"secret {owner}"
        if s.scalars(select(Part).where(Part.things.any(Thing.label == f"thing {owner}"))).first():
            yield f"thing {owner}"
    for tenant in ("A", "B"):
        if s.scalars(select(Thing).where(Thing.works.any(Work.label == f"work {tenant}"))).first():
            yield f"work {tenant}"


@form
def unions(s: Session) -> Iterable[str]:
    both = union_all(select(Thing.label), select(Part.label), select(Secret.label))
    yield from s.scalars(both)
    yield from s.scalars(select(union(select(Thing.label), select(Sign.label)).subquery().c.label))
    yield from _labels(s.scalars(select(Thing).from_statement(union_all(select(Thing).where(Thing.kind == "thing")))))


@form
def union_that_hides_an_entity(s: Session) -> Iterable[str]:
    hidden = select(Sign.label).where(Sign.key == -1).union_all(select(Thing.label))
    yield from s.scalars(hidden)


@form
def eager_loads(s: Session) -> Iterable[str]:
    for strategy in (selectinload, joinedload, subqueryload, immediateload):
        s.expire_all()
        for thing in s.scalars(select(Thing).options(strategy(Thing.parts), strategy(Thing.works))).unique():
            yield from (thing.label, *_labels(thing.parts), *_labels(thing.works))
    for thing in s.scalars(select(Thing).options(selectinload(Thing.parts).selectinload(Part.things))):
        for part in thing.parts:
            yield from (part.label, *_labels(part.things))


@form
def lazy_loads(s: Session) -> Iterable[str]:
    for thing in s.scalars(select(Thing).options(lazyload("*"))).all():
        yield from (thing.label, *_labels(thing.parts), *_labels(thing.works), *_labels(thing.secrets))
    for part in s.scalars(select(Part)).all():
        yield from _labels(part.things)


@form
def contains_eager_loads(s: Session) -> Iterable[str]:
    statement = select(Thing).join(Thing.parts).options(contains_eager(Thing.parts))
    for thing in s.scalars(statement.execution_options(populate_existing=True)).unique():
        yield from (thing.label, *_labels(thing.parts))


@form
def with_only_criteria(s: Session) -> Iterable[str]:
    statement = select(Thing).options(selectinload(Thing.parts.and_(Part.label != "")))
    for thing in s.scalars(statement.execution_options(populate_existing=True)):
        yield from (thing.label, *_labels(thing.parts))


@form
def polymorphic_loads(s: Session) -> Iterable[str]:
    for statement in (
        select(Thing),
        select(Special),
        select(with_polymorphic(Thing, [Special])),
        select(with_polymorphic(Thing, [Special], aliased=True)),
        select(Thing).options(selectin_polymorphic(Thing, [Special])),
    ):
        s.expunge_all()
        for thing in s.scalars(statement):
            yield thing.label
            if isinstance(thing, Special):
                yield thing.extra.replace("extra", "special")
    yield from (extra.replace("extra", "special") for extra in s.scalars(select(Special.extra)))


@form
def refreshes(s: Session) -> Iterable[str]:
    for thing in s.scalars(select(Thing)).all():
        s.refresh(thing)
        s.refresh(thing, ["label"])
        s.expire(thing)
        yield thing.label


@form
def keyed_gets(s: Session) -> Iterable[str]:
    from tests.core.tenancy.careless import OWNERS
    from tests.world import fixed

    for owner, person in OWNERS.items():
        for kind in ("thing", "special"):
            key = (person.tenant_id, fixed(f"careless {kind} {owner}"))
            found = s.get(Thing, key)
            if found is not None:
                yield found.label
            yield from _labels([row] if (row := s.get(Thing, key, populate_existing=True)) else [])


@form
def tuples_and_distinct(s: Session) -> Iterable[str]:
    yield from s.scalars(select(Thing.label).distinct())
    key = select(Thing.tenant_id, Thing.id)
    yield from s.scalars(select(Thing.label).where(tuple_(Thing.tenant_id, Thing.id).in_(key)))


@form
def streams(s: Session) -> Iterable[str]:
    for part in s.execute(select(Thing).execution_options(yield_per=1)).partitions():
        yield from (row[0].label for row in part)


@form
def updates(s: Session) -> Iterable[str]:
    for synchronize in ("auto", "fetch", False):
        for model in (Thing, Part):
            changed = update(model).values(key=1).returning(model.label)
            yield from s.scalars(changed.execution_options(synchronize_session=synchronize))
    inner = select(func.string_agg(Part.label, literal("|"))).scalar_subquery()
    copied = update(Thing).values(note=inner).returning(Thing.note)
    for note in s.scalars(copied.execution_options(synchronize_session=False)):
        yield from (note or "").split("|") if note else ()


@form
def deletes(s: Session) -> Iterable[str]:
    for model in (Part, Secret, Work, Sign):
        with suppress(UnfilteredStatement):  # what a reach may only read, a guard keeps from it as a whole
            yield from s.scalars(delete(model).returning(model.label).execution_options(synchronize_session=False))
