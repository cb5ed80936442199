"""Thousands of requests by chance, across tenants and clients: no foreign word comes back, no foreign row moves.

Half follow a fixed seed, half a new one that is printed, so that a finding can
be seen again (PORTAL_TEST_SEED).
"""

import random
import uuid

import psycopg
import pytest

from tests import world
from tests.core.tenancy.defences import filter_off, row_security_off
from tests.faults.size import Dice, scaled
from tests.isolation.rig import (
    NEIGHBOUR,
    OURS,
    OWN_WAYS,
    SIBLING,
    Asker,
    fill,
    random_things,
    state_of,
    state_of_client,
    things_of,
)
from tests.jobs import work_off
from tests.world import Person

REQUESTS = scaled(10_000)
ACTORS = (world.SAM, world.DANA, world.FIN, world.NOAH, world.DELTA_SAM, world.TECH, world.READER, world.SUMMIT_TECH)
OF_BRIGHT = ("Bright Dental", "brightdental", "Sam Bright", "Dana Bright")
OF_CEDAR = ("Cedar CANARY", "cedarlaw", "Noah CANARY")
OF_SUMMIT = (
    "Summit CANARY",
    "Delta CANARY",
    "deltafoods",
    "Tara CANARY",
    "summit.example",
    "Since Monday CANARY.</p>\n<!--",
)
INTERNAL = ("SECRETNOTE", "SECRETFILE", "CANARY mail", "CANARY.handler")
QUERIES = (
    "",
    "?cursor=b2xk",
    "?phase=done",
    "?view=all",
    "?seen=0",
    "?q=CANARY",
    "?page=%00",
    "?tenant=summit",
    "?cursor=%25_",
    "?seen=-1",
)


def foreign_to(actor: Person) -> tuple[str, ...]:
    """The words that this person must never read."""
    if actor.tenant == "summit":
        return (*OF_BRIGHT, "cedarlaw", "Cedar CANARY", "harbor.example")
    if actor.side == "msp":
        return OF_SUMMIT
    return (*OF_SUMMIT, *INTERNAL, *(OF_BRIGHT if actor is world.NOAH else OF_CEDAR))


OWN_FACE = 0.85
"""Most shots go at the asker's own side, where there is something to hit."""


def _face(app, rule) -> str:
    return app.view_functions[rule.endpoint].__allows__.face


class Campaign:
    """A run of requests by chance; `alarms` says what came back that mustn't."""

    def __init__(self, app, visit, dice):
        self.app, self.chance = app, dice.source
        self.things = [things_of(app, owner) for owner in (OURS, SIBLING, NEIGHBOUR)]
        self.askers = {
            person: Asker(visit(person), "/msp/settings" if person.side == "msp" else "/settings") for person in ACTORS
        }
        self.rules = [
            rule for rule in app.url_map.iter_rules() if not rule.rule.startswith(("/static", "/ui", "/.front"))
        ]
        faces = {"msp": "staff", "client": "client"}
        self.of_face = {side: [rule for rule in self.rules if _face(app, rule) == face] for side, face in faces.items()}
        self.alarms: list[str] = []
        self.sent = self.shown = 0

    def run(self, count: int) -> None:
        wanted = self.sent + count
        while self.sent < wanted:
            self.shoot()

    def shoot(self) -> None:
        chance = self.chance
        person = chance.choice(ACTORS)
        rule = chance.choice(self.of_face[person.side] if chance.random() < OWN_FACE else self.rules)
        if "sign" in rule.endpoint or rule.endpoint.endswith(("_end_session", "_end_others")):
            return  # whoever signs out asks no more
        mixed = self._values(rule.arguments)
        method = chance.choice([each for each in ("GET", "POST") if each in rule.methods] or ["GET"])
        path = fill(rule, mixed) + chance.choice(QUERIES)
        fields = self._values(("number", "comment_id", "file_id")) | {
            name: chance.choice(
                (str(world.tenant_id("summit")), str(world.client_id("Cedar CANARY")), str(uuid.UUID(int=0)), "CANARY")
            )
            for name in ("assignee", "status", "priority", "site", "client_id", "tenant_id", "contact_id")
        }
        page = self.askers[person].ask(
            method, path, part=chance.random() < 0.4, **{k: str(v) for k, v in fields.items()}
        )
        self.sent += 1
        self.shown += page.status in {200, 204, 303, 422}
        told = page.text + str(page.headers)
        found = [word for word in foreign_to(person) if word in told]
        if found or page.status >= 500:
            self.alarms.append(f"{person.email} {method} {path}: {page.status} {found}")

    def _values(self, names):
        pool = [*self.things, random_things()]
        fallback = {
            "side": "client",
            "version": 1,
            "name": "x",
            "purpose": "invitation",
            "token": "x" * 43,
            "slug": "entra",
        }
        return {name: {**fallback, **self.chance.choice(pool)}[name] for name in names}


PHASES = (
    ((world.SAM, world.DANA, world.FIN), (SIBLING, NEIGHBOUR)),
    ((world.NOAH,), (OURS, NEIGHBOUR)),
    ((world.TECH, world.READER), (NEIGHBOUR,)),
    ((world.DELTA_SAM, world.SUMMIT_TECH), (OURS, SIBLING)),
)
"""Who asks for a while, and whose rows must not move meanwhile."""


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("throw", [Dice.fixed, Dice.thrown], ids=["fixed", "thrown"])
def test_no_foreign_word_comes_back_and_no_foreign_row_moves(app, visit, database, throw, record_property, caplog):
    dice = throw()
    print(f"isolation: seed {dice.seed}, {REQUESTS // 2} requests")  # noqa: T201  # so that a finding can be seen again
    campaign = Campaign(app, visit, dice)
    for actors, strangers in PHASES:
        before = [state_of_client(database, stranger) for stranger in strangers]
        others = {stranger.tenant for stranger in strangers} - {actors[0].tenant}
        neighbours = [state_of(app, tenant, but=OWN_WAYS) for tenant in others]
        campaign.chance = _Only(dice.source, actors)
        campaign.run(REQUESTS // 2 // len(PHASES))
        names = ", ".join(actor.email for actor in actors)
        assert [state_of_client(database, stranger) for stranger in strangers] == before, f"{names} moved foreign rows"
        assert [state_of(app, tenant, but=OWN_WAYS) for tenant in others] == neighbours, f"{names} moved foreign rows"
    assert not campaign.alarms, campaign.alarms[:5]
    mails = _mails(app, database)
    assert not (wrong := [alarm for mail in mails for alarm in _told_wrongly(*mail)]), wrong[:5]
    assert not [word for word in ("Since Monday", *INTERNAL) if word in caplog.text], "texts of tickets are in the log"
    record_property("seed", dice.seed)
    record_property("requests across tenants and clients", campaign.sent)
    record_property("of these answered with a page or a part", campaign.shown)
    record_property("mails that came of them", len(mails))
    assert campaign.shown > campaign.sent // 4, "most requests hit nothing: they prove little"


def _mails(app, database):
    """Recipient and words of every mail that the requests led to, written by the handlers as the worker runs them."""
    work_off(app)
    with psycopg.connect(database.owner_url) as owner:
        return owner.execute(
            "SELECT recipient, concat_ws(E'\\n', sender_name, recipient_name, subject, text, html) FROM outgoing_mail"
            " WHERE template <> 'x'"
        ).fetchall()


def _told_wrongly(recipient, words):
    person = next(person for person in world.PEOPLE if person.email == recipient)
    return [f"a mail to {recipient} says {word}" for word in foreign_to(person) if word in words]


class _Only:
    """Chance that picks its actors from one tenant."""

    def __init__(self, source: random.Random, actors: tuple[Person, ...]):
        self.source, self.actors = source, actors

    def choice(self, options):
        return self.source.choice(self.actors if options is ACTORS else options)

    def random(self):
        return self.source.random()


def test_without_both_defences_the_campaign_finds_leaks(app, visit, database):
    """Negative control: the same requests, with the session filter and row-level security switched off."""
    row_security_off(database)
    with filter_off():
        campaign = Campaign(app, visit, Dice.fixed())
        campaign.run(300)
    assert campaign.alarms
