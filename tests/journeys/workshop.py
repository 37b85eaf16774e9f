"""A database with workers of its own and no pages, for steps that try everything."""

import json
from pathlib import Path
from typing import Any

from .caller import Caller
from .house import House, wait_for

APP = "tests.blocking_app"


class Workshop:
    """A database, a worker, and a program that starts runs."""

    def __init__(self, data: Path) -> None:
        self.house = House(data, HOLDPOINT_APPS=APP)
        self.house.migrate()
        self.caller = Caller(self.house)

    def close(self) -> None:
        self.caller.close()
        self.house.stop()

    def is_ready(self) -> bool:
        """Whether a worker has offered its workflows."""
        statement = "SELECT 1 FROM workflows_app_definition WHERE name = 'quick'"
        return bool(self.house.query(statement))

    def lines(self, run_id: str) -> list[tuple[str, float, dict[str, Any]]]:
        """Kind, moment and body of the run's lines."""
        rows = self.house.query(
            "SELECT kind, extract(epoch FROM at)::float8, body"
            " FROM workflows_app_runevent WHERE run_id = %s ORDER BY number",
            run_id,
        )
        return [(kind, at, json.loads(body)) for kind, at, body in rows]

    def wait_for_end(self, run_id: str, *, seconds: float = 20.0) -> str:
        live = {"", "running", "waiting"}

        def find_end() -> str:
            status = self.house.status(run_id)
            return "" if status in live else status

        return wait_for(find_end, seconds=seconds)

    def wait_for_kind(self, run_id: str, kind: str) -> None:
        wait_for(lambda: kind in self.house.kinds(run_id))

    def wait_for_age(self, run_id: str, kind: str, seconds: float) -> None:
        """Until a line of the run is so old, by the database's clock."""
        statement = (
            "SELECT 1 FROM workflows_app_runevent WHERE run_id = %s AND kind = %s"
            " AND at < clock_timestamp() - %s * interval '1 s'"
        )
        wait_for(lambda: self.house.query(statement, run_id, kind, seconds))

    def seconds(self, run_id: str, first: str, last: str) -> float:
        """From one line of a run to another, by the database's clock."""
        moments = {kind: at for kind, at, _ in reversed(self.lines(run_id))}
        return float(moments[last] - moments[first])
