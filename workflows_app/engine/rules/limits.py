"""The time of a run: its active seconds, and its deadline (R32)."""

from .reduction import Reduction

ROUNDING = 1e-6
"""Seconds: what a child leaves of its parent's time is a difference of two numbers."""


def time_out(work: Reduction) -> None:
    """End the run if its time really is over: the deadline first, then the active."""
    state, definition = work.state, work.definition
    limit, active = definition.deadline, state.active_at(work.at)
    if limit is not None and work.at >= state.started_at + limit:
        _end_late(work, "deadline", limit, work.at - state.started_at)
    elif definition.timeout is not None and active >= definition.timeout - ROUNDING:
        _end_late(work, "workflow", definition.timeout, active)
    elif state.budget is not None and active >= state.budget - ROUNDING:
        _end_late(work, "workflow", state.budget, active)


def _end_late(work: Reduction, scope: str, limit: float, elapsed: float) -> None:
    error = {
        "type": "TimeoutError",
        "scope": scope,
        "limit_seconds": limit,
        "elapsed_seconds": round(elapsed, 3),
        "active_steps": [call.step for call in work.state.running],
        "message": f"The run took longer than its {scope} limit of {limit:g} s.",
    }
    work.finish("timed_out", error=error)
