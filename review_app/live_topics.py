"""What a page wants to hear about: `run:<id>@<number>,queue`."""

from dataclasses import dataclass
from urllib.parse import parse_qs
from uuid import UUID

QUEUE = "queue"
MOST_RUNS = 5
LONGEST_NUMBER = 18


class TopicsError(ValueError):
    """These are no topics."""


@dataclass(frozen=True, slots=True)
class Topics:
    """The runs to follow, each with the last number the page has; and the queue."""

    runs: dict[UUID, int]
    has_queue: bool

    @classmethod
    def read(cls, query: bytes) -> "Topics":
        """From the query string of a socket's address. Raises TopicsError."""
        try:
            (text,) = parse_qs(query.decode("ascii"), max_num_fields=5)["topics"]
            names = text.split(",")
            runs = dict(_read_run(name) for name in names if name != QUEUE)
        except (ValueError, KeyError) as error:
            raise TopicsError from error
        if len(runs) + names.count(QUEUE) != len(names) or len(runs) > MOST_RUNS:
            raise TopicsError
        return cls(runs, QUEUE in names)


def _read_run(name: str) -> tuple[UUID, int]:
    kind, _, rest = name.partition(":")
    run_id, _, number = rest.partition("@")
    is_number = number.isdecimal() and len(number) <= LONGEST_NUMBER
    if kind != "run" or not is_number:
        raise TopicsError
    return UUID(run_id), int(number)
