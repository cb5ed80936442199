"""Domains that differ by a letter and have one key: their owners are two, and neither comes in as the other."""

import pytest
from sqlalchemy import select

from portal.core.addresses import email_key, is_address
from portal.identity.models import SsoIdentity
from tests import factories as make
from tests.identity.sso_steps import come, person, reasons, refused

OWN, OTHERS = "ceo@strasse.example", "ceo@stra\u00dfe.example"


def test_they_have_one_key():
    """Or what follows proves nothing."""
    assert email_key(OTHERS) == OWN


@pytest.mark.parametrize("domain", ["stra\u00dfe.example", "STRA\u1e9eE.example", "\u03c3\u03b1\u03c2.example"])
def test_a_domain_that_is_keyed_as_another_is_no_address(domain):
    assert not is_address(f"sam@{domain}")


@pytest.mark.parametrize(
    "domain", ["Strasse.Example", "xn--strae-oqa.example", "M\u00dcNCHEN.example", "u\u0308.example"]
)
def test_others_are(domain):
    assert is_address(f"sam@{domain}")


def test_a_directory_brings_in_nobody_of_the_other_domain(visit, provide, issuer, system):
    provide(domains=["strasse.example"])
    with system():
        make.a_user(OWN, kind="internal")
    issuer.claims = person(OTHERS)
    who = visit()
    refused(who, come(who))
    with system() as session:
        assert reasons(session) == ["email not verified"]
        assert session.execute(select(SsoIdentity)).first() is None
    issuer.claims = person(OWN)
    assert come(visit()).headers["Location"] == "/msp"
