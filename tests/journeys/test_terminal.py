"""The commands as an operator has them: in a terminal of their own, in real processes."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic

import pytest

from tests.journeys.house import ROOT, House, wait_for

ESCAPE = re.compile("\x1b\\[[0-9;?]*[A-Za-z]")
PATIENCE = 60.0
pytestmark = pytest.mark.timeout(180)


class Terminal:
    """A command in a terminal, and somebody who reads and types."""

    def __init__(self, house: House, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        # What a shell starts in the background ignores Ctrl-C, and so would all below us.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            cwd=ROOT,
            env={**house.environment, "TERM": "xterm", "COLUMNS": "120"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._raw, self._read_to = "", 0

    @property
    def text(self) -> str:
        """All that was shown, without colours and movements."""
        return ESCAPE.sub("", self._raw)

    def wait_for(self, text: str) -> None:
        """Read until this is there, behind what was waited for before."""
        deadline = monotonic() + PATIENCE
        while (found := self.text.find(text, self._read_to)) < 0:
            assert monotonic() < deadline, f"{text!r} is not in {self.text!r}"
            self._read()
        self._read_to = found + len(text)

    def type(self, text: str) -> None:
        os.write(self._ours, f"{text}\r".encode())

    def interrupt(self) -> None:
        """What a terminal does at Ctrl-C."""
        os.killpg(self._process.pid, signal.SIGINT)

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self._process.poll() is None:
            self._read()
        os.close(self._ours)
        return self._process.wait(PATIENCE)

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(PATIENCE)

    def _read(self) -> None:
        if select.select([self._ours], [], [], 0.2)[0]:
            with suppress(OSError):  # the process has closed its side
                self._raw += os.read(self._ours, 65536).decode(errors="replace")


@contextmanager
def terminal(house: House, *arguments: str) -> Iterator[Terminal]:
    opened = Terminal(house, *arguments)
    try:
        yield opened
    finally:
        opened.kill()


def command(house: House, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command without a terminal, as a script has it."""
    return subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        cwd=ROOT,
        env=house.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def start(house: House) -> tuple[str, str]:
    """A run from a script, and its question."""
    letter = ("customer=Jo", "message=Where is it?", "proposed_reply=On its way.")
    started = command(house, "start_run", "message-review", "--user", "ada", *letter)
    assert started.returncode == 0, started.stderr
    run_id = started.stdout.strip()
    return run_id, wait_for(lambda: house.question(run_id))


def test_a_question_is_answered_at_the_keyboard(house: House) -> None:
    run_id, request_id = start(house)

    with terminal(house, "respond", request_id, "--user", "ada") as screen:
        screen.wait_for("Your decision")
        screen.type("send")
        screen.wait_for("\\e opens your editor")
        screen.type("It comes tomorrow.")
        screen.wait_for("Tone")
        screen.type("")
        screen.wait_for("Reason")
        screen.type("")
        screen.wait_for("ada chose “send”.")
        assert screen.end() == 0

    wait_for(lambda: house.status(run_id) == "completed")


def test_the_live_table_shows_what_happens_and_ends_with_ctrl_c(house: House) -> None:
    with terminal(house, "runs", "--watch", "--user", "olga") as screen:
        screen.wait_for("Status")
        run_id, request_id = start(house)
        screen.wait_for(run_id)
        given = (
            "--outcome",
            "send",
            "--value",
            '{"reply": "Soon.", "tone": "friendly"}',
        )
        answered = command(house, "respond", request_id, "--user", "ada", *given)
        assert answered.returncode == 0, answered.stderr
        wait_for(lambda: house.status(run_id) == "completed")
        screen.wait_for(f"{run_id}  completed")
        screen.interrupt()

        assert screen.end() == 0
        assert "Traceback" not in screen.text


def test_a_script_waits_and_reads_the_result(house: House) -> None:
    letter = ("customer=Jo", "message=Where is it?", "proposed_reply=On its way.")
    key = ("--idempotency-key", "script-1")
    started = command(
        house, "start_run", "message-review", "--user", "ada", *key, *letter
    )
    run_id = started.stdout.strip()
    request_id = wait_for(lambda: house.question(run_id))
    value = '{"reply": "Soon.", "tone": "friendly"}'

    receipt = command(
        house,
        *("respond", request_id, "--user", "ada", "--json"),
        *("--outcome", "send", "--value", value),
    )
    waited = command(
        house,
        *("start_run", "message-review", "--user", "ada", *key, *letter),
        *("--timeout", "30", "--json"),
    )

    assert json.loads(receipt.stdout)["status"] == "answered"
    assert waited.returncode == 0, waited.stderr
    assert json.loads(waited.stdout)["id"] == run_id
    assert json.loads(waited.stdout)["status"] == "completed"


def test_usage_errors_and_closed_pipes_leave_no_traceback(house: House) -> None:
    for arguments in (("runs",), ("respond", "x", "--user", "ada"), ("snapshot",)):
        told = command(house, *arguments)
        assert told.returncode == 2
        assert "Traceback" not in told.stderr
    shell = f"{sys.executable} manage.py runs --user olga | true"
    piped = subprocess.run(  # noqa: S602 - our own words
        shell,
        shell=True,
        cwd=ROOT,
        env=house.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert piped.stderr == ""
