"""Requests of all web processes are added up on a listener of its own."""

import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from portal.assembly import build
from portal.core import metrics
from portal.settings import read

TWO_PROCESSES = """
import os, socket, urllib.request
from pathlib import Path
from flask import Flask
from portal.core import metrics

metrics.prepare()
folder = Path(os.environ[metrics.FOLDER])
for _ in range(2):
    child = os.fork()
    if child == 0:
        app = Flask("counted")
        app.add_url_rule("/tickets/<int:number>", view_func=lambda number: "", endpoint="show")
        metrics.register(app)
        app.test_client().get("/tickets/7")
        os._exit(0)
    os.waitpid(child, 0)
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
metrics.listen(("127.0.0.1", port))
print(urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode())
metrics.clear()
print("left" if folder.exists() else "removed")
"""


def test_counts_by_route_with_the_statements_sent() -> None:
    app = Flask("counted")
    engine = create_engine("sqlite://")

    @app.get("/tickets/<int:number>")
    def show(number: int) -> str:
        with engine.connect() as connection:
            return str(connection.execute(text("SELECT :number"), {"number": number}).scalar_one())

    metrics.register(app)
    assert [app.test_client().get(path).status_code for path in ("/tickets/1", "/tickets/2", "/secret")] == [
        200,
        200,
        404,
    ]
    value = app.extensions["metrics"].get_sample_value
    tickets = {"method": "GET", "route": "/tickets/<int:number>"}
    assert value("portal_requests_total", {**tickets, "status": "200"}) == 2
    assert value("portal_requests_total", {"method": "GET", "route": "none", "status": "404"}) == 1
    assert value("portal_request_statements_sum", tickets) == 2
    assert value("portal_request_seconds_count", tickets) == 2


def test_processes_are_added_up_and_the_folder_goes(tmp_path: Path) -> None:
    script = tmp_path / "counting.py"
    script.write_text(TWO_PROCESSES)
    done = subprocess.run(
        [sys.executable, str(script)],
        env={"PYTHONPATH": str(Path(metrics.__file__).parents[2])},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert 'portal_requests_total{method="GET",route="/tickets/<int:number>",status="200"} 2.0' in done.stdout
    assert done.stdout.rstrip().endswith("removed")


@pytest.mark.parametrize("address", ["", "127.0.0.1:9100"])
def test_nothing_is_counted_unasked(address: str) -> None:
    environ = {
        "PORTAL_ENV": "test",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEYS": "s" * 48,
        "ENCRYPTION_KEYS": "A" * 43 + "=",
        "METRICS_ADDRESS": address,
    }
    assert ("metrics" in build(read(environ)).extensions) is bool(address)
