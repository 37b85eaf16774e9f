"""Answer what the example flows ask outside of Holdpoint, as its people would.

python -m workflows_app.flows._desk list
python -m workflows_app.flows._desk approve ID --name mia --note "Looks good."
python -m workflows_app.flows._desk reject ID
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ._approvals_table import ApprovalsTable
from ._review import ReviewComplete
from ._review_service import ReviewService
from ._slack import FakeSlack


class Place(Protocol):
    """A system in which people decide."""

    def pending(self) -> dict[str, str]: ...

    def decide(self, question_id: str, decision: ReviewComplete) -> None: ...


def find_places(folder: Path | None = None) -> dict[str, Place]:
    return {
        "table": ApprovalsTable(folder),
        "service": ReviewService(folder),
        "slack": FakeSlack(folder),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    given = _read(arguments)
    places = find_places()
    if given.command == "list":
        for name, place in places.items():
            for question_id, question in place.pending().items():
                sys.stdout.write(f"{question_id}  ({name})  {question}\n")
        return 0
    for place in places.values():
        if given.id in place.pending():
            approved = given.command == "approve"
            decision = ReviewComplete(
                approved=approved, reviewer=given.name, note=given.note
            )
            place.decide(given.id, decision)
            return 0
    sys.stderr.write(f"Nobody waits for {given.id}. See `list`.\n")
    return 1


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m workflows_app.flows._desk",
        description="Answers what the example flows ask outside of Holdpoint.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="what waits for an answer")
    for name in ("approve", "reject"):
        command = commands.add_parser(name, help=f"{name} one of them")
        command.add_argument("id", help="as `list` names it")
        command.add_argument("--name", default="mia", help="who decides")
        command.add_argument("--note", default="", help="a remark")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
