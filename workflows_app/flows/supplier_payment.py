"""Supplier payment: the step polls another system's table until its people decide.

The steps: review (blocks on the table) → pay.
"""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, WithJsonSchema

from workflows_app.engine import Context, StartEvent, StopEvent, Workflow, step

from ._approvals_table import ApprovalsTable
from ._review import QUARTER_HOUR, ReviewComplete, WaitLimit, question_id, wait_for

Amount = Annotated[
    Decimal,
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.01}),
]


class SupplierInvoice(StartEvent):
    """A supplier sent an invoice; the accounting system holds it until it is approved."""

    supplier: str = Field(title="Supplier", min_length=1, max_length=200)
    invoice: str = Field(title="Invoice", min_length=1, max_length=100)
    amount: Amount = Field(title="Amount (EUR)", gt=0, le=1_000_000, decimal_places=2)
    wait_limit: WaitLimit = QUARTER_HOUR


@step
def review(ctx: Context, ev: SupplierInvoice) -> ReviewComplete | None:
    """Insert a row once, then look at it until somebody has set it."""
    ctx.state.set("invoice", ev.to_dict())
    table, key = ApprovalsTable(), question_id(ctx)
    question = f"Pay {ev.amount:.2f} EUR to {ev.supplier} for {ev.invoice}?"
    ctx.once("ask", table.ask, key, question)
    with ctx.waiting("approval in the accounting system", limit=ev.wait_limit):
        return wait_for(ctx, lambda: table.find(key))


@step
def pay(ctx: Context, ev: ReviewComplete) -> StopEvent:
    """End with what is paid, and who allowed it."""
    invoice = ctx.state["invoice"]
    return StopEvent(
        result={
            "supplier": invoice["supplier"],
            "invoice": invoice["invoice"],
            "paid": f"{invoice['amount']:.2f}" if ev.approved else "0.00",
            "reviewer": ev.reviewer,
            "note": ev.note,
        }
    )


supplier_payment = Workflow(
    "supplier-payment",
    [review, pay],
    version="1",
    groups=("reviewers", "leads"),
    description="Polls the accounting system until an invoice is approved there.",
)
