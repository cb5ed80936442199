"""What the name system is asked, and what counts as its answer: real servers on this machine."""

import datetime as dt

import dns.rcode
import pytest

from portal.core import clock, names
from portal.settings import SettingsError, read
from portal.settings_rules import resolvers
from tests.identity.dns_server import name_servers
from tests.identity.domain_steps import NAME


def test_all_resolvers_together_take_no_longer_than_one_may(app, monkeypatch):
    monkeypatch.setattr(names, "SECONDS", 1.2)
    with name_servers(app, 3) as servers, app.app_context():
        for each in servers:
            each.is_silent = True
        began = clock.now()
        assert names.look_for(NAME, "x") == "timeout"
        assert clock.now() - began < dt.timedelta(seconds=3)
        assert all(each.asked for each in servers)


def test_the_resolver_that_knows_the_record_decides(app):
    """One still remembers that there was none, one is out of order."""
    with name_servers(app, 3) as (forgets, broken, knows), app.app_context():
        broken.rcode = dns.rcode.SERVFAIL
        assert names.look_for(NAME, "x") == "no_name"
        knows.zone[NAME] = [("x",)]
        assert names.look_for(NAME, "x") == "found"
        assert forgets.asked == broken.asked == [NAME, NAME]


@pytest.mark.parametrize("name", ["a." * 126 + "example", "..", "x" * 70 + ".example"])
def test_what_is_no_name_is_a_fault(app, server, name):
    with app.app_context():
        assert names.look_for(f"_portal-proof.{name}", "x") == "failed"


def test_the_resolvers_are_addresses():
    assert resolvers("9.9.9.9, 127.0.0.1:5353,[2620:fe::fe]:54, 2620:fe::9") == (
        ("9.9.9.9", 53), ("127.0.0.1", 5353), ("2620:fe::fe", 54), ("2620:fe::9", 53),
    )  # fmt: skip
    for wrong in ("dns.example", "1.2.3.4:0", "1.2.3", "9.9.9.9,,1.1.1.1"):
        with pytest.raises(SettingsError, match="DNS_RESOLVERS"):
            read({"DNS_RESOLVERS": wrong})
