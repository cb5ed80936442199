"""Requests that leave the house: what they may lead to, and how little they swallow."""

import http.server
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from portal.core import outbound
from portal.core.outbound import Unreachable

INSIDE = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",  # noqa: S104
    "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1",
    "64:ff9b::a00:1", "2002:0a00:0001::1", "ff02::1", "not an address",
)  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_nothing_inside_is_asked(address):
    assert not outbound.may_be_asked(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_the_open_net_is(address):
    assert outbound.may_be_asked(address)


def test_loopback_is_meant_where_it_is_named_and_nothing_else():
    assert outbound.may_be_asked("127.0.0.1", inside=True)
    assert not outbound.may_be_asked("10.0.0.1", inside=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "https://user@example.com/",
        "https://user:pw@example.com/", "https:///x", "https://example.com/#x", "https://example.com:99999/",
        "https://example.com/ x", "https://ex\u00e4mple.com/", "https://example.com/\r\nX: y", "gopher://x", "",
        "http://10.0.0.1/", "http://localhost.example.com/", "https://" + "x" * 3000,
    ],
)  # fmt: skip
def test_addresses_of_other_shapes_are_refused(app: Flask, url):
    with app.app_context():
        assert not outbound.is_allowed(url)


def test_production_never_asks_loopback(app: Flask, monkeypatch):
    with app.app_context():
        assert outbound.is_allowed("http://127.0.0.1:5000/x")
        monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], env="production"))
        assert not outbound.is_allowed("http://127.0.0.1:5000/x")
        for host in ("localhost", "127.0.0.1", "10.0.0.1", "0x7f000001", "2130706433", "0177.0.0.1"):
            with pytest.raises(Unreachable):
                outbound.get_json(f"https://{host}/x")


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"a": 1}).encode()
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/ok")
            self.end_headers()
            return
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()
        if self.path == "/huge":
            body = b'{"a": "' + b"x" * (outbound.MOST_BYTES + 10) + b'"}'
        if self.path == "/list":
            body = b"[]"
        if self.path == "/words":
            body = b"<html>"
        if self.path == "/deep":
            body = b"[" * 100_000
        if self.path == "/slow":
            for _ in range(40):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.1)
        self.wfile.write(body)

    def log_message(self, *_args):
        return


@pytest.fixture
def url() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_object_comes_back(app: Flask, url):
    with app.app_context():
        assert outbound.get_json(f"{url}/ok") == {"a": 1}


@pytest.mark.parametrize("path", ["moved", "broken", "huge", "list", "words", "deep"])
def test_anything_else_is_nothing(app: Flask, url, path):
    with app.app_context(), pytest.raises(Unreachable):
        outbound.get_json(f"{url}/{path}")


def test_an_answer_that_drips_is_given_up(app: Flask, url, monkeypatch):
    monkeypatch.setattr(outbound, "MOST_SECONDS", 0.5)
    began = time.monotonic()
    with app.app_context(), pytest.raises(Unreachable):
        outbound.get_json(f"{url}/slow")
    assert time.monotonic() - began < 3


def test_a_name_with_one_address_inside_is_not_asked(app: Flask, monkeypatch):
    def found(*_args, **_kwargs):
        return [(2, 1, 6, "", ("93.184.216.34", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]

    def never(*_args, **_kwargs):
        message = "a connection was made"
        raise AssertionError(message)

    monkeypatch.setattr(outbound.socket, "getaddrinfo", found)
    monkeypatch.setattr(outbound.socket, "create_connection", never)
    with app.app_context(), pytest.raises(Unreachable):
        outbound.get_json("https://example.com/")
