"""Processes that die at a chosen line of a request's commit.

`python -m tests.faults.dying_web COUNT after|before`: forks COUNT children; each takes an order in a transaction and
kills itself with SIGKILL right after the COMMIT (before the relay could be poked), or right before it.
"""

import os
import signal
import sys

from sqlalchemy import event
from sqlalchemy.orm import Session

from portal.core.events.outbox import publish
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from portal.extensions import db
from tests import world
from tests.faults.ledger import Order
from tests.faults.publisher import app_for


def die(_session: Session) -> None:
    """End this very process."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(count: int, when: str) -> int:
    """Fork, die, count: the exit code is 0 when every child died by its own hand."""
    app = app_for(dict(os.environ))
    event.listen(Session, f"{when}_commit", die, insert=True)
    for number in range(1, count + 1):
        child = os.fork()
        if child == 0:
            with app.app_context():
                db.engine.dispose(close=False)
                with transaction(system_scope(world.tenant_id("harbor"))):
                    publish(Order(number=number))
            os._exit(1)
        _pid, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2]))
