"""`respond`: what waits for somebody, and his answer to it, from a terminal or a script."""

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User

from review_app.answer_sheet import AnswerSheet, Choice
from review_app.queue_list import QueueList
from review_app.terminal.command import DOOR, TerminalCommand, own_key
from review_app.terminal.ending import NOT_YET, UNREADABLE, Error
from review_app.terminal.given import read_id, read_json
from review_app.terminal.interview import Interview
from review_app.terminal.prompt import LeftError, Prompt
from review_app.terminal.request_rows import request_table, write_row
from review_app.terminal.shown import show_request
from workflows_app import access
from workflows_app.api.request_shapes import (
    ReceiptReply,
    RequestReply,
    RequestSummary,
)
from workflows_app.engine.errors import InvalidResponseError, NotAllowedError
from workflows_app.models import InputRequest
from workflows_app.runtime import claims
from workflows_app.runtime.handler import Answer, Handler, InputReceipt
from workflows_app.runtime.request_ends import find_end
from workflows_app.shown.decisions import decided

MOST = 50


class Command(TerminalCommand):
    """Without a request it lists; with one it shows it and asks; with --outcome it answers."""

    help = "Answer an input request; without one, list those that wait for you."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("request", nargs="?", help="the id of an input request")
        parser.add_argument(
            "--outcome", metavar="KEY", help="answer so, without being asked"
        )
        parser.add_argument(
            "--value",
            metavar="JSON",
            help="the answer itself: JSON, @FILE, or - for stdin",
        )
        parser.add_argument("--reason", default="", metavar="TEXT")
        parser.add_argument(
            "--confirm",
            metavar="WORD",
            help="for outcomes that must be confirmed: the word, or yes",
        )
        parser.add_argument(
            "--digest",
            help="refuse the answer if what is shown has another digest by now",
        )
        parser.add_argument(
            "--idempotency-key", metavar="KEY", help="the same key answers once"
        )

    def act(self, user: User, options: dict[str, Any]) -> None:
        is_answer = options["outcome"] is not None or options["value"] is not None
        if options["request"] is None and is_answer:
            raise Error("Which request? Give its id before the answer.", UNREADABLE)
        if options["request"] is None:
            self._list(user, options)
            return
        asked = _get_request(user, options["request"])
        if is_answer:
            self._answer(user, asked, options)
        else:
            self._show(user, asked, options)

    # What waits

    def _list(self, user: User, options: dict[str, Any]) -> None:
        waiting = QueueList().requests(user).select_related("run__started_by")
        rows = list(waiting.defer("shown")[:MOST])
        if options["json"]:
            for row in rows:
                self.screen.tell(RequestSummary.of(row))
        elif self.screen.is_terminal:
            self.screen.show(request_table(rows))
        else:
            for row in rows:
                write_row(self.screen, row)
        if not rows:
            self.screen.note(f"Nothing waits for {user}.")
            raise SystemExit(NOT_YET)
        if self.keyboard.is_there and not options["json"]:
            self._choose(user, rows, options)

    def _choose(
        self, user: User, rows: list[InputRequest], options: dict[str, Any]
    ) -> None:
        said = self.keyboard.line("Which one? Its number, or Enter for none: ").strip()
        if not said:
            return
        if not (said.isascii() and said.isdigit() and 0 < int(said) <= len(rows)):
            raise Error(f"There is no number {said!r} in this list.", UNREADABLE)
        self._show(user, _get_request(user, str(rows[int(said) - 1].pk)), options)

    # One request

    def _show(self, user: User, asked: InputRequest, options: dict[str, Any]) -> None:
        """Show it, and ask for an answer if somebody is there and may give one."""
        if options["json"]:
            self.screen.tell(RequestReply.seen_by(user, asked))
            return
        show_request(self.screen, asked, user)
        _check_answerable(user, asked)
        if not self.keyboard.is_there:
            message = "There is no terminal to ask in: give --outcome, or --json."
            raise Error(message, UNREADABLE)
        with _held(user, asked):
            try:
                receipt = self._ask(user, asked)
            except LeftError:
                raise Error("Left without an answer.", NOT_YET) from None
        self._tell(user, asked, receipt, options)

    def _ask(self, user: User, asked: InputRequest) -> InputReceipt:
        """Ask until the answer is taken; what the engine objects to is told, too."""
        prompt = Prompt(self.screen, self.keyboard)
        prompt.screen.say("Enter takes what is in [brackets]; \\? helps.", "dim")
        interview = Interview(asked, prompt)
        while True:
            sheet = interview.sheet()
            answer = sheet.answer(user, door=DOOR)
            try:
                return Handler(asked.run_id).respond(asked.request_id, answer)
            except InvalidResponseError as refusal:
                for _, message in refusal.errors:
                    prompt.objection(message)

    # From a script

    def _answer(self, user: User, asked: InputRequest, options: dict[str, Any]) -> None:
        given = options["value"]
        answer = Answer(
            value=None if given is None else read_json(given, "--value"),
            outcome=options["outcome"],
            reason=options["reason"],
            user=user,
            door=DOOR,
            digest=options["digest"],
            idempotency_key=own_key(user, options["idempotency_key"]),
        )
        _check_confirmed(asked, options)
        with _held(user, asked):
            receipt = Handler(asked.run_id).respond(asked.request_id, answer)
        self._tell(user, asked, receipt, options)

    def _tell(
        self,
        user: User,
        asked: InputRequest,
        receipt: InputReceipt,
        options: dict[str, Any],
    ) -> None:
        asked.refresh_from_db(fields=["status"])
        if options["json"]:
            self.screen.tell(_reply(asked, receipt))
            return
        again = ", as before" if receipt.duplicate else ""
        more = "" if not asked.is_open else " Others must agree before it counts."
        self.screen.note(f"{user} {decided(receipt.outcome)}{again}.{more}", "green")


def _get_request(user: User, text: str) -> InputRequest:
    try:
        return access.get_request(user, read_id(text, "request"))
    except InputRequest.DoesNotExist:
        raise Error(f"There is no request {text} for {user}.") from None


def _check_answerable(user: User, asked: InputRequest) -> None:
    """Raises what says why there is nothing to ask: it is closed, or not his to answer."""
    end = find_end(asked)
    if end is not None:
        raise end
    objection = access.find_objection_to(user, asked)
    if objection is not None:
        raise NotAllowedError(objection)
    unusable = AnswerSheet(asked).form.unusable
    if unusable:
        raise Error(unusable)


def _check_confirmed(asked: InputRequest, options: dict[str, Any]) -> None:
    """What is asked once more on the page is not done by one slip in a script."""
    chosen = _find_outcome(asked, options["outcome"])
    if chosen is None or not chosen.confirm:
        return
    word = chosen.word or "yes"
    if options["confirm"] != word:
        raise Error(f"“{chosen.label}” must be confirmed: add --confirm {word}.")


def _find_outcome(asked: InputRequest, key: str | None) -> Choice | None:
    sheet = AnswerSheet(asked)
    wanted = key or sheet.primary
    return next((each for each in sheet.outcomes if each.key == wanted), None)


@contextmanager
def _held(user: User, asked: InputRequest) -> Iterator[None]:
    """Keep the request for him while he answers; whoever goes away lets it go."""
    if not (asked.is_open and claims.is_claimable(asked)):
        yield
        return
    held = claims.find_live(asked.pk)
    claims.claim(user, asked.pk)
    try:
        yield
    except BaseException:
        if held is None:
            claims.release(user, asked.pk)
        raise


def _reply(asked: InputRequest, receipt: InputReceipt) -> ReceiptReply:
    return ReceiptReply(
        id=asked.pk,
        request_id=asked.request_id,
        outcome=receipt.outcome,
        responder=receipt.responder,
        at=datetime.fromtimestamp(receipt.at, UTC),
        duplicate=receipt.duplicate,
        status=asked.status,
    )
