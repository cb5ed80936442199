"""The kernel in one breath: hosts, sessions, and what a stranger gets."""

from tests import world


def test_unknown_host_is_a_neutral_404(visit):
    page = visit(None, host="nobody").get("/tickets")
    assert page.status == 404
    assert "Harbor" not in page


def test_health_answers_on_any_host(visit):
    assert visit(None, host="nobody").get("/healthz").status == 200
    assert visit(None, host="nobody").get("/readyz").status == 200


def test_the_world_is_there(system):
    from sqlalchemy import func, select

    from portal.tickets.models import Ticket

    with system("harbor") as session:
        assert session.execute(select(func.count()).select_from(Ticket)).scalar_one() == 2
    with system("summit") as session:
        assert session.execute(select(Ticket.number)).scalars().all() == [world.DELTA_NUMBER]
