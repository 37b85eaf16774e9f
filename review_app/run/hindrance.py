"""Why something cannot be done now: a sentence, told once for all that it is true of."""

from typing import NamedTuple


class Hindrance(NamedTuple):
    """A key to point at it, and the sentence."""

    key: str
    text: str

    def __str__(self) -> str:
        return self.text


NOT_YOURS = Hindrance("rights", "Only operators, and who started the run, may do this.")
NOT_OVER = Hindrance(
    "not-over", "The run is not over: it goes on by itself, or can be aborted first."
)
WORKS_FOR = Hindrance("child", "It works for another run: go on from a point of that.")
ELSEWHERE = Hindrance(
    "elsewhere", "It came from elsewhere, and can only be asked there."
)
OF_END = Hindrance("end", "From a copy of the end, nothing can go on.")
GONE_ON = Hindrance(
    "past",
    "A run resumes only from the snapshot at which it stands; from an older one, "
    "another run can go on: fork it.",
)
NOT_PAUSED = Hindrance("going", "The run stands here and is not paused: it goes on.")


def is_over(status: str) -> Hindrance:
    return Hindrance("over", f"The run is over: {status.lower()}.")
