"""`start_run`: starts a run of a workflow, and waits for its end if it is told to."""

import asyncio
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.management.base import CommandParser
from django.http import QueryDict
from rich.status import Status

from review_app.forms import answer_form
from review_app.json_text import json_text
from review_app.terminal.command import TerminalCommand, own_key
from review_app.terminal.ending import NOT_YET, UNREADABLE, Error
from review_app.terminal.fields import Fields
from review_app.terminal.given import read_input, read_tags
from review_app.terminal.prompt import LeftError, Prompt
from review_app.terminal.screen import plain
from review_app.terminal.seconds import seconds
from review_app.terminal.watching import watch_to_end
from workflows_app import access
from workflows_app.api.run_shapes import RunReply
from workflows_app.engine import values
from workflows_app.engine.definition import Definition
from workflows_app.engine.policy import check_addressees
from workflows_app.models import Run
from workflows_app.runtime.definitions import current_definitions, find_current
from workflows_app.runtime.outcomes import error_of
from workflows_app.runtime.starting import Start, start, start_event
from workflows_app.stream.log import Line


class Command(TerminalCommand):
    """Prints the id of the run; with --wait its result, once it has ended."""

    help = "Start a run. Prints its id, or with --wait its result."

    def create_parser(self, *names: str, **options: Any) -> CommandParser:
        """Fields and options may come in any order."""
        parser = super().create_parser(*names, **options)
        parser.parse_args = parser.parse_intermixed_args  # type: ignore[method-assign]
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("workflow")
        parser.add_argument(
            "fields",
            nargs="*",
            metavar="KEY=VALUE",
            help="a field of the input; KEY:=JSON for what is no text",
        )
        parser.add_argument(
            "--input", metavar="JSON", help="the input: JSON, @FILE, or - for stdin"
        )
        parser.add_argument(
            "--tag", action="append", default=[], metavar="KEY=VALUE", help="for lists"
        )
        parser.add_argument(
            "--group",
            action="append",
            default=[],
            metavar="NAME",
            help="whose members may see the run",
        )
        parser.add_argument("--priority", type=int, default=0)
        parser.add_argument(
            "--idempotency-key",
            metavar="KEY",
            help="the same key starts nothing again: it is the same run, for ever",
        )
        parser.add_argument("--wait", action="store_true", help="wait for its end")
        parser.add_argument(
            "--timeout",
            type=seconds,
            metavar="SECONDS",
            help="wait for so long at most",
        )

    def act(self, user: User, options: dict[str, Any]) -> None:
        definition = _get_workflow(user, options["workflow"])
        try:
            fields = self._input(definition, options)
        except LeftError:
            raise Error("Nothing was started.", NOT_YET) from None
        run_id = _start(definition, fields, user, options)
        if options["wait"] or options["timeout"] is not None:
            self._wait(run_id, options)
        elif options["json"]:
            self.screen.tell(RunReply.of_id(run_id))
        else:
            self.screen.write(str(run_id))

    def _input(self, definition: Definition, options: dict[str, Any]) -> dict[str, Any]:
        """What is given; asked for where somebody sits at a terminal and gave nothing."""
        schema, given = definition.input_schema, options["fields"]
        is_asked = self.keyboard.is_there and not options["json"]
        if schema and is_asked and not given and options["input"] is None:
            return self._ask(dict(schema))
        return read_input(options["input"], given, schema)

    def _ask(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The form of the page, line by line."""
        sent, prompt = QueryDict(mutable=True), Prompt(self.screen, self.keyboard)
        fields = Fields(lambda data: answer_form(schema, data=data), sent, prompt)
        while True:
            fields.ask()
            form = answer_form(schema, data=sent)
            if form.is_valid():
                return dict(form.answer or {})
            prompt.problems(form.problems)

    def _wait(self, run_id: UUID, options: dict[str, Any]) -> None:
        """Follow the run to its end; it goes on whatever becomes of whoever waits."""
        self.screen.note(f"Run {run_id}")
        with self.screen.busy("It begins …") as status:
            ended = asyncio.run(
                watch_to_end(
                    run_id,
                    options["timeout"],
                    lambda line: self._tell_line(status, line),
                )
            )
        run = _get(run_id)
        if options["json"]:
            self.screen.tell(RunReply.of(run))
        if not ended:
            raise Error(f"The run has not ended yet: it is {run.status}.", NOT_YET)
        if run.status != Run.Status.COMPLETED:
            raise error_of(run)
        if not options["json"]:
            self.screen.write(json_text(values.load(run.result or "null")))

    def _tell_line(self, status: Status | None, line: Line) -> None:
        """Questions stay on the screen; whatever else goes on is shown as it passes."""
        if line.kind == "input_requested":
            content = line.content
            subject = content["request"]["subject"] or content["request_id"]
            self.screen.note(f"Waits for a person: {subject}", "yellow")
        elif status is not None:
            words = line.kind.replace("_", " ")
            status.update(plain(f"{words} {line.step}".strip()))


def _get_workflow(user: User, name: str) -> Definition:
    if not access.may_start(user):
        raise Error(f"{user} may start no runs: reviewers and operators may.")
    definition = find_current(name)
    if definition is None:
        known = ", ".join(current_definitions().values_list("name", flat=True))
        offered = f"there are: {known}" if known else "no worker has offered any yet"
        raise Error(f"There is no workflow {name!r}; {offered}.")
    return definition


def _start(
    definition: Definition,
    fields: dict[str, Any],
    user: User,
    options: dict[str, Any],
) -> UUID:
    _check_groups(options["group"])
    wanted = Start(
        event=start_event(definition, fields),
        started_by=user,
        groups=options["group"],
        tags=read_tags(options["tag"]),
        priority=options["priority"],
        idempotency_key=own_key(user, options["idempotency_key"]),
    )
    return start(definition, wanted)


def _check_groups(names: list[str]) -> None:
    try:
        check_addressees(names, "--group")
    except ValueError as error:
        raise Error(str(error), UNREADABLE) from error


def _get(run_id: UUID) -> Run:
    return Run.objects.select_related("definition", "started_by").get(pk=run_id)
