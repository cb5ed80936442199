"""Mails of one test: an empty folder, and whatever the jobs then write into it."""

import shutil
from collections.abc import Callable

import pytest
from flask import Flask

from tests import jobs


@pytest.fixture(autouse=True)
def empty_folder(app: Flask) -> None:
    """Mails of former tests are gone."""
    shutil.rmtree(jobs.folder(app), ignore_errors=True)


@pytest.fixture
def work(app: Flask) -> Callable[[], dict[str, list[jobs.EmailMessage]]]:
    """`work()`: run all jobs, then the new mails by recipient."""

    def run() -> dict[str, list[jobs.EmailMessage]]:
        shutil.rmtree(jobs.folder(app), ignore_errors=True)
        outcomes = jobs.work_off(app)
        assert {outcome for _handler, outcome in outcomes} <= {"done"}, outcomes
        found: dict[str, list[jobs.EmailMessage]] = {}
        for mail in jobs.sent(app):
            found.setdefault(mail["To"].addresses[0].addr_spec, []).append(mail)
        return found

    return run
