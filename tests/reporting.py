"""Says in words what could not be run and why; with CI=true that is a failure, since nobody reads a green run."""

import os
from collections import Counter
from collections.abc import Generator

import pytest

IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skipped test is a failed one in CI; an expected failure stays what it is."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} could not run, and CI=true: {_reason(report)}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell which seeds were thrown; list the reasons, each once, with how many tests it kept from running."""
    if seeds := _seeds(terminalreporter):
        terminalreporter.line(f"seeds of this run (PORTAL_TEST_SEED=<seed> repeats one): {', '.join(seeds)}")
    reasons = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    if not reasons:
        return
    terminalreporter.section("not run on this machine")
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count} {'test' if count == 1 else 'tests'}: {reason}")


def _seeds(terminalreporter: pytest.TerminalReporter) -> list[str]:
    """What tests with chance in them recorded as `seed`."""
    reports = [*terminalreporter.stats.get("passed", []), *terminalreporter.stats.get("failed", [])]
    found = {value for report in reports for name, value in report.user_properties if name == "seed"}
    return sorted(str(value) for value in found)


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    words = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return words.removeprefix("Skipped: ")
