"""Ten codes that stand in for a lost device, each once. They are shown when they are made and kept as hashes."""

import hashlib
import secrets
import uuid
from typing import Final

from sqlalchemy import delete, func, select, update

from portal.core import clock
from portal.extensions import db
from portal.identity.models import RecoveryCode, User

COUNT: Final = 10
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's: five bits a character, none that is taken for another."""
_LENGTH: Final = 16
"""Characters: 80 bits, which no hash has to be slow for."""
_GROUP: Final = 4
_READ_AS: Final = str.maketrans("oil", "011")


def make(user: User) -> list[str]:
    """Make ten new codes; those from before are worthless from now on. They can't be shown again."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)) for _ in range(COUNT)]
    now = clock.now()
    db.session.add_all(RecoveryCode(user_id=user.id, code_hash=_hash(code), created_at=now) for code in codes)
    db.session.flush()
    return ["-".join(code[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP)) for code in codes]


def use(user: User, code: str) -> bool:
    """Whether it is one of the person's codes and unused; it is used then. Of many at once, one is told yes."""
    used = db.session.execute(
        update(RecoveryCode)
        .where(RecoveryCode.user_id == user.id, RecoveryCode.code_hash == _hash(code), RecoveryCode.used_at.is_(None))
        .values(used_at=clock.now()),
        execution_options={"synchronize_session": False},
    )
    return bool(used.rowcount == 1)


def left(user_id: uuid.UUID) -> int:
    """How many the person has left."""
    unused = select(func.count(RecoveryCode.id)).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return int(db.session.execute(unused).scalar_one())


def remove(user_id: uuid.UUID) -> None:
    """Take all of them away."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def _hash(code: str) -> str:
    typed = "".join(letter for letter in code.casefold() if letter.isalnum())
    return hashlib.sha256(f"recovery code {typed.translate(_READ_AS)}".encode()).hexdigest()
