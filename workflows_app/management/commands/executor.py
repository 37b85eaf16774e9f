"""`executor`: one process that runs steps; the worker starts and watches these."""

import asyncio
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from workflows_app.notify.sending import send_message
from workflows_app.runtime.worker.execute import THREADS
from workflows_app.runtime.worker.executor import DATABASE_THREADS
from workflows_app.runtime.worker.process import die_with_parent
from workflows_app.runtime.worker.serving import serve


class Command(BaseCommand):
    """Not for people: `worker` starts it, with a pipe to report to."""

    help = "Run steps. Started by `worker`; start that instead."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("report_fd", type=int)
        parser.add_argument("parent", type=int)

    def handle(self, *_args: Any, **options: Any) -> None:
        die_with_parent(options["parent"])
        pool = settings.DATABASES["default"]["OPTIONS"]["pool"]
        pool["min_size"] = DATABASE_THREADS
        pool["max_size"] = THREADS + DATABASE_THREADS + 4  # steps may use the ORM, too
        asyncio.run(serve(options["report_fd"], send_message))
