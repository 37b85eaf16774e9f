"""`isolator`: the fork server for steps with a process of their own."""

import socket
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from workflows_app.runtime.discovery import load_workflows
from workflows_app.runtime.worker.isolator import Isolator
from workflows_app.runtime.worker.process import die_with_parent


class Command(BaseCommand):
    """Not for people: `executor` starts it, with a socket to speak through."""

    help = "Run isolated steps. Started by `executor`; start `worker` instead."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("control_fd", type=int)
        parser.add_argument("parent", type=int)

    def handle(self, *_args: Any, **options: Any) -> None:
        die_with_parent(options["parent"])
        load_workflows()
        Isolator(socket.socket(fileno=options["control_fd"])).serve()
