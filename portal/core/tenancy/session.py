"""One transaction under one scope, for jobs and commands; requests have their own edge."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app
from sqlalchemy import event
from sqlalchemy.orm import Session

from portal.core import audit
from portal.core.tenancy import filter as session_filter
from portal.core.tenancy.scope import Scope, entered
from portal.extensions import db


@contextmanager
def transaction(scope: Scope | None) -> Iterator[Session]:
    """A session of its own under this scope: commits at the end, rolls back on any error.

    It nests: the inner transaction is another connection and sees only what is
    committed. `None` is for the few commands that touch global tables alone.
    """
    application = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001  # Flask's documented way
    with application.app_context(), entered(scope):
        session: Session = db.session()
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            db.session.remove()


def install() -> None:
    """Put filter, guards and audit on every session of the product. Idempotent."""
    if not event.contains(Session, "do_orm_execute", session_filter.restrict):
        session_filter.install(Session)
        event.listen(Session, "before_commit", audit.append)
        event.listen(Session, "after_rollback", audit.drop)
