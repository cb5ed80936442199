"""What a development environment leaves out is filled in; another one is left as it is."""

import os
import signal
import sys
from pathlib import Path

import psycopg
import pytest

from portal.core.tenancy import roles
from portal.launcher import embedded, postgres
from portal.launcher.home import Home
from portal.launcher.spawn import LaunchError
from portal.settings import SettingsError, read
from tests.launcher import processes

PROBE = """
import json, os, sys, time
from portal.launcher import embedded
filled = embedded.attach(os.environ)
print(json.dumps({name: filled[name] for name in sys.argv[2:]}), flush=True)
time.sleep(float(sys.argv[1]))
"""
NAMES = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEYS", "ENCRYPTION_KEYS")


def environment(folder: Path) -> dict[str, str]:
    return {"PORTAL_ENV": "development", "VAR_DIR": str(folder), "DATABASE_URL": "", "REDIS_URL": ""}


@pytest.mark.parametrize("env", ["production", "test", ""])
def test_only_development_is_filled_in(env: str, open_folder: Path) -> None:
    given = {"PORTAL_ENV": env, "VAR_DIR": str(open_folder / "var")}
    assert embedded.attach(given) == given
    assert not (open_folder / "var").exists()


def test_two_commands_share_the_servers_of_the_first(open_folder: Path) -> None:
    environ = environment(open_folder)
    with processes.started("-c", PROBE, "600", *NAMES, environ=environ) as first:
        told = processes.told(first)
        read(environ | told)
        with processes.started("-c", PROBE, "0", *NAMES, environ=environ) as second:
            assert processes.told(second) == told
            second.wait()
        with psycopg.connect(told["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (roles.APP,)
        kin = processes.family(first.pid)
        first.send_signal(signal.SIGINT)
        assert processes.survivors(kin) == []
    assert Home(open_folder).told() == {}


def test_what_was_told_is_private(open_folder: Path) -> None:
    home = Home(open_folder)
    assert home.take("a test")
    home.tell({"DATABASE_URL": "postgresql://x"})
    home.secrets()
    for name in ("servers.json", "secrets.json", "launcher.lock"):
        assert (open_folder / name).stat().st_mode & 0o777 == 0o600
    home.leave()


def test_development_secrets_stay_the_same_and_production_refuses_them(open_folder: Path) -> None:
    secrets = Home(open_folder).secrets()
    assert Home(open_folder).secrets() == secrets
    own = {name: secrets[name] for name in ("SECRET_KEYS", "ENCRYPTION_KEYS")}
    rest = {"DATABASE_URL": "postgresql://portal_app:x@h/d", "REDIS_URL": "redis://h"}
    read({"PORTAL_ENV": "development", **rest, **own})
    with pytest.raises(SettingsError) as caught:
        read({"PORTAL_ENV": "production", **rest, **own})
    assert [fault.split()[0] for fault in caught.value.faults] == ["SECRET_KEYS", "ENCRYPTION_KEYS"]


def test_one_process_at_a_time_holds_a_folder_and_its_death_frees_it(open_folder: Path) -> None:
    holding = "import sys, time; from pathlib import Path; from portal.launcher.home import Home; "
    holding += "home = Home(Path(sys.argv[1])); assert home.take('a test'); print('{}', flush=True); time.sleep(600)"
    home = Home(open_folder)
    with processes.started("-c", holding, str(open_folder)) as other:
        processes.told(other)
        assert not home.take("another")
        assert home.holder() == (other.pid, "a test")
        processes.kill(other.pid)
        other.wait()
        assert home.take("another")
    assert home.holder() == (os.getpid(), "another")
    home.leave()


def test_an_administrator_s_address_becomes_owner_s_and_app_s(open_folder: Path) -> None:
    server = postgres.start(open_folder / "elsewhere" / "postgres", durable=False)
    environ = environment(open_folder) | {"DATABASE_URL": server.url_admin, "REDIS_URL": "redis://127.0.0.1:1/0"}
    try:
        filled = embedded.attach(environ)
        assert roles.user_of(filled["DATABASE_URL"]) == roles.APP
        assert roles.user_of(filled["DATABASE_OWNER_URL"]) == roles.OWNER
        assert roles.database_of(filled["DATABASE_URL"]) == roles.DATABASE
        with psycopg.connect(filled["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (roles.APP,)
        again = embedded.attach(environ | {"VAR_DIR": str(open_folder / "another checkout")})
        assert again["DATABASE_URL"] == filled["DATABASE_URL"]
        as_app = environ | {name: filled[name] for name in ("DATABASE_URL", "DATABASE_OWNER_URL")}
        assert embedded.attach(as_app)["DATABASE_URL"] == filled["DATABASE_URL"]
        assert not (open_folder / "postgres").exists()
    finally:
        server.kill()
        embedded.postgres.place.discard(open_folder / "elsewhere" / "postgres")


def test_a_database_out_of_reach_is_told_in_one_line(open_folder: Path) -> None:
    environ = environment(open_folder) | {"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/d", "REDIS_URL": "redis://h"}
    with pytest.raises(LaunchError) as caught:
        embedded.attach(environ)
    assert str(caught.value).startswith("DATABASE_URL can't be reached")
    assert "\n" not in str(caught.value)


def test_a_prepared_address_is_taken_as_it_is_even_while_the_server_is_away(open_folder: Path) -> None:
    """A worker that is started again beside a restarting PostgreSQL waits for it by itself."""
    given = {"DATABASE_URL": "postgresql://portal_app:p@127.0.0.1:1/d", "REDIS_URL": "redis://h"}
    filled = embedded.attach(environment(open_folder) | given)
    assert filled["DATABASE_URL"] == given["DATABASE_URL"]


def test_production_code_reaches_the_launcher_through_one_function_only() -> None:
    """Started as in the image, where the package isn't: nothing may miss it."""
    code = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("portal.launcher"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
import wsgi, json
print(json.dumps({"name": wsgi.app.name}))
"""
    environ = {
        "PORTAL_ENV": "production",
        "DATABASE_URL": "postgresql://portal_app:k3jd83@127.0.0.1:1/portal",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEYS": "kJ8sdf7JKSD8fjksd8fKJSDf8sdjfk8sd",
        "ENCRYPTION_KEYS": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    }
    with processes.started("-c", code, environ=environ, python=sys.executable) as process:
        assert processes.told(process) == {"name": "portal"}
