"""`python -m portal.launcher run`: everything that `make run` starts, in one go."""

from __future__ import annotations

import argparse
import sys

from portal.launcher.run import run
from portal.launcher.spawn import LaunchError


def main() -> int:
    """Read the command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m portal.launcher")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("run", help="servers, migrations, demo, web and worker; ends with Ctrl-C")
    command.add_argument("--with-parent", action="store_true", help="end when the process that started this one ends")
    options = parser.parse_args()
    try:
        return run(with_parent=options.with_parent)
    except LaunchError as error:
        sys.stderr.write(f"make run: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
