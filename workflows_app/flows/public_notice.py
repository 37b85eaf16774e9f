"""Public notice: two people must approve a text, and each push-back makes a new round.

Whoever asked for it may not decide. A lead may answer when half of the time is over, and
when all of it is, the notice is dropped. The steps: ask → decide, and back to ask
whenever somebody asks for changes.
"""

from datetime import timedelta

from pydantic import Field
from pydantic.config import JsonDict

from workflows_app.engine import (
    Block,
    Context,
    Escalation,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    Outcome,
    ReviewPolicy,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)

MOST_ROUNDS = 5
LONG = 20_000
TEXTAREA: JsonDict = {"x-ui": {"widget": "textarea"}}
TEXT: JsonDict = {
    "type": "string",
    "title": "Text",
    "minLength": 1,
    "maxLength": LONG,
    **TEXTAREA,
}

PUBLISH = Outcome("approve", "Publish", "primary", effect="The notice is published.")
CHANGE = Outcome(
    "ask_back", "Ask for changes", needs_reason=True, effect="The writer gets it back."
)
DROP = Outcome(
    "drop",
    "Drop the notice",
    "danger",
    needs_reason=True,
    confirm="drop",
    effect="It is deleted for good.",
)
POLICY = ReviewPolicy(
    groups=["reviewers"],
    approvals=2,
    starter_may_decide=False,
    claim="none",  # two people read it at the same time
    due_in=timedelta(hours=8),
    warn_at=(0.5, 0.9),
    on_due="drop",
    escalate=[Escalation(timedelta(hours=4), ("leads",))],
)


class Draft(StartEvent):
    """A notice for the public is ready to be read."""

    title: str = Field(title="Title", min_length=1, max_length=200)
    published: str = Field(
        "",
        title="Published text",
        description="What stands there today; empty for a new notice.",
        max_length=LONG,
        json_schema_extra=TEXTAREA,
    )
    text: str = Field(
        title="Text", min_length=1, max_length=LONG, json_schema_extra=TEXTAREA
    )


class Reworked(Event):
    """The notice has been changed as somebody wished, and is read again."""


@step
def take(ctx: Context, ev: Draft) -> Reworked:
    """Begin the first round."""
    ctx.state.update(title=ev.title, old=ev.published, text=ev.text, wishes=[])
    return Reworked()


@step
def ask(ctx: Context, ev: Reworked) -> InputRequestEvent:
    """Show what would change, and what was wished for in earlier rounds."""
    wishes = ctx.state["wishes"]
    number = len(wishes) + 1
    change = {"before": ctx.state["old"], "after": ctx.state["text"]}
    return InputRequestEvent(
        f"round-{number}",
        "May this be published? You may correct the text.",
        subject=f"Public notice: {ctx.state['title']}",
        display=[
            Block("diff", change, "Published today, and the draft"),
            *([Block("chat", wishes, "Wishes so far")] if wishes else []),
        ],
        schema={"type": "object", "properties": {"text": TEXT}, "required": ["text"]},
        proposed={"text": ctx.state["text"]},
        outcomes=[PUBLISH, *([CHANGE] if number < MOST_ROUNDS else []), DROP],
        policy=POLICY,
        tags={"round": str(number)},
        previous=f"round-{number - 1}" if wishes else None,
    )


@step
def decide(ctx: Context, ev: InputResponseEvent) -> StopEvent | Reworked:
    """Ask again, with the text as it was left; or end with what became of the notice."""
    text = (ev.response or {}).get("text", ctx.state["text"])
    if ev.outcome == "ask_back":
        wish = {"who": ev.responder, "text": ev.reason}
        ctx.state.update(text=text, wishes=[*ctx.state["wishes"], wish])
        return Reworked()
    is_published = ev.outcome == "approve"
    return StopEvent(
        result={
            "title": ctx.state["title"],
            "published": text if is_published else None,
            "rounds": len(ctx.state["wishes"]) + 1,
            "responder": ev.responder,
            "reason": ev.reason,
        }
    )


public_notice = Workflow(
    "public-notice",
    [take, ask, decide],
    version="1",
    groups=("reviewers", "leads"),
    description="Two people approve a text for the public, in as many rounds as it takes.",
)
