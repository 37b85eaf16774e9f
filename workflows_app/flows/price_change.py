"""Price change: the step subscribes to Holdpoint's own queue, and waits for a decision.

The steps: review (blocks on the queue) → apply.
"""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, WithJsonSchema

from workflows_app.engine import (
    ApprovalQueue,
    Block,
    Context,
    InputRequestEvent,
    Outcome,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)

from ._review import QUARTER_HOUR, ReviewComplete, WaitLimit

CENTS = {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.01}
Price = Annotated[Decimal, WithJsonSchema(CENTS)]

APPROVE = Outcome("approve", "Change the price", "primary")
REJECT = Outcome("reject", "Leave it", "danger", needs_reason=True)


class PriceChange(StartEvent):
    """A product is to cost something else."""

    product: str = Field(title="Product", min_length=1, max_length=200)
    old_price: Price = Field(title="Old price", gt=0, le=1_000_000, decimal_places=2)
    new_price: Price = Field(title="New price", gt=0, le=1_000_000, decimal_places=2)
    wait_limit: WaitLimit = QUARTER_HOUR


def make_question(ev: PriceChange) -> InputRequestEvent:
    price = {"label": "Price", "value": str(ev.new_price), "was": str(ev.old_price)}
    return InputRequestEvent(
        "price",
        "May the shop show the new price?",
        subject=f"{ev.product}: {ev.old_price:.2f} → {ev.new_price:.2f}",
        display=[
            Block(
                "fields", [{"label": "Product", "value": ev.product}, price], "Prices"
            )
        ],
        outcomes=[APPROVE, REJECT],
        groups=["reviewers"],
    )


@step
async def review(ctx: Context, ev: PriceChange) -> ReviewComplete:
    """Ask under the call's own key, then wait for whoever decides it.

    Asking again under the same key finds the question that was asked, with its answer.
    """
    ctx.state.update(product=ev.product, old=ev.old_price, new=ev.new_price)
    queue = ApprovalQueue()
    approval = await queue.ask_async(make_question(ev), key=ctx.idempotency_key)
    with ctx.waiting("a decision on the review queue", limit=ev.wait_limit):
        decision = await queue.wait_for_decision_async(approval)
    return ReviewComplete(
        approved=decision.outcome == "approve",
        reviewer=decision.responder,
        note=decision.reason,
    )


@step
def apply(ctx: Context, ev: ReviewComplete) -> StopEvent:
    """End with the price that the shop shows."""
    price = ctx.state["new"] if ev.approved else ctx.state["old"]
    return StopEvent(
        result={
            "product": ctx.state["product"],
            "price": f"{price:.2f}",
            "reviewer": ev.reviewer,
            "note": ev.note,
        }
    )


price_change = Workflow(
    "price-change",
    [review, apply],
    version="1",
    groups=("reviewers", "leads"),
    description="Puts a question on the review queue, and waits inside a step.",
)
