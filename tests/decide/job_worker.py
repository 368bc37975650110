"""A worker process for the tests: works on jobs of a home until it is killed."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path

from mdm.homes import open_home
from mdm.jobs import work as jobwork

if __name__ == "__main__":
    hub = open_home(Path(sys.argv[1]))
    with jobwork.Worker(hub, lease=timedelta(seconds=1), pause=0.05):
        time.sleep(600)
