"""Input requests: what a step asks a person, and the event of the answer."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypedDict, Unpack

from pydantic import BaseModel

from .display import Block
from .event import Event
from .policy import Outcome, ReviewPolicy
from .seconds import check_seconds


class RequestOptions(TypedDict, total=False):
    """What an input request may have beside its id, its prompt and its metadata.

    `choices` is short for outcomes and schema; `assignees`, `groups`, `expires_in` and
    `on_expire` are short for a policy.
    """

    subject: str
    display: Sequence[Block | Mapping[str, Any]]
    schema: type[BaseModel] | Mapping[str, Any] | None
    outcomes: Sequence[Outcome]
    proposed: Any
    policy: ReviewPolicy | None
    choices: Sequence[Any] | None
    assignees: Sequence[str]
    groups: Sequence[str]
    expires_in: float | timedelta | None
    on_expire: Event | str | None
    priority: int
    tags: Mapping[str, str] | None
    previous: str | None
    respond_as: type[Event] | None


OPTIONS = frozenset(RequestOptions.__annotations__)
SHORT_FORMS = ("assignees", "groups", "expires_in", "on_expire")


class InputRequestEvent(Event):
    """Asks a person. The run waits, as a row, until somebody answers.

    A subclass may have annotated fields of its own, which people see as metadata, and
    may give these fields other defaults.
    """

    request_id: str | None = None
    prompt: str = ""
    metadata: dict[str, Any] = {}
    subject: str = ""
    display: list[Any] = []
    # The name is the API's; pydantic's own `schema` method is deprecated.
    answer_schema: dict[str, Any] | None = None
    outcomes: list[Any] = []
    proposed: Any = None
    policy: Any = ReviewPolicy()
    priority: int = 0
    tags: dict[str, str] = {}
    previous: str | None = None
    respond_as: Any = None

    def __init__(
        self,
        request_id: str | None = None,
        prompt: str = "",
        metadata: Mapping[str, Any] | None = None,
        **options: Unpack[RequestOptions],
    ) -> None:
        leading = {"request_id": request_id, "prompt": prompt, "metadata": metadata}
        given = {name: value for name, value in leading.items() if value}
        super().__init__(**given, **_as_fields({**options}))

    @property
    def expires_in(self) -> float | None:
        """Seconds within which somebody must answer."""
        seconds: float | None = self.policy.due_seconds
        return seconds

    @property
    def on_expire(self) -> Event | None:
        """The event that follows when nobody has; an outcome is the policy's own."""
        return self.policy.on_due if isinstance(self.policy.on_due, Event) else None

    @staticmethod
    def from_shown(
        request_id: str, shown: Mapping[str, Any], **options: Unpack[RequestOptions]
    ) -> "InputRequestEvent":
        """The request again, from the content that people see of it."""
        content: RequestOptions = {
            "subject": shown["subject"],
            "display": shown["display"],
            "schema": shown["schema"],
            "proposed": shown["proposed"],
            "outcomes": [Outcome(**outcome) for outcome in shown["outcomes"]],
        }
        both: RequestOptions = {**content, **options}
        return InputRequestEvent(request_id, shown["prompt"], shown["metadata"], **both)


def _as_fields(options: dict[str, Any]) -> dict[str, Any]:
    """The options as fields: without short forms, and without what was not given."""
    given = {
        name: value
        for name, value in options.items()
        if value is not None or name not in OPTIONS
    }
    short = {name: given.pop(name) for name in SHORT_FORMS if name in given}
    short = {name: value for name, value in short.items() if value not in ((), [])}
    if short and "policy" in given:
        raise TypeError(f"Give either a policy or {' and '.join(short)}, not both.")
    if short:
        given["policy"] = _short_policy(**short)
    if "choices" in given:
        given |= _choose(given.pop("choices"), given)
    if "schema" in given:
        given["answer_schema"] = _as_schema(given.pop("schema"))
    return _checked(given)


def _short_policy(
    *,
    assignees: Sequence[str] = (),
    groups: Sequence[str] = (),
    expires_in: float | timedelta | None = None,
    on_expire: Event | str | None = None,
) -> ReviewPolicy:
    if expires_in is not None:
        expires_in = check_seconds(expires_in, "expires_in")
    elif on_expire is not None:
        raise TypeError("on_expire needs expires_in: when does the request expire?")
    return ReviewPolicy(assignees, groups, due_in=expires_in, on_due=on_expire)


def _choose(choices: Sequence[Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Outcomes and schema of a request that offers things to choose from."""
    for other in ("outcomes", "schema"):
        if given.get(other):
            raise TypeError(f"Give either choices or {other}, not both.")
    if isinstance(choices, str) or not choices:
        raise TypeError(f"choices is a list of what can be chosen, not {choices!r}.")
    return {
        "outcomes": [Outcome(str(choice)) for choice in choices],
        "schema": {"enum": list(choices), "x-choices": True},
    }


def _as_schema(schema: type[BaseModel] | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(schema, type):
        return schema.model_json_schema()
    return dict(schema)


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    """The fields as lists and dicts of what belongs in them; else a TypeError."""
    for name in ("display", "outcomes"):
        if name in given:
            given[name] = list(given[name])
    strangers = [o for o in given.get("outcomes", ()) if not isinstance(o, Outcome)]
    if strangers:
        raise TypeError(f"outcomes is a list of Outcome, not of {strangers[0]!r}.")
    respond_as = given.get("respond_as")
    if respond_as is not None and not _is_event_class(respond_as):
        raise TypeError(f"respond_as is an event class, not {respond_as!r}.")
    return given


def _is_event_class(given: Any) -> bool:
    return isinstance(given, type) and issubclass(given, Event)


class InputResponseEvent(Event):
    """A person's answer: `response` fits the schema, `outcome` is what he chose.

    `request` is what was asked, prompt and metadata included; `votes` are the answers
    that decided, one for each person.
    """

    request_id: str
    response: Any = None
    outcome: str | None = None
    reason: str = ""
    responder: str | None = None
    door: str = ""
    votes: list[dict[str, Any]] = []
    request: dict[str, Any] = {}

    def __init__(self, request_id: str, response: Any = None, **fields: Any) -> None:
        super().__init__(request_id=request_id, response=response, **fields)
