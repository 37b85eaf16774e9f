"""What a page wants to hear about: `run:<id>@<number>,request:<id>,queue`."""

from dataclasses import dataclass
from urllib.parse import parse_qs
from uuid import UUID

QUEUE, REQUEST = "queue", "request:"
MOST_RUNS = MOST_REQUESTS = 5
LONGEST_NUMBER = 18


class TopicsError(ValueError):
    """These are no topics."""


@dataclass(frozen=True, slots=True)
class Topics:
    """The runs to follow, each with the last number the page has; requests; the queue."""

    runs: dict[UUID, int]
    requests: frozenset[UUID]
    has_queue: bool

    @classmethod
    def read(cls, query: bytes) -> "Topics":
        """From the query string of a socket's address. Raises TopicsError."""
        try:
            (text,) = parse_qs(query.decode("ascii"), max_num_fields=5)["topics"]
            names = text.split(",")
            asked = [name for name in names if name.startswith(REQUEST)]
            requests = frozenset(UUID(name.removeprefix(REQUEST)) for name in asked)
            others = [name for name in names if name not in (QUEUE, *asked)]
            runs = dict(_read_run(name) for name in others)
        except (ValueError, KeyError) as error:
            raise TopicsError from error
        if len(runs) + len(requests) + names.count(QUEUE) != len(names):
            raise TopicsError  # something is named twice
        if len(runs) > MOST_RUNS or len(requests) > MOST_REQUESTS:
            raise TopicsError
        return cls(runs, requests, QUEUE in names)


def _read_run(name: str) -> tuple[UUID, int]:
    kind, _, rest = name.partition(":")
    run_id, _, number = rest.partition("@")
    is_number = number.isdecimal() and len(number) <= LONGEST_NUMBER
    if kind != "run" or not is_number:
        raise TopicsError
    return UUID(run_id), int(number)
