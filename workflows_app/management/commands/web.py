"""`web`: serves the pages, the sockets and the intake, until stopped."""

from argparse import ArgumentParser
from typing import Any

from daphne.cli import CommandLineInterface
from django.conf import settings
from django.core.management.base import BaseCommand

from workflows_app.runtime.worker.process import die_with_parent


class Command(BaseCommand):
    """Any number of these may run behind a load balancer; they hold no state."""

    help = "Serve the pages with daphne."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bind", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument(
            "--parent", type=int, default=0, help="end when this process ends"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["parent"]:
            die_with_parent(options["parent"])
        CommandLineInterface().run(
            [
                *("--bind", options["bind"], "--port", str(options["port"])),
                *("--verbosity", "0", "--server-name", "holdpoint"),
                settings.ASGI_APPLICATION.replace(".application", ":application"),
            ]
        )
