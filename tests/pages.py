"""Pages as a browser gets them: each one fetched is parsed and held to what every page must have."""

import hashlib
import secrets
import uuid
from collections import Counter
from typing import Any
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup
from flask import Flask

from tests.world import Person

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


class Page:
    """One answer. `dom` is parsed HTML; checks run for whole pages and for fragments alike."""

    def __init__(self, response: Any, app: Flask) -> None:
        self.response = response
        self.app = app
        self.status: int = response.status_code
        self.headers = response.headers
        self.text: str = response.get_data().decode(errors="replace")
        self.is_html = response.mimetype == "text/html"
        self.dom = BeautifulSoup(self.text if self.is_html else "", "lxml")
        if self.is_html and self.text:
            self.check()

    @property
    def is_whole(self) -> bool:
        return self.text.lstrip().lower().startswith("<!doctype")

    def check(self) -> None:
        """What every page and fragment owes its reader."""
        ids = Counter(element["id"] for element in self.dom.find_all(id=True))
        twice = {name for name, count in ids.items() if count > 1}
        assert not twice, f"ids used twice: {twice}"
        assert not self.dom.find_all(style=True), "inline styles are forbidden by the policy"
        assert not self.dom.find_all("script", src=False), "inline script"
        self._check_forms()
        if self.is_whole:
            assert len(self.dom.find_all("h1")) == 1, "a page has one h1"
            assert self.dom.html.get("lang"), "a page says its language"
            assert self.dom.title.get_text(strip=True), "a page has a title"

    def _check_forms(self) -> None:
        for form in self.dom.find_all("form"):
            if form.get("method", "get").lower() == "post":
                assert form.find("input", attrs={"name": "csrf_token"}), f"form without CSRF: {form.get('action')}"
        labelled = {label["for"] for label in self.dom.find_all("label", attrs={"for": True})}
        for control in self.dom.find_all(["input", "select", "textarea"]):
            if control.get("type") in {"hidden", "submit"}:
                continue
            named = (
                control.get("id") in labelled
                or control.get("aria-label")
                or control.get("aria-labelledby")
                or control.find_parent("label")
            )
            assert named, f"control without label: {control.get('name')}"

    def form(self, action: str) -> dict[str, Any]:
        """The fields of the form whose action ends like this, as a browser would send them."""
        for form in self.dom.select("form"):
            if form.get("action", "").split("?")[0].endswith(action):
                return _fields(form)
        found = [form.get("action") for form in self.dom.select("form")]
        message = f"no form posts to {action}; there are {found}"
        raise AssertionError(message)

    def __contains__(self, words: str) -> bool:
        return words in self.text


def _fields(form: Any) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for control in form.select("input[name], textarea[name], select[name]"):
        kind = control.get("type", "")
        if kind in {"submit", "file"} or (kind in {"checkbox", "radio"} and not control.has_attr("checked")):
            continue
        if control.name == "textarea":
            values[control["name"]] = control.get_text()
        elif control.name == "select":
            chosen = control.select_one("option[selected]") or control.select_one("option")
            values[control["name"]] = chosen.get("value", "") if chosen else ""
        else:
            values[control["name"]] = control.get("value", "")
    return values


class Visitor:
    """Somebody with a browser at one host: keeps cookies, sends the headers that browsers send."""

    def __init__(self, app: Flask, host: str) -> None:
        self.app = app
        self.host = host
        self.http = app.test_client()
        self.origin = f"http://{host}"

    def open(self, method: str, path: str, *, part: bool = False, **more: Any) -> Page:
        """One request, redirects not followed. `part`: as htmx asks for a fragment."""
        headers = dict(more.pop("headers", {}))
        if part:
            headers |= {"HX-Request": "true", "HX-Request-Type": "partial"}
        if method in UNSAFE:
            headers.setdefault("Sec-Fetch-Site", "same-origin")
            headers.setdefault("Origin", self.origin)
        response = self.http.open(path, method=method, base_url=self.origin, headers=headers, **more)
        return Page(response, self.app)

    def get(self, path: str, **more: Any) -> Page:
        """GET."""
        return self.open("GET", path, **more)

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> Page:
        """POST exactly this."""
        return self.open("POST", path, data=data or {}, **more)

    def submit(self, page: str, action: str, *, part: bool = False, **values: Any) -> Page:
        """Fetch the page, fill in its form and send it, as a person would."""
        shown = self.get(page)
        data = shown.form(action) | {name: value for name, value in values.items() if value is not None}
        target = next(
            form["action"] for form in shown.dom.select("form") if form["action"].split("?")[0].endswith(action)
        )
        return self.post(urljoin(page, target), data, part=part)

    def follow(self, page: Page) -> Page:
        """Go where a redirect leads."""
        assert page.status in {302, 303}, f"expected a redirect, got {page.status}"
        parts = urlsplit(page.headers["Location"])
        return self.get(parts.path + (f"?{parts.query}" if parts.query else ""))

    def sign_in(self, person: Person) -> None:
        """Put a session into the browser, without the cost of a password; the sign-in tests type one."""
        from portal.core import clock
        from portal.core.tenancy.scope import system_scope
        from portal.core.tenancy.session import transaction
        from portal.core.web import cookies
        from portal.identity.models import LoginSession
        from portal.settings import current

        token, now = secrets.token_urlsafe(32), clock.now()
        with self.app.app_context():
            with transaction(system_scope(person.tenant_id)) as session:
                session.add(
                    LoginSession(
                        id=uuid.uuid4(), user_id=person.id, side=person.side,
                        token_hash=hashlib.sha256(token.encode()).hexdigest(),
                        membership_id=person.membership_id if person.side == "client" else None,
                        created_at=now, last_used_at=now, proved_at=now,
                        expires_at=now.replace(year=now.year + 1),
                    )
                )  # fmt: skip
            name = cookies.cookie_name(person.side, current())
        self.http.set_cookie(name, token, domain=self.host)
