"""Message review: a drafted reply to a customer is read, mended and sent by a person.

The steps: ask → decide.
"""

from typing import Literal

from pydantic import BaseModel, Field
from pydantic.config import JsonDict

from workflows_app.engine import (
    Block,
    Context,
    InputRequestEvent,
    InputResponseEvent,
    Outcome,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)

LONG = 5000
TEXTAREA: JsonDict = {"x-ui": {"widget": "textarea"}}

SEND = Outcome(
    "send",
    "Send the reply",
    "primary",
    effect="The customer gets it as it stands here.",
)
DISCARD = Outcome(
    "discard", "Discard it", "danger", needs_reason=True, effect="Nothing is sent."
)


class CustomerMessage(StartEvent):
    """A customer wrote, and a reply has been drafted."""

    customer: str = Field(title="Customer", min_length=1, max_length=200)
    channel: Literal["email", "chat", "letter"] = Field("email", title="Channel")
    message: str = Field(
        title="Message",
        description="What the customer wrote.",
        min_length=1,
        max_length=LONG,
        json_schema_extra=TEXTAREA,
    )
    proposed_reply: str = Field(
        title="Proposed reply",
        description="The draft that a reviewer will see.",
        min_length=1,
        max_length=LONG,
        json_schema_extra=TEXTAREA,
    )
    sentiment: Literal["happy", "neutral", "upset"] | None = Field(
        None, title="Sentiment", description="How the customer sounds."
    )


class Reply(BaseModel):
    """The reply as it will be sent."""

    reply: str = Field(
        title="Reply", min_length=1, max_length=LONG, json_schema_extra=TEXTAREA
    )
    tone: Literal["friendly", "formal", "apologetic"] = Field("friendly", title="Tone")


@step
def ask(ctx: Context, ev: CustomerMessage) -> InputRequestEvent:
    """Show the message beside the draft; the reviewer may rewrite the draft."""
    ctx.state.update(to=ev.customer, channel=ev.channel, draft=ev.proposed_reply)
    about = {"Customer": ev.customer, "Channel": ev.channel, "Sentiment": ev.sentiment}
    tone = "apologetic" if ev.sentiment == "upset" else "friendly"
    return InputRequestEvent(
        "reply",
        "Please check the reply before it goes out. You may change every word of it.",
        subject=f"Reply to {ev.customer} ({ev.channel})",
        display=[
            Block("text", ev.message, "Message"),
            Block("fields", {k: v for k, v in about.items() if v}, "Customer"),
        ],
        schema=Reply,
        proposed={"reply": ev.proposed_reply, "tone": tone},
        outcomes=[SEND, DISCARD],
        groups=["reviewers"],
        priority=1 if ev.sentiment == "upset" else 0,
        tags={"channel": ev.channel},
    )


@step
def decide(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    """End with what was sent, if anything, and whether a person had changed it."""
    reply, is_sent = ev.response["reply"], ev.outcome == "send"
    sent = {
        "to": ctx.state["to"],
        "channel": ctx.state["channel"],
        "text": reply,
        "tone": ev.response.get("tone"),
    }
    return StopEvent(
        result={
            "decision": ev.outcome,
            "sent": sent if is_sent else None,
            "edited": is_sent and reply != ctx.state["draft"],
            "reason": ev.reason,
            "responder": ev.responder,
        }
    )


message_review = Workflow(
    "message-review",
    [ask, decide],
    version="1",
    groups=("reviewers", "leads"),
    description="A reviewer reads, mends and sends a drafted reply to a customer.",
)
