"""A client's domain is proven on a phone: the page tells by itself what was found, or when it is loaded again."""

from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import select

from portal.identity.models import EmailDomain
from tests import jobs
from tests.browser.conftest import browse, fits
from tests.identity.dns_server import name_servers
from tests.identity.steps import System
from tests.world import ADMIN

__all__ = ["browse"]

pytestmark = pytest.mark.browser
DOMAIN = "brightdental.example"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_domain_is_proven(app: Flask, browse: Any, system: System, *, scripts: bool) -> None:
    with name_servers(app) as [server]:
        page = browse(ADMIN, scripts=scripts)
        page.goto("/msp/clients/10001")
        page.get_by_text("Company sign-in").click()
        page.get_by_label("Email domain").fill("gmail.com")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("Anybody can have an address there.")).to_be_visible()
        page.get_by_label("Email domain").fill(DOMAIN)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text(f"_portal-proof.{DOMAIN}")).to_be_visible()
        assert fits(page)
        with system() as session:
            record = session.execute(select(EmailDomain.record)).scalar_one()
        expect(page.get_by_text(record)).to_be_visible()
        server.zone[f"_portal-proof.{DOMAIN}"] = [(record,)]
        page.get_by_role("button", name="Check now").click()
        proof = page.locator("#company-domain")
        expect(proof.get_by_text("Being looked at")).to_be_visible()
        jobs.work_off(app)
        if not scripts:
            page.reload()
        expect(proof.get_by_text("Proven", exact=True)).to_be_visible()
        expect(proof.get_by_text("The record was found.")).to_be_visible()
        assert fits(page)
