"""What a person is told whose press came to nothing: why, and what to do now."""

from collections.abc import Mapping
from datetime import UTC, datetime

from workflows_app.engine.errors import (
    AlreadyAnsweredError,
    ClaimedError,
    EngineError,
    InvalidResponseError,
    NotAllowedError,
    RequestChangedError,
    RequestExpiredError,
    RunFinishedError,
    SerializationError,
    UnknownRequestError,
)
from workflows_app.notify.slack.card import moment
from workflows_app.notify.slack.texts import line
from workflows_app.shown.decisions import decided

LONGEST = 300

REFUSALS = (
    AlreadyAnsweredError,
    ClaimedError,
    InvalidResponseError,
    NotAllowedError,
    RequestChangedError,
    RequestExpiredError,
    RunFinishedError,
    SerializationError,
    UnknownRequestError,
)
"""What a run says to an answer that it does not take."""

NOT_OURS = "This message is not known here any more, so nothing was decided."
NOT_FOR_YOU = (
    "You may not answer this, so nothing was decided. "
    "Ask an operator of Holdpoint if you think that you should."
)
NOT_NOW = "Slack did not tell in time who you are, so nothing was decided. Press again."
CHANGED = "The question is not the one that this message shows. Nothing was decided."
MORE_NEEDED = "This takes more than a button. Nothing was decided yet."

WITHDRAWN = "No answer is needed any more: this was withdrawn."

SAID: Mapping[type[EngineError], str] = {
    RequestChangedError: CHANGED,
    RequestExpiredError: "The time for this is over: your press came too late.",
    RunFinishedError: WITHDRAWN,
    UnknownRequestError: WITHDRAWN,
}
"""What is said of refusals that tell nothing more."""


def not_known(slack_user: str, team: str) -> str:
    return (
        "Holdpoint does not know who you are, so nothing was decided. Ask an administrator "
        f"to add you to Slack identities: member {slack_user} of team {team}."
    )


def explain(error: EngineError, username: str, label: str) -> str:
    """A refusal in a sentence for this user; `label` is that of the standing outcome."""
    match error:
        case AlreadyAnsweredError():
            return _already(error, username, label)
        case ClaimedError() if error.owner and error.until:
            owner, until = _safe(error.owner), moment(error.until)
            return (
                f"{owner} has taken this until {until}, so nothing was decided. "
                f"Ask {owner}, or take it over in Holdpoint."
            )
        case NotAllowedError():
            return f"{_safe(str(error))} Nothing was decided."
        case _:
            return SAID.get(type(error), MORE_NEEDED)


def with_link(text: str, address: str) -> str:
    return f"{text} <{address}|See it in Holdpoint>." if address else text


def _already(error: AlreadyAnsweredError, username: str, label: str) -> str:
    done = _safe(decided(error.outcome or "", label))
    when = moment(datetime.fromtimestamp(error.at, tz=UTC))
    if error.responder == username:
        return f"You {done} this already, {when}. Your first answer stands."
    who = "The deadline" if error.responder == "deadline" else _safe(error.responder)
    return f"{who} {done} this already, {when}. Your press changed nothing."


def _safe(text: str) -> str:
    return line(text, LONGEST)
