"""Only our own pages may change something."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.core.web import csrf
from portal.core.web.csrf import CsrfFailed

OURS = {"Sec-Fetch-Site": "same-origin"}


class World:
    """A small app whose session can be switched."""

    def __init__(self) -> None:
        self.session: bytes | None = b"session of Sam"
        self.done = 0
        self.failure: CsrfFailed | None = None
        self.settings = SimpleNamespace(secret_keys=("k" * 32,), public_scheme="http", is_production=False)
        self.app = app = Flask("test")
        app.extensions["settings"] = self.settings
        csrf.register(app, binding=lambda: self.session)

        @app.errorhandler(CsrfFailed)
        def refused(error: CsrfFailed) -> tuple[str, int]:
            self.failure = error
            return "refused", error.code

        @app.get("/form")
        def form() -> str:
            return render_template_string("<form>{{ csrf_field() }}</form>")

        @app.route("/act", methods=["POST", "PUT", "PATCH", "DELETE"])
        def act() -> str:
            self.done += 1
            return "done"

        @app.post("/webhook")
        @csrf.exempt(because="signed by its sender")
        def webhook() -> str:
            self.done += 1
            return "done"

    def client(self) -> FlaskClient:
        return self.app.test_client()


@pytest.fixture
def world() -> World:
    return World()


def token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/form").text)
    assert found
    return found[1]


def post(client: FlaskClient, value: str | None = None, **options: Any) -> TestResponse:
    fields = {} if value is None else {"csrf_token": value}
    options.setdefault("headers", OURS)
    return client.post("/act", data=fields, **options)


def test_our_own_form_works(world: World) -> None:
    client = world.client()
    assert post(client, token(client)).status_code == 200
    assert world.done == 1


def test_the_header_works_too(world: World) -> None:
    client = world.client()
    answer = client.delete("/act", headers=OURS | {"X-CSRF-Token": token(client)})
    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_no_token_no_effect(world: World, method: str) -> None:
    assert world.client().open("/act", method=method, headers=OURS).status_code == 403
    assert world.done == 0


@pytest.mark.parametrize("wrong", ["", "x", "A" * 88, "é" * 88, "A" * 87 + "=", "A" * 100_000])
def test_wrong_token_no_effect(world: World, wrong: str) -> None:
    assert post(world.client(), wrong).status_code == 403
    assert world.done == 0


def test_a_changed_token_is_refused(world: World) -> None:
    client = world.client()
    good = token(client)
    for place in range(0, len(good) - 1, 7):
        letter = "A" if good[place] != "A" else "B"
        assert post(client, good[:place] + letter + good[place + 1 :]).status_code == 403
    assert world.done == 0


def test_another_sessions_token_is_refused(world: World) -> None:
    client = world.client()
    world.session = b"session of Noah"
    others = token(client)
    world.session = b"session of Sam"
    assert post(client, others).status_code == 403
    assert world.done == 0


def test_masked_anew_each_time_and_all_of_them_count(world: World) -> None:
    client = world.client()
    tokens = {token(client) for _ in range(5)}
    assert len(tokens) == 5
    assert [post(client, one).status_code for one in tokens] == [200] * 5


def test_survives_the_rotation_of_keys(world: World) -> None:
    client = world.client()
    old = token(client)
    world.settings.secret_keys = ("n" * 32, "k" * 32)
    assert post(client, old).status_code == 200
    world.settings.secret_keys = ("n" * 32,)
    assert post(client, old).status_code == 403


def test_before_sign_in_the_gate_cookie_binds(world: World) -> None:
    world.session = None
    client, stranger = world.client(), world.client()
    mine = token(client)
    assert post(client, mine).status_code == 200
    assert post(stranger, mine).status_code == 403
    token(stranger)
    assert post(stranger, mine).status_code == 403


def test_the_gate_stays_the_same_over_several_pages(world: World) -> None:
    world.session = None
    client = world.client()
    first = token(client)
    token(client)
    assert post(client, first).status_code == 200


def test_a_gate_token_is_worth_nothing_after_sign_in(world: World) -> None:
    world.session = None
    client = world.client()
    before = token(client)
    world.session = b"session of Sam"
    assert post(client, before).status_code == 403


def test_a_forged_gate_cookie_is_replaced(world: World) -> None:
    world.session = None
    client = world.client()
    client.set_cookie("portal-gate", "chosen-by-an-attacker")
    assert post(client, token(client)).status_code == 200
    cookie = client.get_cookie("portal-gate")
    assert cookie is not None
    assert cookie.value != "chosen-by-an-attacker"


@pytest.mark.parametrize(("scheme", "name"), [("http", "portal-gate"), ("https", "__Host-portal-gate")])
def test_the_gate_cookie_is_closed_up(world: World, scheme: str, name: str) -> None:
    world.session = None
    world.settings.public_scheme = scheme
    [cookie] = world.client().get("/form").headers.getlist("Set-Cookie")
    assert cookie.startswith(f"{name}=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Domain" not in cookie
    assert ("Secure" in cookie) is (scheme == "https")


def test_signed_in_pages_set_no_gate_cookie(world: World) -> None:
    assert world.client().get("/form").headers.getlist("Set-Cookie") == []


HERE = "http://localhost"


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"}, True),
        ({"Sec-Fetch-Site": "same-site", "Origin": HERE}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": HERE}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": ""}, False),
        ({"Origin": HERE}, True),
        ({"Origin": "HTTP://LOCALHOST"}, True),
        ({"Origin": "null"}, False),
        ({"Origin": "https://localhost"}, False),
        ({"Origin": "http://localhost:8001"}, False),
        ({"Origin": "http://localhost.evil.example"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": ""}, False),
        ({"Referer": f"{HERE}/form"}, False),
        ({}, False),
    ],
)
def test_provenance(world: World, headers: dict[str, str], *, allowed: bool) -> None:
    client = world.client()
    assert post(client, token(client), headers=headers).status_code == (200 if allowed else 403)
    assert world.done == int(allowed)


def test_the_port_belongs_to_the_origin(world: World) -> None:
    client = world.client()
    base = "http://harbor.localhost:8000"
    found = re.search(r'value="([^"]+)"', client.get("/form", base_url=base).text)
    assert found
    assert post(client, found[1], base_url=base, headers={"Origin": base}).status_code == 200
    assert post(client, found[1], base_url=base, headers={"Origin": "http://harbor.localhost"}).status_code == 403
    assert post(client, found[1], base_url=base, headers={"Origin": "http://summit.localhost:8000"}).status_code == 403


def test_reading_needs_no_token(world: World) -> None:
    assert world.client().get("/form", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_other_proofs_are_let_through_where_marked(world: World) -> None:
    assert world.client().post("/webhook", data=b"{}").status_code == 200


def test_addresses_that_do_not_exist_stay_404(world: World) -> None:
    assert world.client().post("/nowhere").status_code == 404
    assert world.client().post("/form").status_code == 405


def test_what_was_typed_is_kept_when_only_the_token_is_stale(world: World) -> None:
    fields = {"csrf_token": "stale", "body": "Mail is slow", "new_password": "hunter2", "totp_code": "123456"}
    world.client().post("/act", data=fields, headers=OURS)
    assert world.failure is not None
    assert world.failure.kept is not None
    assert dict(world.failure.kept) == {"body": "Mail is slow"}


def test_nothing_is_kept_from_elsewhere(world: World) -> None:
    world.client().post("/act", data={"body": "pay the attacker"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert world.failure is not None
    assert world.failure.kept is None


def test_a_refusal_hands_back_no_more_fields_than_a_form_has(world: World) -> None:
    client = world.client()
    for fields, is_kept in ((csrf.MOST_KEPT, True), (csrf.MOST_KEPT + 1, False)):
        client.post("/act", data={"f": ["x"] * fields}, headers=OURS)
        assert world.failure is not None
        assert (world.failure.kept is not None) is is_kept
