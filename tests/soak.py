"""`make soak`: fault, race, isolation and timing tests at full size, and a report of what they measured.

The report is written whether or not all went well, and the exit code says which. Further arguments go to pytest.
"""

import datetime as dt
import os
import platform
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from portal.settings import ROOT

REPORT = ROOT / "docs" / "measured" / "soak.md"
FOLDERS = ("tests/faults", "tests/isolation")
ALONE = "tests/timing"
"""What judges by the clock; it begins when the others have ended."""
HEAD = """# Soak

Written by `make soak`: real PostgreSQL, real Valkey, real processes that get killed. `make test` runs the same code at
a twentieth of the size. Half of the random runs follow the fixed seed, half a new one; with `PORTAL_TEST_SEED=<seed>` a
run is repeated. Tests whose names begin with "without" are negative controls: they switch a defence off, and pass when
the harm is then detected.
"""

TABLE = ("| test | result | s | measured |", "| --- | --- | --- | --- |")


@dataclass(frozen=True)
class Outcome:
    """One test: its words, how it ended, and what it measured."""

    module: str
    name: str
    ended: str
    seconds: float
    figures: list[tuple[str, str]] = field(default_factory=list)

    @property
    def where(self) -> str:
        """What the test's file is called."""
        return self.module.rpartition(".")[2].removeprefix("test_")

    @property
    def node(self) -> str:
        """The test as pytest is asked for it."""
        return f"{self.module.replace('.', '/')}.py::{self.name}"

    @property
    def words(self) -> str:
        """The test's name as a sentence."""
        name, _, variant = self.name.removeprefix("test_").partition("[")
        return name.replace("_", " ") + (f" ({variant.rstrip(']')})" if variant else "")


def outcomes(report: Path) -> Iterator[Outcome]:
    """All tests of a JUnit report."""
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314  # written by pytest a moment ago
        failed = case.find("failure") is not None or case.find("error") is not None
        yield Outcome(
            module=case.get("classname", ""),
            name=case.get("name", ""),
            ended="failed" if failed else "skipped" if case.find("skipped") is not None else "passed",
            seconds=float(case.get("time", "0")),
            figures=[(one.get("name", ""), one.get("value", "")) for one in case.iter("property")],
        )


def page(found: list[Outcome]) -> str:
    """The report as Markdown."""
    ended = {word: sum(one.ended == word for one in found) for word in ("passed", "failed", "skipped")}
    told, minutes = (
        ", ".join(f"{count} {word}" for word, count in ended.items()),
        sum(one.seconds for one in found) / 60,
    )
    lines = [
        HEAD,
        f"- {_when()}",
        f"- {platform.system()} {platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}",
        f"- {told}; {minutes:.0f} minutes",
    ]
    for where in dict.fromkeys(one.where for one in found):
        lines += ["", f"## {where.replace('_', ' ').capitalize()}", "", *TABLE]
        lines += [_row(one) for one in found if one.where == where]
    return "\n".join(lines) + "\n"


def _when() -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC, on top of commit {commit.stdout.strip() or 'unknown'}"


def _row(one: Outcome) -> str:
    figures = "; ".join(f"{name}: {value}" for name, value in one.figures).replace("|", "/")
    return f"| {one.words} | {one.ended} | {one.seconds:.0f} | {figures} |"


def main(arguments: list[str]) -> int:
    """Run the folders side by side, then what needs the machine alone; write the report. Zero only if all went well.

    What failed is tried once more, alone, and both results are told: `--again` and the tests does only that.
    """
    if arguments[:1] == ["--again"]:
        return _again(arguments[1:])
    with tempfile.TemporaryDirectory() as folder:
        reports = {where: Path(folder) / f"{Path(where).name}.xml" for where in (*FOLDERS, ALONE)}

        def begun(where: str) -> subprocess.Popen[bytes]:
            return _begun(reports[where], where, *arguments)

        codes = [each.wait() for each in [begun(where) for where in FOLDERS]]
        codes.append(begun(ALONE).wait())
        found = [outcome for report in reports.values() if report.exists() for outcome in outcomes(report)]
    if found:
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        REPORT.write_text(page(found), encoding="utf-8")
        sys.stderr.write(f"The report is {REPORT.relative_to(ROOT)}.\n")
    if failed := [one.node for one in found if one.ended == "failed"]:
        _again(failed)
    return max(codes)


def _again(nodes: list[str]) -> int:
    """Run these tests alone, and add to the report how they ended."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "again.xml"
        code = _begun(report, *nodes).wait()
        found = list(outcomes(report))
    lines = ["", "## Again, alone", "", f"What failed above, once more: {_when()}.", "", *TABLE, *map(_row, found)]
    with REPORT.open("a", encoding="utf-8") as written:
        written.write("\n".join(lines) + "\n")
    return code


def _begun(report: Path, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pytest", "-n0", "-v", "-o", "junit_family=xunit1", f"--junitxml={report}"]
    environ = os.environ | {"PORTAL_ENV": "test", "PORTAL_TEST_SIZE": "full"}
    return subprocess.Popen([*command, *arguments], cwd=ROOT, env=environ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
