"""Web processes that die at a chosen line of a request's commit.

`python -m tests.faults.dying_web COUNT after|before order|ticket`: forks COUNT children. Each takes an order, or sends
the form for a new ticket as Sam would, and kills itself with SIGKILL right after the COMMIT (before the relay could be
poked) or right before it.
"""

import os
import signal
import sys

from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from portal.core.events import outbox
from portal.core.events.outbox import publish
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from portal.extensions import db
from tests import world
from tests.faults.ledger import Order
from tests.faults.publisher import app_for
from tests.pages import Visitor

armed = False


def die(session: Session) -> None:
    """End this very process, once armed, at the commit that carries an event (a request may commit a count before)."""
    if armed and session.info.get(outbox._PUBLISHED):
        os.kill(os.getpid(), signal.SIGKILL)


def take_order(app: Flask, number: int) -> None:
    """A change with an event, as a service makes it."""
    global armed  # noqa: PLW0603  # one shot in one short-lived process
    with app.app_context():
        armed = True
        with transaction(system_scope(world.tenant_id("harbor"))):
            publish(Order(number=number))


def send_form(app: Flask, number: int) -> None:
    """A new ticket through the page, the edge and all that comes with a request."""
    global armed  # noqa: PLW0603  # as above
    sam = Visitor(app, "harbor.localhost")
    sam.sign_in(world.SAM)
    form = sam.get("/tickets/new").form("/tickets/new")
    armed = True
    sam.post("/tickets/new", form | {"subject": f"Dying {number}", "description": "The line broke."})


def main(count: int, when: str, what: str) -> int:
    """Fork, die, count: the exit code is 0 when every child died by its own hand."""
    app = app_for(dict(os.environ))
    event.listen(Session, f"{when}_commit", die, insert=True)
    act = {"order": take_order, "ticket": send_form}[what]
    for number in range(1, count + 1):
        child = os.fork()
        if child == 0:
            with app.app_context():
                db.engine.dispose(close=False)
            act(app, number)
            os._exit(1)
        _pid, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
