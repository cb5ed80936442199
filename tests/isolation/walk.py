"""The walk: from the first page along every link and form that is shown, and what each of them leads to.

What is shown must work for whoever is shown it, and what somebody may do must be shown somewhere: the
policy table says both. Pages are only read; forms are compared with the table, not sent.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from portal.cli.routes import routes
from portal.core import policy
from tests.pages import Page, Visitor, _fields

EXAMPLES = 3
"""How many addresses of a kind (same view, same names in the query) are opened; the rest is held to the table alone."""
IN_MANY_STATES = frozenset(
    {"access.role", "people.person", "people.user", "people.colleague", "desk.show", "tickets.show"}
)
"""Pages whose buttons depend on how somebody or something stands: three times as many of them are."""
START = {"client": "/", "staff": "/msp"}
ANSWERS = frozenset({200, 204, 303})
"""A page, no news for one that is open, or elsewhere."""
_ADDRESSES = {"a": "href", "link": "href", "img": "src", "script": "src", "form": "action"}
_HTMX = {"hx-get", "hx-post"}
_NOT_PAGES = ("/static/", "/ui")


class Step(NamedTuple):
    """Something shown: on which page, how it is sent, where it leads, and with which fields as they stand."""

    shown_on: str
    method: str
    address: str
    fields: dict[str, Any] | None = None


@dataclass
class Walk:
    """One person's walk. `may`: the permissions held; `looks_on`: as somebody of the staff in a client's portal.

    Methods and addresses that are `known` are not looked at again. `titles`: the views of fixed addresses by what
    their pages are called.
    """

    app: Flask
    visitor: Visitor
    face: str
    may: frozenset[str]
    looks_on: bool = False
    examples: int = EXAMPLES
    wrong: list[str] = field(default_factory=list)
    led_to: set[tuple[str, str]] = field(default_factory=set)
    known: set[tuple[str, str]] = field(default_factory=set)
    forms: dict[str, Step] = field(default_factory=dict)
    titles: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    opened: int = 0
    _queue: list[Step] = field(default_factory=list)
    _examples: dict[Any, int] = field(default_factory=lambda: defaultdict(int))

    def go(self, start: str = "") -> "Walk":
        """Walk until nothing new is shown, from the first page or from one that looks different now."""
        start = start or START[self.face]
        self.known.discard(("GET", start))
        self._meet(Step("nowhere", "GET", start))
        while self._queue:
            self._open(self._queue.pop(0))
        return self

    def dead_ends(self) -> list[str]:
        """The views that the person may call, by the table, and that nothing shown leads to."""
        return [
            f"{method} {row['endpoint']}"
            for row in routes(self.app)
            for method in row["methods"]
            if row["face"] == self.face
            and self.is_open(row["endpoint"], method)
            and (row["endpoint"], method) not in self.led_to
        ]

    def press(self, views: str) -> list[str]:
        """Send what was shown and leads to views of this name, just as it stands; one line for each refusal."""
        refused = []
        for address, step in self.forms.items():
            if (self._endpoint("POST", urlsplit(address).path) or "").startswith(views):
                status = self.visitor.post(address, step.fields).status
                if status not in {303, 422}:
                    refused.append(f"{step.shown_on} shows POST {address}, which answers {status}")
        return refused

    def is_open(self, endpoint: str, method: str) -> bool:
        """Whether the table lets the person call it."""
        rule = policy.rule_of(self.app, endpoint)
        assert rule is not None, endpoint
        if rule.face not in {"client", "staff"}:
            return True
        if rule.face != self.face or (self.looks_on and not policy.is_open_to_lookers(rule, method)):
            return False
        return rule.permission is None or rule.permission in self.may

    def _open(self, step: Step) -> None:
        page = self.visitor.get(step.address)
        self.opened += 1
        if page.status not in ANSWERS:
            self.wrong.append(f"{step.shown_on} leads to {step.address}, which answers {page.status}")
        elif page.status == 303:
            self._meet(Step(step.address, "GET", urljoin(step.address, page.headers["Location"])))
        endpoint = self._endpoint("GET", urlsplit(step.address).path)
        if page.is_whole and endpoint and not next(self.app.url_map.iter_rules(endpoint)).arguments:
            self.titles[page.dom.title.get_text()].add(endpoint)
        for each in shown(page, step.address):
            self._meet(each)

    def _meet(self, step: Step) -> None:
        """Hold a step to the table, and open it later where it is a page and not enough of its kind are."""
        parts = urlsplit(step.address)
        if parts.scheme or parts.netloc or parts.path.startswith(_NOT_PAGES):
            return
        if step.fields is not None:
            self.forms[step.address] = step
        key = (step.method, parts.path + (f"?{parts.query}" if parts.query else ""))
        if key in self.known:
            return
        self.known.add(key)
        endpoint = self._endpoint(step.method, parts.path)
        if endpoint is None:
            self.wrong.append(f"{step.shown_on} shows {step.method} {step.address}, which is no address")
            return
        self.led_to.add((endpoint, step.method))
        if not self.is_open(endpoint, step.method):
            self.wrong.append(f"{step.shown_on} shows {step.method} {step.address}, which this person may not")
        kind = (endpoint, frozenset(name for name, _ in parse_qsl(parts.query)))
        enough = self.examples * (3 if endpoint in IN_MANY_STATES else 1)
        if step.method == "GET" and self._examples[kind] < enough:
            self._examples[kind] += 1
            self._queue.append(step._replace(address=key[1]))

    def _endpoint(self, method: str, path: str) -> str | None:
        try:
            return str(self.app.url_map.bind(self.visitor.host).match(path, method=method)[0])
        except RequestRedirect as elsewhere:
            return self._endpoint(method, urlsplit(elsewhere.new_url).path)
        except HTTPException:
            return None


def shown(page: Page, address: str) -> Iterator[Step]:
    """Every link, form and button of a page, and what htmx would send."""
    for element in page.dom.find_all(_leads_somewhere):
        for name in _HTMX & element.attrs.keys():
            yield Step(address, name.removeprefix("hx-").upper(), urljoin(address, element[name]))
        if element.has_attr("formaction"):
            yield Step(address, "POST", urljoin(address, element["formaction"]))
        target = element.get(_ADDRESSES.get(element.name, ""))
        if target is None or (element.name == "form" and not _can_be_sent(element)):
            continue
        method = str(element.get("method", "get")).upper() if element.name == "form" else "GET"
        fields = _fields(element) if element.name == "form" else None
        if fields is not None and method == "GET":
            target = f"{target.partition('?')[0]}?{urlencode(fields)}"
        leads_to = urljoin(address, target).partition("#")[0]
        yield Step(address, method, leads_to, fields if method == "POST" else None)


def _leads_somewhere(element: Any) -> bool:
    return element.name in _ADDRESSES or not element.attrs.keys().isdisjoint(_HTMX | {"formaction"})


def _can_be_sent(form: Any) -> bool:
    """Whether it is more than a frame around what is greyed out."""
    buttons = (*form.select("button:not([type=button])"), *form.select("input[type=submit]"))
    return any(not each.has_attr("disabled") for each in buttons)
