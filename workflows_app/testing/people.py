"""People of a play."""

from dataclasses import dataclass

from workflows_app.engine.policy import Responder


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who answers: `Person("ada", "reviewers")`."""

    name: str
    groups: frozenset[str]

    def __init__(self, name: str, *groups: str) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "groups", frozenset(groups))

    @property
    def responder(self) -> Responder:
        """The person, as the engine's policy knows him."""
        return Responder("person", self.name, self.groups)
