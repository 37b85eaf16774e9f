"""`snapshot`: runs go out to files, come in again, and others go on from them."""

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from tests.commands.running import run
from tests.factories import make_run, run_steps
from workflows_app.models import Run, Snapshot
from workflows_app.runtime.handler import Answer, Handler

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(olga: User) -> Run:
    """A run that waits for a person; a snapshot is kept of it."""
    return make_run()


def export(waiting: Run, path: Path) -> None:
    told = run("snapshot", "export", str(waiting.pk), "-o", str(path), user="olga")
    assert told.code == 0, told.err


def test_an_export_is_the_snapshot_and_nothing_else(waiting: Run) -> None:
    told = run("snapshot", "export", str(waiting.pk), user="olga")

    assert told.code == 0
    assert told.json["format"] == "holdpoint/snapshot"
    assert told.json["run_id"] == str(waiting.pk)


def test_a_file_is_whole_and_for_its_owner_alone(waiting: Run, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text("old")

    export(waiting, path)

    assert json.loads(path.read_text())["run_id"] == str(waiting.pk)
    assert path.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [path]


def test_a_run_that_is_gone_goes_on_from_its_file(
    waiting: Run, tmp_path: Path, ada: User
) -> None:
    path = tmp_path / "run.json"
    export(waiting, path)
    Run.objects.filter(pk=waiting.pk).delete()

    told = run("snapshot", "resume", str(path), user="olga")

    assert (told.code, told.out) == (0, f"{waiting.pk}\n")
    answer = Answer(value={"amount": 5}, outcome="approve", user=ada)
    Handler(waiting.pk).respond("approve", answer)
    assert run_steps(waiting.pk).status == Run.Status.COMPLETED


def test_twice_is_once_and_as_new_run_is_another(waiting: Run, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    export(waiting, path)

    same = run("snapshot", "resume", str(path), user="olga")
    other = run("snapshot", "resume", str(path), "--as-new-run", "--json", user="olga")

    assert same.out == f"{waiting.pk}\n"
    assert other.json["forked_from"] == str(waiting.pk)
    assert Run.objects.count() == 2


def test_a_fork_goes_on_from_here_or_from_what_is_kept(waiting: Run) -> None:
    kept = Snapshot.objects.filter(run=waiting).latest("id")

    now = run("snapshot", "fork", str(waiting.pk), "--paused", "--json", user="olga")
    at = ("--at", str(kept.number))
    then = run("snapshot", "fork", str(waiting.pk), *at, "--json", user="olga")

    assert (now.json["paused"], then.json["paused"]) == (True, False)
    for told in (now, then):
        assert told.json["forked_from"] == str(waiting.pk)
        assert told.json["status"] == "waiting"


def test_a_list_tells_what_is_kept(waiting: Run, bob: User) -> None:
    kept = Snapshot.objects.filter(run=waiting).latest("id")

    plain = run("snapshot", "list", str(waiting.pk), user="olga")
    [as_json] = run(
        "snapshot", "list", str(waiting.pk), "--json", user="olga"
    ).json_lines

    assert plain.out.split("\t")[0] == str(kept.number)
    assert as_json["id"] == str(kept.pk)


def test_a_number_that_is_not_kept_is_told_with_those_that_are(waiting: Run) -> None:
    kept = Snapshot.objects.filter(run=waiting).latest("id").number

    told = run("snapshot", "fork", str(waiting.pk), "--at", "9999", user="olga")

    assert told.code == 1
    assert told.err == f"No snapshot is kept at 9999; kept are: {kept}."
    assert Run.objects.count() == 1


def test_runs_are_for_those_who_operate_them(
    waiting: Run, ada: User, tmp_path: Path
) -> None:
    for act in ("list", "export", "fork"):
        told = run("snapshot", act, str(waiting.pk), user="ada")
        assert told.code == 1
        assert "that ada operates" in told.err
    path = tmp_path / "run.json"
    export(waiting, path)
    told = run("snapshot", "resume", str(path), "--as-new-run", user="ada")
    assert told.code == 1
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", 2, "The JSON is empty"),
        ("{", 2, "Malformed JSON at character 2"),
        ('{"format": 1, "format": 1}', 2, 'The key "format" occurs twice'),
        ("[]", 1, "a snapshot is a JSON object"),
        ("7", 1, "a snapshot is a JSON object"),
        ("{}", 1, "$.format: expected 'holdpoint/snapshot'"),
        ('{"format": "holdpoint/snapshot", "version": 99}', 1, "version 99"),
        ('{"format": "holdpoint/snapshot", "version": 1}', 1, "$.run_id is missing"),
    ],
)
def test_what_is_no_snapshot_is_told_and_nothing_is_made(
    olga: User, tmp_path: Path, text: str, code: int, says: str
) -> None:
    path = tmp_path / "run.json"
    path.write_text(text)

    told = run("snapshot", "resume", str(path), user="olga")

    assert told.code == code
    assert says in told.err
    assert not Run.objects.exists()


def test_files_that_cannot_be_read_or_written_are_told(
    waiting: Run, tmp_path: Path
) -> None:
    nowhere = str(tmp_path / "no" / "run.json")

    read = run("snapshot", "resume", nowhere, user="olga")
    written = run("snapshot", "export", str(waiting.pk), "-o", nowhere, user="olga")

    assert (read.code, written.code) == (2, 1)
    assert "No such file" in read.err
    assert "cannot be written: No such file" in written.err


def test_a_run_that_has_gone_on_is_not_put_back(
    waiting: Run, tmp_path: Path, ada: User
) -> None:
    path = tmp_path / "run.json"
    export(waiting, path)
    answer = Answer(value={"amount": 5}, outcome="approve", user=ada)
    Handler(waiting.pk).respond("approve", answer)

    told = run("snapshot", "resume", str(path), user="olga")

    assert told.code == 1
    assert "The run has gone on since" in told.err
