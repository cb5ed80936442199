"""Mails of one test and the links in them; a real browser at the real application."""

import re
import shutil
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from tests import jobs
from tests.look.bare import serving

Post = dict[str, list[jobs.EmailMessage]]


@pytest.fixture
def work(app: Flask) -> Callable[[], Post]:
    """`work()`: run all jobs, then the new mails by recipient."""

    def run() -> Post:
        shutil.rmtree(jobs.folder(app), ignore_errors=True)
        outcomes = jobs.work_off(app)
        assert {outcome for _handler, outcome in outcomes} <= {"done"}, outcomes
        found: Post = {}
        for mail in jobs.sent(app):
            found.setdefault(mail["To"].addresses[0].addr_spec, []).append(mail)
        return found

    return run


@pytest.fixture
def link_to(work: Callable[[], Post]) -> Callable[[str], str]:
    """`link_to(address)`: run all jobs; the path of the link in the one mail that this address got."""

    def find(address: str) -> str:
        [mail] = work()[address]
        [path] = set(re.findall(r"http://harbor\.localhost[:\d]*(/auth/t/\S+?)(?=[\"\s<])", jobs.words(mail)))
        return path

    return find


@pytest.fixture
def harbor_url(app: Flask) -> Iterator[str]:
    """Harbor's own address, as browsers open it on this machine."""
    with serving(app) as address:
        yield address.replace("127.0.0.1", "harbor.localhost")
