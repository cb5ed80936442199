"""The cookies, as browsers are told them: in production, and on a developer's plain-http localhost."""

from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests import databases, world
from tests.databases import Database
from tests.identity.steps import SIGN_IN, SIGN_OUT, Visit, sign_in

SECRETS = {
    "PORTAL_ENV": "production",
    "SECRET_KEYS": "7c1mV9s0Qx3Lr8tB2nYfJh5uKd6wPzEaG4oRiTq0",
    "ENCRYPTION_KEYS": "c3J3OWJ2bTJrM2x6OHE0dDdqMWY2aDVkMG55YXV4ZWc=",
    "BASE_DOMAIN": "portal.test",
}
DAYS = 24 * 3600
LIFE = {"client": 30 * DAYS, "msp": DAYS}


@pytest.fixture
def production(database: Database, redis_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application as an operator runs it, on this test's database."""
    from portal import create_app
    from portal.extensions import db
    from portal.settings import read

    app = create_app(read(databases.environment(database, redis_url, str(tmp_path)) | SECRETS))
    yield app
    with app.app_context():
        db.engine.dispose()


class Browser:
    """A browser that keeps each Set-Cookie as it came and sends all of them back."""

    def __init__(self, app: Flask, host: str) -> None:
        self.http = app.test_client(use_cookies=False)
        self.origin = f"https://{host}"
        self.told: dict[str, Any] = {}

    def open(self, method: str, path: str, **data: str) -> Any:
        headers = {"Cookie": "; ".join(f"{name}={each.value}" for name, each in self.told.items())}
        if method == "POST":
            headers |= {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"}
        response = self.http.open(path, method=method, base_url=self.origin, headers=headers, data=data)
        for line in response.headers.getlist("Set-Cookie"):
            self.told |= SimpleCookie(line)
        return response

    def sign_in(self, side: str, email: str) -> Any:
        page = self.open("GET", SIGN_IN[side]).get_data(as_text=True)
        token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        return self.open("POST", SIGN_IN[side], csrf_token=token, email=email, password=world.PASSWORD)


@pytest.mark.parametrize("person", [world.SAM, world.TECH], ids=lambda each: each.side)
def test_in_production_they_are_bound_to_host_and_tls(production: Flask, person: world.Person) -> None:
    browser = Browser(production, "harbor.portal.test")
    response = browser.sign_in(person.side, person.email)
    assert response.status_code == 303
    name = "__Host-session" if person.side == "client" else "__Host-msp"
    assert set(browser.told) == {name, "__Host-device", "__Host-portal-gate"}
    for each in browser.told.values():
        assert each["secure"] is each["httponly"] is True
        assert (each["path"], each["domain"], each["samesite"]) == ("/", "", "Lax")
    assert int(browser.told[name]["max-age"]) == LIFE[person.side]
    assert int(browser.told["__Host-device"]["max-age"]) == 400 * DAYS
    home = "/settings" if person.side == "client" else "/msp/settings"
    page = browser.open("GET", home)
    assert page.status_code == 200

    token = page.get_data(as_text=True).partition('name="csrf_token" value="')[2].partition('"')[0]
    browser.open("POST", SIGN_OUT[person.side], csrf_token=token)
    gone = browser.told[name]
    assert (gone.value, gone["max-age"], gone["path"], gone["secure"]) == ("", "0", "/", True)


def test_what_was_said_is_bound_to_the_host_as_well(production: Flask) -> None:
    browser = Browser(production, "harbor.portal.test")
    browser.sign_in("client", world.SAM.email)
    page = browser.open("GET", "/tickets/new").get_data(as_text=True)
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]

    browser.open("POST", "/tickets/new", csrf_token=token, subject="Once", description="More.")

    said = browser.told["__Host-said"]
    assert said["secure"] is said["httponly"] is True
    assert (said["path"], said["domain"], said["samesite"]) == ("/", "", "Lax")
    browser.told["said"] = browser.told.pop("__Host-said")
    assert "We have it." not in browser.open("GET", "/tickets").get_data(as_text=True)
    browser.told["__Host-said"] = browser.told.pop("said")
    assert "We have it." in browser.open("GET", "/tickets").get_data(as_text=True)
    assert (browser.told["__Host-said"].value, browser.told["__Host-said"]["max-age"]) == ("", "0")


def test_without_the_prefix_a_cookie_counts_for_nothing_in_production(production: Flask) -> None:
    """A neighbouring host, or plain http, can set `session`; it can't set `__Host-session`."""
    browser = Browser(production, "harbor.portal.test")
    browser.sign_in("client", world.SAM.email)
    browser.told["session"] = browser.told.pop("__Host-session")
    assert browser.open("GET", "/settings").status_code == 303


def test_flasks_own_session_is_never_used(production: Flask, app: Flask, visit: Visit) -> None:
    from flask import session

    for each in (production, app):
        with each.test_request_context("/"), pytest.raises(RuntimeError):
            session["anything"] = 1
    somebody = visit()
    sign_in(somebody, world.SAM)
    names = {cookie.key for cookie in somebody.http._cookies.values()}
    assert names == {"session", "device", "portal-gate"}
    value = somebody.http.get_cookie("session", domain=somebody.host).value
    assert "." not in value, "our token, not a signed value of Flask's"


def test_on_plain_http_prefix_and_secure_are_dropped_and_nothing_else(visit: Visit) -> None:
    somebody = visit()
    answer = sign_in(somebody, world.SAM)
    for line in answer.headers.getlist("Set-Cookie"):
        (each,) = SimpleCookie(line).values()
        assert not each.key.startswith("__")
        assert each["httponly"] is True
        assert (each["secure"], each["path"], each["domain"], each["samesite"]) == ("", "/", "", "Lax")
