"""Settings: what is read, what is refused, and that every fault is told at once."""

import base64
import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from flask import Flask

from portal.settings import ROOT, Settings, SettingsError, current, read

KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
PRODUCTION = {
    "PORTAL_ENV": "production",
    "DATABASE_URL": "postgresql://portal_app:s9d8f7sd@db/portal",
    "REDIS_URL": "redis://cache:6379/0",
    "SECRET_KEYS": "bG9uZyBhbmQgcmFuZG9tIGVub3VnaCBmb3IgYSBrZXk",
    "ENCRYPTION_KEYS": KEY,
}


def faults(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(environ)
    return caught.value.faults


def test_production_with_all_it_needs() -> None:
    settings = read(PRODUCTION)
    assert settings.is_production
    assert settings.base_domain == "localhost"
    assert settings.origin("harbor.example.com") == "https://harbor.example.com"
    assert settings.encryption_keys == (bytes(range(32)),)
    assert settings.mail_url == f"file://{ROOT}/var/mail"
    assert settings.storage_url == f"file://{ROOT}/var/storage"


def test_production_is_the_default_and_names_every_missing_setting_at_once() -> None:
    told = faults({})
    assert [fault.split()[0] for fault in told] == ["DATABASE_URL", "REDIS_URL", "SECRET_KEYS", "ENCRYPTION_KEYS"]
    assert all("is missing" in fault and "\n" not in fault for fault in told)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORTAL_ENV", "prod", "must be one of"),
        ("DATABASE_URL", "mysql://u:p@h/d", "must look like postgresql://"),
        ("DATABASE_URL", "postgresql://db/portal", "must look like postgresql://"),
        ("DATABASE_URL", "postgresql://u:p@db:nan/portal", "must look like postgresql://"),
        ("DATABASE_URL", "postgresql://portal_app:postgres@db/portal", "default password"),
        ("DATABASE_URL", "postgresql://portal_app:change-me-now@db/portal", "default password"),
        ("DATABASE_OWNER_URL", "nonsense", "must look like postgresql://"),
        ("REDIS_URL", "http://cache", "must look like redis://"),
        ("SECRET_KEYS", "short", "shorter than 32"),
        ("SECRET_KEYS", "a" * 40, "default or development"),
        ("SECRET_KEYS", "change-me-" + "k8sT2vQ9" * 4, "default or development"),
        ("SECRET_KEYS", "dev-" + "k8sT2vQ9" * 4, "default or development"),
        ("SECRET_KEYS", PRODUCTION["SECRET_KEYS"] + ",", "nothing empty"),
        ("SECRET_KEYS", ",".join([PRODUCTION["SECRET_KEYS"]] * 2), "same key twice"),
        ("ENCRYPTION_KEYS", "abc", "32 random bytes in base64"),
        ("ENCRYPTION_KEYS", base64.b64encode(bytes(32)).decode(), "default or development"),
        ("ENCRYPTION_KEYS", "dev-" + KEY, "default or development"),
        ("BASE_DOMAIN", "https://portal.example", "must be a host name"),
        ("MAIL_URL", "sendmail:", "must look like smtp://"),
        ("MAIL_URL", "smtp://mail?tls=maybe", "must look like smtp://"),
        ("STORAGE_URL", "ftp://files", "must look like s3://"),
        ("STRIPE_API_BASE", "http://stripe.example", "must look like https://"),
        ("PORT", "70000", "number from 1 to 65535"),
        ("PORT", "٣", "number from 1 to 65535"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "must be networks"),
        ("LOG_LEVEL", "loud", "must be one of"),
        ("PUBLIC_SCHEME", "gopher", "must be one of"),
        ("METRICS_ADDRESS", "127.0.0.1", "number from 1 to 65535"),
        ("PORTAL_CLOCK_FILE", "/data/clock", "refused in production"),
        ("WEB_THREADS", "0", "number from 1 to"),
    ],
)
def test_production_refuses(name: str, value: str, words: str) -> None:
    (fault,) = faults(PRODUCTION | {name: value})
    assert fault.startswith(f"{name} ")
    assert words in fault


def test_several_faults_are_told_together_and_never_a_secret() -> None:
    told = faults(PRODUCTION | {"DATABASE_URL": "mysql://u:TopSecret1@h/d", "SECRET_KEYS": "TopSecret2", "PORT": "x"})
    assert len(told) == 3
    assert "TopSecret" not in "".join(told)


def test_what_a_settings_object_shows_of_itself_holds_no_secret() -> None:
    environ = PRODUCTION | {"MAIL_URL": "smtp://u:MailSecret@h", "DATABASE_OWNER_URL": "postgresql://o:OwnSecret@h/d"}
    shown = repr(read(environ))
    for secret in ("s9d8f7sd", PRODUCTION["SECRET_KEYS"], "MailSecret", "OwnSecret", "x01"):
        assert secret not in shown


def test_development_takes_its_own_secrets_and_plain_http() -> None:
    environ = PRODUCTION | {"PORTAL_ENV": "development", "SECRET_KEYS": "dev-" + "a" * 32, "PORT": "8123"}
    settings = read(environ | {"ENCRYPTION_KEYS": "dev-" + KEY, "PORTAL_CLOCK_FILE": "/data/clock"})
    assert settings.origin("harbor.localhost") == "http://harbor.localhost:8123"
    assert settings.clock_file == Path("/data/clock")


def test_keys_are_read_newest_first() -> None:
    older = base64.urlsafe_b64encode(bytes(range(32, 64))).decode().rstrip("=")
    settings = read(PRODUCTION | {"ENCRYPTION_KEYS": f" {older} , {KEY}"})
    assert settings.encryption_keys == (bytes(range(32, 64)), bytes(range(32)))


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("postgres://u:p@h/d", "postgresql://u:p@h/d"),
        ("postgresql+psycopg://u:p%40@h:5433/d?sslmode=require", "postgresql://u:p%40@h:5433/d?sslmode=require"),
    ],
)
def test_spellings_of_a_database_address(given: str, taken: str) -> None:
    assert read(PRODUCTION | {"DATABASE_URL": given}).database_url == taken


@pytest.mark.parametrize(
    ("name", "given", "taken"),
    [
        ("MAIL_URL", "file:", "file:///data/mail"),
        ("MAIL_URL", "file:/elsewhere", "file:///elsewhere"),
        ("STORAGE_URL", "file:blobs", "file:///data/blobs"),
        ("STORAGE_URL", "s3://bucket?endpoint=http://x", "s3://bucket?endpoint=http://x"),
    ],
)
def test_folders_lie_in_var_dir_unless_absolute(name: str, given: str, taken: str) -> None:
    settings = read(PRODUCTION | {"VAR_DIR": "/data", name: given})
    assert getattr(settings, name.lower()) == taken


def test_metrics_listen_on_loopback_where_only_a_port_is_named() -> None:
    assert read(PRODUCTION | {"METRICS_ADDRESS": "9100"}).metrics_address == ("127.0.0.1", 9100)
    assert read(PRODUCTION | {"METRICS_ADDRESS": "[::1]:9100"}).metrics_address == ("::1", 9100)


def test_current_is_the_running_application_s(app: Flask) -> None:
    with app.app_context():
        assert current() is app.extensions["settings"]


def test_env_example_names_every_setting_and_no_other() -> None:
    example = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    source = (ROOT / "portal" / "settings.py").read_text()
    read_names = set(re.findall(r'reader\.(?:take|need)\(\s*"([A-Z0-9_]+)"', source))
    assert len(read_names) == len(fields(Settings))
    assert example == read_names


def test_env_example_as_it_is_starts_nothing_in_production() -> None:
    lines = re.findall(r"^#([A-Z][A-Z0-9_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    told = faults(dict(lines))
    assert {"SECRET_KEYS", "ENCRYPTION_KEYS"} <= {fault.split()[0] for fault in told}


@pytest.mark.parametrize("program", [["wsgi.py"], ["worker.py"], ["-m", "flask", "doctor"], ["-m", "gunicorn"]])
def test_a_process_with_unfit_settings_ends_with_one_line_each(program: list[str]) -> None:
    environ = {"PATH": os.environ["PATH"], "PORTAL_ENV": "production", "PORT": "abc"}
    done = subprocess.run(
        [sys.executable, *program], cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 78
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 5
    assert all(line.startswith("portal: ") for line in lines)


def test_help_needs_no_settings_and_starts_nothing() -> None:
    environ = {"PATH": os.environ["PATH"], "PORTAL_ENV": "development", "VAR_DIR": "/proc/nowhere"}
    command = [sys.executable, "-m", "flask", "doctor", "--help"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Check settings" in done.stdout
