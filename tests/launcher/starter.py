"""A process to be killed: starts both servers on the folder given, says where they are, and waits.

    python -m tests.launcher.starter FOLDER [guard]

With `guard` it goes the way of systems that don't tell a child of its parent's death.
"""

import json
import sys
import time
from pathlib import Path

from portal.core import lifeline
from portal.launcher import postgres, valkey

LONG = 600


def main(folder: Path, *, guard: bool) -> None:
    if guard:
        lifeline.has_death_signal = lambda: False
    database = postgres.start(folder / "postgres")
    cache = valkey.start(folder / "valkey")
    told = {"database": database.url_admin, "cache": cache.url}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    time.sleep(LONG)


if __name__ == "__main__":
    main(Path(sys.argv[1]), guard="guard" in sys.argv[2:])
