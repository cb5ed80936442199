"""Misses are counted by person, and the trail hears of it once a minute; countries come from trusted proxies only."""

import uuid
from dataclasses import replace
from ipaddress import ip_network

import pytest
import redis
from flask import Flask
from werkzeug.test import Client

from portal.core.web.proxies import COUNTRY, BehindProxies
from portal.settings import SettingsError, read
from tests.identity.steps import trail
from tests.world import DANA, SAM, TECH


@pytest.fixture(autouse=True)
def uncounted(app: Flask) -> None:
    """Earlier tests of this minute asked for what isn't there, too."""
    counter = redis.Redis.from_url(app.extensions["settings"].redis_url)
    for key in counter.scan_iter("portal:misses:*"):
        counter.delete(key)
    counter.close()


def misses(session):
    return trail(session, "misses.counted")


def test_twenty_are_nothing_and_more_are_one_entry(visit, system):
    tech = visit(TECH)
    for _ in range(20):
        assert tech.get(f"/admin/alerts/{uuid.uuid4()}").status == 404
    with system() as session:
        assert misses(session) == []
    for _ in range(5):
        tech.get("/msp/tickets/424242")
    with system() as session:
        [entry] = misses(session)
        assert entry.user_id == TECH.id
        assert entry.facts["facts"]["path"] == "/msp/tickets/424242"
        assert entry.visibility == "internal"


def test_a_clients_admins_hear_of_their_own_people(visit, system):
    sam = visit(SAM)
    for _ in range(21):
        sam.get("/tickets/424242")
    with system() as session:
        [entry] = misses(session)
        assert (entry.visibility, entry.client_id) == ("public", SAM.client_id)
    assert "Sam Bright" in visit(DANA).get("/account/activity?act=misses.counted").dom.main.get_text()


def test_people_are_counted_apart_and_strangers_not_at_all(visit, system):
    sam, dana, nobody = visit(SAM), visit(DANA), visit()
    for _ in range(11):
        sam.get("/tickets/424242")
        dana.get("/tickets/424242")
    for _ in range(30):
        nobody.get("/nothing/here")
    with system() as session:
        assert misses(session) == []


def country_of(app: Flask, *, header: str | None, trusted: bool, value: str = "de") -> object:
    seen: dict[str, object] = {}

    def inner(environ, start_response):
        seen.update(environ)
        start_response("200 OK", [])
        return [b""]

    settings = app.extensions["settings"]
    networks = (ip_network("127.0.0.1/32"),) if trusted else ()
    chosen = replace(settings, country_header=header, trusted_proxies=networks)
    Client(BehindProxies(inner, chosen)).get(
        "/", headers={"CF-IPCountry": value}, environ_overrides={"REMOTE_ADDR": "127.0.0.1"}
    )
    if header:
        assert "HTTP_CF_IPCOUNTRY" not in seen
    return seen[COUNTRY]


def test_a_country_counts_from_a_trusted_proxy_alone(app):
    assert country_of(app, header="CF-IPCountry", trusted=True) == "DE"
    assert country_of(app, header="CF-IPCountry", trusted=False) == ""
    assert country_of(app, header=None, trusted=True) == ""
    for nonsense in ("XX", "T1", "DEU", "", "D<"):
        assert country_of(app, header="CF-IPCountry", trusted=True, value=nonsense) == ""


@pytest.mark.parametrize("name", ["Cookie", "X-Forwarded-For", "a b-country", "Host"])
def test_only_a_country_header_can_be_named(name):
    with pytest.raises(SettingsError, match="COUNTRY_HEADER"):
        read({"COUNTRY_HEADER": name})
