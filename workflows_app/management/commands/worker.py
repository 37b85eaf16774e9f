"""`worker`: takes steps that are ready and runs them, on this machine, until stopped."""

import asyncio
import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from workflows_app.runtime.worker.process import die_with_parent
from workflows_app.runtime.worker.supervisor import THREADS, Supervisor


class Command(BaseCommand):
    """Any number of workers may run, on any number of machines."""

    help = "Run workflows: a supervisor, and executors, one for each core by default."
    requires_system_checks: list[str] = []
    """They import every page, which a worker has not: after a kill, runs wait for that.

    `web` and `up` make them.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--executors",
            type=int,
            default=settings.EXECUTORS or os.cpu_count() or 1,
            help="processes that run steps (default: HOLDPOINT_EXECUTORS, else one a core)",
        )
        parser.add_argument(
            "--parent", type=int, default=0, help="end when this process ends"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["parent"]:
            die_with_parent(options["parent"])
        # What is late cannot wait for connections to be made one after the other.
        settings.DATABASES["default"]["OPTIONS"]["pool"]["min_size"] = THREADS
        asyncio.run(Supervisor(max(1, options["executors"])).run())
