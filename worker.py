"""The worker: `python worker.py` runs the relay, the schedule and the jobs until it is told to stop."""

import sys

from portal.core.events.worker import main
from portal.start import application

if __name__ == "__main__":
    sys.exit(main(application()))
