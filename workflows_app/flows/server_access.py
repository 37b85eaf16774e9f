"""Server access: the step asks in Slack, and waits for a reaction.

The steps: review (blocks on Slack) → grant.
"""

from typing import Literal
from uuid import NAMESPACE_URL, uuid5

from pydantic import Field

from workflows_app.engine import Context, StartEvent, StopEvent, Workflow, step

from ._review import QUARTER_HOUR, ReviewComplete, WaitLimit, wait_for
from ._slack import NO, YES, FakeSlack


class AccessRequest(StartEvent):
    """Somebody needs to log in to a server, for a while."""

    person: str = Field(title="Person", min_length=1, max_length=100)
    server: str = Field(title="Server", min_length=1, max_length=100)
    hours: Literal[1, 4, 8] = Field(1, title="Hours")
    reason: str = Field(title="Reason", min_length=1, max_length=500)
    channel: str = Field("#access", title="Channel", max_length=100)
    wait_limit: WaitLimit = QUARTER_HOUR


def connect() -> FakeSlack:
    """The one line to change: `return WebClient(token=os.environ["SLACK_BOT_TOKEN"])`."""
    return FakeSlack()


@step
def review(ctx: Context, ev: AccessRequest) -> ReviewComplete | None:
    """Post one message, then look at it until somebody has reacted."""
    ctx.state.update(person=ev.person, server=ev.server, hours=ev.hours)
    channel, ts = ctx.once("ask", post_question, ctx.idempotency_key, ev)
    with ctx.waiting(f"a reaction in {ev.channel}", limit=ev.wait_limit):
        return wait_for(ctx, lambda: find_decision(channel, ts))


def post_question(key: str, ev: AccessRequest) -> tuple[str, str]:
    """Channel and time stamp of the message; the same key never posts another."""
    posted = connect().chat_postMessage(
        channel=ev.channel,
        text=f"{ev.person} asks for {ev.hours} h on {ev.server}: {ev.reason}"
        f" Yes :{YES}: or no :{NO}:?",
        client_msg_id=str(uuid5(NAMESPACE_URL, key)),
    )
    return posted["channel"], posted["ts"]


def find_decision(channel: str, ts: str) -> ReviewComplete | None:
    """Whose reaction decides, with what he replied in the thread. A no outweighs."""
    slack = connect()
    message = slack.reactions_get(channel=channel, timestamp=ts)["message"]
    users = {r["name"]: r["users"] for r in message.get("reactions", [])}
    deciding = users.get(NO) or users.get(YES)
    if not deciding:
        return None
    replies = slack.conversations_replies(channel=channel, ts=ts)["messages"][1:]
    notes = [reply["text"] for reply in replies if reply["user"] == deciding[0]]
    return ReviewComplete(
        approved=NO not in users, reviewer=deciding[0], note="\n".join(notes)
    )


@step
def grant(ctx: Context, ev: ReviewComplete) -> StopEvent:
    """End with what was granted."""
    return StopEvent(
        result={
            "person": ctx.state["person"],
            "server": ctx.state["server"],
            "hours": ctx.state["hours"] if ev.approved else 0,
            "reviewer": ev.reviewer,
            "note": ev.note,
        }
    )


server_access = Workflow(
    "server-access",
    [review, grant],
    version="1",
    groups=("reviewers", "leads"),
    description="Asks in Slack whether somebody may log in to a server.",
)
