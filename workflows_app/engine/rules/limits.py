"""The time of a run: its active seconds, and its deadline (R32)."""

from .reduction import Reduction

ROUNDING = 1e-6
"""Seconds: what a child leaves of its parent's time is a difference of two numbers."""


def time_out(work: Reduction) -> None:
    """End the run if its time really is over: the deadline first, then the active."""
    state, deadline = work.state, work.definition.deadline
    if deadline is not None and work.at >= state.started_at + deadline:
        _end_late(work, "deadline", deadline, work.at - state.started_at)
    elif any(state.active_at(work.at) >= x - ROUNDING for x in _limits(work)):
        run_out(work)


def run_out(work: Reduction) -> None:
    """The active time is used up, by this run or by one that works for it."""
    limit = min(_limits(work))
    active = max(limit, work.state.active_at(work.at))
    is_budget = limit == work.state.budget
    _end_late(work, "workflow", limit, active, is_budget=is_budget)


def _limits(work: Reduction) -> list[float]:
    """The run's own, and what was left of its parent's time when it began."""
    limits = (work.definition.timeout, work.state.budget)
    return [limit for limit in limits if limit is not None]


def _end_late(
    work: Reduction, scope: str, limit: float, elapsed: float, **more: bool
) -> None:
    calls = work.state.calls.values()
    error = {
        "type": "TimeoutError",
        "scope": scope,
        "limit_seconds": limit,
        "elapsed_seconds": round(elapsed, 3),
        "active_steps": [c.step for c in calls if c.running or c.is_working],
        "message": f"The run took longer than its {scope} limit of {limit:g} s.",
        **more,
    }
    work.finish("timed_out", error=error)
