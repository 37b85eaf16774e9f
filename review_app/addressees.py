"""Who may answer a request, in words that its readers understand."""

from collections.abc import Sequence

from workflows_app.models import InputRequest


def who_may_answer(request: InputRequest, reader: str, started_by: str | None) -> str:
    """One sentence: "Only finance may answer; not you, because you started it."."""
    named = [*request.assignees, *request.groups]
    who = f"Only {_joined(named)} may answer" if named else "Reviewers may answer"
    if request.policy_rules.get("starter_may_decide", True) or started_by is None:
        return f"{who}."
    if started_by == reader:
        return f"{who}; not you, because you started it."
    return f"{who}; not {started_by}, who started it."


def _joined(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
