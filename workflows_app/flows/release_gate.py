"""Release gate: what GitHub reports waits until a person lets it pass.

The steps: read → ask → decide, and back to ask whenever somebody asks back.
"""

from typing import Any, Literal

from pydantic import BaseModel, Field

from workflows_app.engine import (
    Block,
    Context,
    Event,
    InputRequestEvent,
    InputResponseEvent,
    Outcome,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)

from . import _github as github

MOST_ROUNDS = 5
REJECT = Outcome(
    "reject",
    "Reject",
    "danger",
    needs_reason=True,
    effect="It does not go ahead: GitHub is told “failure”.",
)
ASK_BACK = Outcome(
    "ask_back",
    "Ask back",
    needs_reason=True,
    effect="The same question comes again, with what you ask beside it.",
)


class GitHubDelivery(StartEvent):
    """A webhook of GitHub whose signature has been checked."""

    source: str = Field(title="Source", description="Who sent it, as it is named here.")
    event: str = Field("", title="Event", description="The header; it is not signed.")
    delivery_id: str = Field(title="Delivery")
    payload: dict[str, Any] = Field(title="Payload", description="The body, as JSON.")


class Ask(Event):
    """It is time to ask people: for the first time, or again."""


class Remark(BaseModel):
    """What a reviewer may add to a decision."""

    note: str = Field(
        "",
        title="Note",
        description="Kept with the decision.",
        max_length=2000,
        json_schema_extra={"x-ui": {"widget": "textarea", "order": 2}},
    )


class TimedRemark(Remark):
    """The same, for what reaches users at a time that somebody must choose."""

    window: Literal["now", "tonight"] = Field(
        "now", title="When", json_schema_extra={"x-ui": {"order": 1}}
    )


@step
def read(ctx: Context, ev: GitHubDelivery) -> Ask:
    """Find out what the delivery is about, whatever kind it is."""
    kind = github.find_kind(ev.payload)
    ctx.state.update(
        kind=kind,
        title=github.make_title(kind, ev.payload),
        is_grave=github.is_grave(kind, ev.payload),
        payload=ev.payload,
        origin={"Source": ev.source, "Delivery": ev.delivery_id},
        questions=[],
    )
    return Ask()


@step
def ask(ctx: Context, ev: Ask) -> InputRequestEvent:
    """Show what GitHub sent, and what was asked back in earlier rounds."""
    kind, is_grave = ctx.state["kind"], ctx.state["is_grave"]
    asked = len(ctx.state["questions"])
    means = kind in github.TITLES
    yes = Outcome("approve", "Approve" if means else "Acknowledge", "primary")
    return InputRequestEvent(
        f"gate-{asked + 1}",
        "May this go ahead?" if means else "Please take note of this.",
        subject=ctx.state["title"] + (" (asked back)" if asked else ""),
        display=[*show_questions(ctx), *show_payload(ctx)],
        schema=TimedRemark if kind in github.ROLLOUTS else Remark,
        outcomes=[yes, REJECT, *([ASK_BACK] if asked + 1 < MOST_ROUNDS else [])],
        groups=["reviewers", "leads"] if is_grave else ["reviewers"],
        priority=1 if is_grave else 0,
        tags={"kind": kind, "about": github.find_owner(ctx.state["payload"])},
        previous=f"gate-{asked}" if asked else None,
    )


@step
def decide(ctx: Context, ev: InputResponseEvent) -> StopEvent | Ask:
    """Ask again what was asked back, or end with the decision and GitHub's status."""
    note = ev.response.get("note", "")
    if ev.outcome == "ask_back":
        asked = {"by": ev.responder, "question": ev.reason, "note": note}
        ctx.state.set("questions", [*ctx.state["questions"], asked])
        return Ask()
    fields = github.find_fields(ctx.state["payload"])
    is_timed = ctx.state["kind"] in github.ROLLOUTS
    return StopEvent(
        result={
            "decision": ev.outcome,
            "reason": ev.reason,
            "responder": ev.responder,
            "note": note,
            "window": ev.response.get("window", "now") if is_timed else None,
            "kind": ctx.state["kind"],
            "repository": fields.get("Repository"),
            "sha": fields.get("Commit"),
            "status": make_status(ev),
        }
    )


def make_status(ev: InputResponseEvent) -> dict[str, str]:
    """The decision in the form of a status of a commit or a deployment."""
    is_approved = ev.outcome == "approve"
    told = f"{'Approved' if is_approved else 'Rejected'} by {ev.responder}"
    return {
        "state": "success" if is_approved else "failure",
        "description": github.one_line(f"{told}: {ev.reason}" if ev.reason else told),
        "context": "holdpoint/release-gate",
    }


def show_questions(ctx: Context) -> list[Block]:
    """What was asked back, the latest question first."""
    return [
        Block("text", f"{asked['question']}\n{asked['note']}", f"{asked['by']} asks")
        for asked in reversed(ctx.state["questions"])
    ]


def show_payload(ctx: Context) -> list[Block]:
    """The fields that people look for, the text that came along, and all the rest."""
    payload, text = ctx.state["payload"], github.find_text(ctx.state["payload"])
    fields = {**github.find_fields(payload), **ctx.state["origin"]}
    title = "Release notes" if ctx.state["kind"] == "release" else "Description"
    return [
        Block("fields", fields, "About"),
        *([Block("markdown", text, title)] if text.strip() else []),
        Block("json", payload, "Payload"),
    ]


release_gate = Workflow(
    "release-gate",
    [read, ask, decide],
    version="1",
    groups=("reviewers", "leads"),
    description="Holds what GitHub reports until a reviewer lets it pass.",
)
