"""Public numbers: counted per tenant and kind, handed out by a door that clients can't read."""

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, big_int, unique
from portal.core.tenancy.filter import RAW
from portal.core.tenancy.tables import StaffOwned
from portal.extensions import db

FIRST = {"ticket": 1001, "client": 10001}


class Counter(StaffOwned, Base):
    """The next number of one kind."""

    __tablename__ = "counters"
    __table_args__ = (unique("kind"),)

    kind: Mapped[str]
    upcoming: Mapped[int] = mapped_column(big_int)


def take_number(kind: str) -> int:
    """The next public number of this kind in the scope's tenant.

    It is taken for good when the transaction commits; two takers wait for one
    another, so numbers have no gaps but those of rolled back work.
    """
    statement = text("SELECT door.take_number(:kind, :first)").execution_options(**{RAW: True})
    number: int = db.session.execute(statement, {"kind": kind, "first": FIRST[kind]}).scalar_one()
    return number
