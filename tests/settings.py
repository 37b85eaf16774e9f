"""The settings of a test run: a database server of its own, gone afterwards."""

import atexit
import os
import shutil
import tempfile

if "HOLDPOINT_DATA" not in os.environ:
    # Set before the project's settings look, and inherited by parallel test processes.
    os.environ["HOLDPOINT_DATA"] = tempfile.mkdtemp(prefix="holdpoint-tests-")
    atexit.register(shutil.rmtree, os.environ["HOLDPOINT_DATA"], ignore_errors=True)

from project.settings import *  # noqa: F403
