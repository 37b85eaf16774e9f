"""Questions of a play, as people see them."""

from dataclasses import dataclass
from typing import Any

from workflows_app.engine.policy import ReviewPolicy
from workflows_app.engine.state import Request


@dataclass(frozen=True, slots=True)
class Question:
    """An open input request: what is shown, and who may answer."""

    request: Request

    @property
    def subject(self) -> str:
        return str(self.request.content["subject"])

    @property
    def prompt(self) -> str:
        return str(self.request.content["prompt"])

    @property
    def metadata(self) -> dict[str, Any]:
        return dict(self.request.content["metadata"])

    @property
    def display(self) -> list[dict[str, Any]]:
        return list(self.request.content["display"])

    @property
    def schema(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.request.content["schema"]
        return found

    @property
    def proposed(self) -> Any:
        return self.request.content["proposed"]

    @property
    def outcomes(self) -> list[str]:
        """The keys of what can be chosen."""
        return [outcome["key"] for outcome in self.request.content["outcomes"]]

    @property
    def policy(self) -> ReviewPolicy:
        return ReviewPolicy.load(self.request.policy)

    @property
    def votes(self) -> list[tuple[str, str]]:
        """Who has chosen what so far."""
        return [(vote.name, vote.outcome) for vote in self.request.votes]
