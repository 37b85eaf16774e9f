"""Expense: many small claims, which a reviewer may approve in one go.

The steps: ask → pay.
"""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field, WithJsonSchema

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

CENTS = {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.01}
Amount = Annotated[Decimal, WithJsonSchema({**CENTS, "maximum": 10_000})]
APPROVE = Outcome("approve", "Approve", "primary", effect="It is paid with the wages.")
REJECT = Outcome("reject", "Reject", "danger", needs_reason=True)
POLICY = ReviewPolicy(groups=["reviewers"], bulk=True, starter_may_decide=False)


class Item(BaseModel):
    """A line of a claim."""

    what: str = Field(title="What", min_length=1, max_length=200)
    amount: Amount = Field(title="Amount", gt=0, le=10_000, decimal_places=2)


class ExpenseClaim(StartEvent):
    """Somebody has spent his own money for the company."""

    employee: str = Field(title="Employee", min_length=1, max_length=200)
    purpose: str = Field(title="Purpose", min_length=1, max_length=200)
    items: list[Item] = Field(title="Items", min_length=1, max_length=100)

    @property
    def total(self) -> Decimal:
        return sum((item.amount for item in self.items), Decimal(0))


@step
def ask(ctx: Context, ev: ExpenseClaim) -> InputRequestEvent:
    """Show the claim line by line."""
    ctx.state.update(employee=ev.employee, total=ev.total)
    rows = [{"What": item.what, "Amount": item.amount} for item in ev.items]
    return InputRequestEvent(
        "claim",
        "Shall the company pay this?",
        subject=f"Expenses of {ev.employee}: {ev.total:.2f} EUR",
        display=[
            Block("fields", {"Employee": ev.employee, "Purpose": ev.purpose}, "Claim"),
            Block("table", rows, "Items"),
        ],
        outcomes=[APPROVE, REJECT],
        policy=POLICY,
        tags={"employee": ev.employee},
    )


@step
def pay(ctx: Context, ev: InputResponseEvent) -> StopEvent:
    """End with what is paid."""
    is_approved = ev.outcome == "approve"
    paid: Any = ctx.state["total"] if is_approved else Decimal(0)
    return StopEvent(
        result={
            "employee": ctx.state["employee"],
            "paid": f"{paid:.2f}",
            "responder": ev.responder,
            "reason": ev.reason,
        }
    )


expense = Workflow(
    "expense",
    [ask, pay],
    version="1",
    groups=("reviewers", "leads"),
    description="A reviewer approves what people have spent, one by one or many at once.",
)
