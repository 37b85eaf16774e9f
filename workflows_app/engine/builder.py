"""The parts of a workflow, while it is built."""

from collections.abc import Callable
from typing import Any, Self

from .events import Event
from .input_handler import InputHandler
from .retry import Retry
from .session_policy import SessionPausePolicy
from .steps import Limit, Step, check_limit
from .subworkflow import AnySubWorkflowStep, ParallelSubWorkflowsStep, SubWorkflowStep


class Parts:
    """What a workflow is built of, in whatever order it is named.

    A later word about an option replaces an earlier one; steps are added. Raises
    ValueError for a limit that cannot be.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.steps: list[Step | AnySubWorkflowStep] = []
        self.options: dict[str, Any] = {}

    def step(self, step: Step | Callable[..., Any]) -> Self:
        """Add a step; what is not decorated with `@step` is refused by `build`."""
        return self._add(step)

    def add_subworkflow_step(self, step: SubWorkflowStep) -> Self:
        return self._add(step)

    def add_parallel_subworkflows(self, step: ParallelSubWorkflowsStep) -> Self:
        return self._add(step)

    def timeout(self, limit: Limit) -> Self:
        """Active seconds that a run may take."""
        return self._set("timeout", check_limit(limit, "timeout"))

    def no_timeout(self) -> Self:
        return self._set("timeout", None)

    def deadline(self, limit: Limit) -> Self:
        """Seconds from the start, waiting included, that a run may take."""
        return self._set("deadline", check_limit(limit, "deadline"))

    def step_timeout(self, limit: Limit) -> Self:
        """The limit of every step that has none of its own."""
        return self._set("step_timeout", check_limit(limit, "step timeout"))

    def no_step_timeout(self) -> Self:
        return self._set("step_timeout", None)

    def retry(self, retry: Retry) -> Self:
        """How steps that say nothing of their own are tried again."""
        return self._set("retry", retry)

    def no_retry(self) -> Self:
        return self._set("retry", None)

    def auto_publish_events(self, on: bool) -> Self:
        """Whether the log has a line for each event routed and each step begun."""
        return self._set("auto_publish_events", on)

    def session_pause_policy(self, policy: SessionPausePolicy | str) -> Self:
        """What becomes of session objects at a pause."""
        return self._set("session_pause_policy", SessionPausePolicy(policy))

    def input_handler(self, handler: InputHandler) -> Self:
        """Code that answers input requests, unless it declines."""
        return self._set("input_handler", handler)

    def ignore_unhandled(self, *types: type[Event] | str) -> Self:
        """Events of these types may find no step that accepts them."""
        return self._set("ignore_unhandled", types)

    def version(self, version: str) -> Self:
        return self._set("version", version)

    def groups(self, *names: str) -> Self:
        """Who may see the runs, beside those who are asked something."""
        return self._set("groups", names)

    def description(self, text: str) -> Self:
        return self._set("description", text)

    def _add(self, step: Any) -> Self:
        self.steps.append(step)
        return self

    def _set(self, option: str, value: Any) -> Self:
        self.options[option] = value
        return self
