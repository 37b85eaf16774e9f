"""What programs send: strictly what is described, and nothing else."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from .waiting import LONGEST

LONGEST_REASON = 2_000


def printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be printable text")
    return text


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain NUL")
    return text


def _moment(given: Any) -> Any:
    if not isinstance(given, str):
        raise ValueError("must be a date and time as text")
    return given


def _id(given: Any) -> Any:
    if not isinstance(given, str):
        raise ValueError("must be an id as text")
    return given


Name = Annotated[
    str, StringConstraints(min_length=1, max_length=200), AfterValidator(printable)
]
"""What is found or sorted by: printable, and not endless."""
Person = Annotated[
    str, StringConstraints(min_length=1, max_length=150), AfterValidator(printable)
]
Reason = Annotated[
    str, StringConstraints(max_length=LONGEST_REASON), AfterValidator(_without_nul)
]
Id = Annotated[UUID, Field(strict=False), BeforeValidator(_id)]
Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_moment)]
Priority = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Tags = Annotated[dict[Name, Name], Field(max_length=50)]
Limit = Annotated[int, Field(ge=1, le=200)]
Wait = Annotated[float, Field(ge=0, le=LONGEST, allow_inf_nan=False)]
Number = Annotated[int, Field(ge=0, lt=2**63)]


class Given(BaseModel):
    """A body: unknown fields and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Nothing(Given):
    """Nothing needs to be said."""


class WithReason(Given):
    """Why; the run's log keeps it."""

    reason: Reason = ""


NOTHING, NO_REASON = Nothing(), WithReason()
"""What is not said at all."""


class RunGiven(Given):
    """A run to be started."""

    workflow: Name
    input: dict[str, Any] = Field(
        default={}, description="The fields of the workflow's start event."
    )
    tags: Tags = {}
    groups: list[Person] = Field(
        default=[], max_length=50, description="Groups whose members may see it."
    )
    priority: Priority = 0
    not_before: Moment | None = None


class EventGiven(Given):
    """An event from outside, which the workflow has to take as such."""

    type: Name = Field(description="The name of its class, which says `external`.")
    fields: dict[str, Any] = {}


class OutcomeGiven(Given):
    """One of the ways in which a person may decide."""

    key: Name
    label: str | None = None
    style: Literal["normal", "primary", "danger"] = "normal"
    needs_reason: bool = False
    confirm: bool | str = False
    effect: str = ""


class EscalationGiven(Given):
    """After so many seconds without a decision, these groups may answer as well."""

    after: float
    groups: list[Person]


class PolicyGiven(Given):
    """Who may answer, how many must, and what happens when nobody does."""

    assignees: list[Person] = []
    groups: list[Person] = []
    approvals: Annotated[int, Field(ge=1, le=100)] = 1
    starter_may_decide: bool = True
    claim: Literal["on_typing", "required", "none"] = "on_typing"
    bulk: bool = False
    undo_seconds: Annotated[float, Field(ge=0, le=3600)] = 5.0
    due_in: float | None = Field(default=None, description="Seconds until it expires.")
    on_due: Name | None = Field(
        default=None,
        description="The outcome that is decided then; without it, none is.",
    )
    escalate: list[EscalationGiven] = Field(default=[], max_length=20)
    delegate: bool = True


class QuestionGiven(Given):
    """A question of a workflow that lives elsewhere."""

    prompt: str = Field(min_length=1, description="What is asked, in Markdown.")
    subject: str = Field(default="", max_length=300, description="One line, for lists.")
    request_id: Name | None = None
    metadata: dict[str, Any] = {}
    display: list[dict[str, Any]] = Field(
        default=[],
        max_length=100,
        description="What people see: blocks of type, title and value.",
    )
    answer_schema: dict[str, Any] | None = Field(
        default=None, alias="schema", description="JSON Schema of the response."
    )
    outcomes: list[OutcomeGiven] = Field(default=[], max_length=50)
    choices: list[Any] = Field(
        default=[],
        max_length=50,
        description="Short for outcomes and a schema: the response is one of these.",
    )
    proposed: Any = None
    policy: PolicyGiven = PolicyGiven()
    priority: Priority = 0
    tags: Tags = {}
    visible_to: list[Person] = Field(
        default=[],
        max_length=50,
        description="Groups whose members may see it without being asked.",
    )


class ResponseGiven(Given):
    """An answer. `digest` binds it to what was shown, so give it if you showed it."""

    response: Any = None
    outcome: Name | None = None
    reason: Reason = ""
    digest: Name | None = None


class CommentGiven(Given):
    """A word about a request; `@name` addresses somebody."""

    text: str = Field(min_length=1, max_length=5_000)


class TakeOverGiven(Given):
    """Why one takes a request from whoever holds it."""

    reason: Reason = Field(min_length=1)


class DelegateGiven(Given):
    """To whom a request is handed, and why."""

    to: Person
    reason: Reason = ""


class LinkGiven(Given):
    """For whom a link is, what he may choose, and for how long."""

    person: Person
    outcomes: list[Name] = Field(
        default=[], max_length=50, description="The only ones to choose; none: all."
    )
    needs_sign_in: bool = False
    lasts: Annotated[float, Field(gt=0, le=604_800)] = Field(
        default=604_800.0, description="Seconds; the request may end sooner."
    )


class SnapshotGiven(Given):
    """A snapshot, as it was handed out; its run goes on here."""

    snapshot: dict[str, Any]
    as_new_run: bool = False
    paused: bool = False


class ForkGiven(Given):
    """Another run that goes on from a snapshot."""

    paused: bool = False


NOT_PAUSED = ForkGiven()
