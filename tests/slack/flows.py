"""Tiny workflows whose questions Slack's buttons can answer, and such that they cannot."""

from workflows_app.engine import (
    Block,
    Context,
    InputRequestEvent,
    InputResponseEvent,
    Outcome,
    ReviewPolicy,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)
from workflows_app.engine.policy import Claim, Escalation

APPROVE = Outcome("approve", "Approve", "primary", effect="The deployment goes on")
DECLINE = Outcome("decline", "Decline", "danger", confirm=True)
REJECT = Outcome("reject", "Reject", "danger", needs_reason=True)
DROP = Outcome("drop", "Drop it", "danger", confirm="drop")


class Wanted(StartEvent):
    """What a test run is started with."""

    subject: str = "Deploy api 4.2?"
    approvals: int = 1
    claim: Claim = "on_typing"
    undo: float = 5.0
    due_in: float = 3_600.0
    groups: list[str] = []
    later: list[str] = []


def _policy(ev: Wanted) -> ReviewPolicy:
    return ReviewPolicy(
        groups=ev.groups,
        approvals=ev.approvals,
        claim=ev.claim,
        undo_seconds=ev.undo,
        due_in=ev.due_in,
        starter_may_decide=False,
        escalate=[Escalation(60, tuple(ev.later))] if ev.later else (),
    )


@step
def ask_plainly(ctx: Context, ev: Wanted) -> InputRequestEvent:
    """Ask what a press can answer."""
    return InputRequestEvent(
        "deploy",
        "May **this** go out?",
        subject=ev.subject,
        display=[Block("fields", {"version": "4.2"}, "About")],
        outcomes=[APPROVE, DECLINE],
        policy=_policy(ev),
    )


@step
def ask_more(ctx: Context, ev: Wanted) -> InputRequestEvent:
    """Ask what partly needs a page."""
    return InputRequestEvent(
        "deploy", "May it?", outcomes=[APPROVE, REJECT, DROP], policy=_policy(ev)
    )


@step
def end(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    """End with what was decided."""
    return StopEvent(result=[ev.outcome, ev.responder, ev.door])


plain = Workflow("slack-plain", [ask_plainly, end])
mixed = Workflow("slack-mixed", [ask_more, end])
