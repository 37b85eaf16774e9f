"""Refund: two people decide at the same time, and the second answer ends it.

Small amounts need nobody. Else both are asked at once: a reviewer whether the claim is
right, a lead whether there is money for it. The steps: check → (ask_about_claim and
ask_about_budget) → join.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

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

SMALL = Decimal(20)
LARGEST = Decimal(10_000)

APPROVE = Outcome(
    "approve", "Approve", "primary", effect="It is paid once the other one agrees, too."
)
REJECT = Outcome(
    "reject", "Reject", "danger", needs_reason=True, effect="Nothing is paid."
)

CENTS = {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.01}
Amount = Annotated[Decimal, WithJsonSchema({**CENTS, "maximum": int(LARGEST)})]


class RefundClaim(StartEvent):
    """A customer wants money back."""

    order: str = Field(title="Order", min_length=1, max_length=100)
    customer: str = Field(title="Customer", min_length=1, max_length=200)
    amount: Amount = Field(
        title="Amount",
        description=f"Up to {SMALL} nobody is asked.",
        gt=0,
        le=LARGEST,
        decimal_places=2,
    )
    currency: Literal["EUR", "GBP", "USD"] = Field("EUR", title="Currency")
    reason: str = Field(
        title="Reason",
        description="What the customer says.",
        min_length=1,
        max_length=2000,
        json_schema_extra={"x-ui": {"widget": "textarea"}},
    )
    items: list[str] = Field([], title="Items", description="What was sent back.")


class PeopleNeeded(Event):
    """The amount is not small: two steps take this, so two people are asked."""


@step
def check(ctx: Context, ev: RefundClaim) -> StopEvent | PeopleNeeded:
    """Refund a small amount at once."""
    if ev.amount <= SMALL:
        return StopEvent(result=make_result(ev.amount, ev.currency, {}))
    ctx.state.set("claim", ev.to_dict())
    return PeopleNeeded()


@step
def ask_about_claim(ctx: Context, ev: PeopleNeeded) -> InputRequestEvent:
    """Ask a reviewer what the customer should get."""
    claim = ctx.state["claim"]
    amount = float(claim["amount"])
    title = f"Amount ({claim['currency']})"
    field = {**CENTS, "title": title, "maximum": amount, "default": amount}
    return InputRequestEvent(
        "claim",
        "Is the claim right? You may refund a part of it.",
        subject=f"Refund {show_amount(claim)} for order {claim['order']}",
        display=show_claim(claim),
        schema={"type": "object", "properties": {"amount": field}},
        proposed={"amount": amount},
        outcomes=[APPROVE, REJECT],
        groups=["reviewers"],
    )


@step
def ask_about_budget(ctx: Context, ev: PeopleNeeded) -> InputRequestEvent:
    """Ask a lead whether the money is there."""
    claim = ctx.state["claim"]
    return InputRequestEvent(
        "budget",
        "Is there money for this refund?",
        subject=f"Budget for a refund of {show_amount(claim)}",
        display=show_claim(claim),
        outcomes=[APPROVE, REJECT],
        groups=["leads"],
    )


@step
def join(ctx: Context, ev: InputResponseEvent) -> StopEvent | None:
    """End when both have answered.

    Both answers may arrive at the same time. Because each attempt reads `decisions`
    before it writes it, the engine runs the slower one again, with the other's answer.
    """
    claim = ctx.state["claim"]
    decisions = {**ctx.state.get("decisions", {}), ev.request_id: as_decision(ev)}
    ctx.state.set("decisions", decisions)
    if len(decisions) < 2:  # noqa: PLR2004 - the claim and the budget
        return None
    amount = decisions["claim"]["amount"] or claim["amount"]
    return StopEvent(result=make_result(amount, claim["currency"], decisions))


def as_decision(ev: InputResponseEvent) -> dict[str, Any]:
    amount = (ev.response or {}).get("amount") if ev.request_id == "claim" else None
    return {
        "outcome": ev.outcome,
        "responder": ev.responder,
        "reason": ev.reason,
        "amount": None if amount is None else Decimal(str(amount)),
    }


def make_result(
    amount: Decimal, currency: str, decisions: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """What is paid: the amount if all said yes, else nothing, and why."""
    refused = [d["reason"] for d in decisions.values() if d["outcome"] == "reject"]
    return {
        "decision": "reject" if refused else "approve",
        "amount": "0.00" if refused else f"{amount:.2f}",
        "currency": currency,
        "reasons": refused,
        "responders": {name: d["responder"] for name, d in decisions.items()},
        "automatic": not decisions,
    }


def show_amount(claim: dict[str, Any]) -> str:
    return f"{claim['amount']:.2f} {claim['currency']}"


def show_claim(claim: dict[str, Any]) -> list[Block]:
    fields = {
        "Order": claim["order"],
        "Customer": claim["customer"],
        "Amount": show_amount(claim),
        "Items": ", ".join(claim["items"]),
    }
    return [
        Block("fields", {k: v for k, v in fields.items() if v}, "Claim"),
        Block("text", claim["reason"], "What the customer says"),
    ]


refund = Workflow(
    "refund",
    [check, ask_about_claim, ask_about_budget, join],
    version="1",
    groups=("reviewers", "leads"),
    description="A reviewer checks the claim while a lead checks the budget.",
)
