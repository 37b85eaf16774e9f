"""Steps whose work is done by other workflows: one, or several at the same time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, get_args

from .definition import Branch, Merge, StepDefinition, SubWorkflow
from .event_types import EventTypes, find_types, type_names
from .events import StopEvent
from .retry import Retry, find_retry_problems
from .signature import Emits, Types
from .steps import Defaults, Limit, check_limit

if TYPE_CHECKING:
    from .workflow import Workflow

RESULTS: dict[Merge, set[str]] = {
    "wait_all": {"results"},
    "first_completes": {"result", "branch"},
}
"""The fields of the event that several workflows' results become."""


class _Delegating:
    """What both kinds share: they take an event, and emit one made of the results."""

    collects: Types = ()
    for_steps: tuple[str, ...] | None = None
    merge: Merge = "wait_all"
    is_parallel = False
    timeout: float | None = None

    def __init__(
        self,
        name: str,
        accepts: EventTypes,
        emits: EventTypes,
        branches: "Sequence[tuple[str, Workflow]]",
        retry: Retry | None,
    ) -> None:
        self.name = name
        self.accepts = find_types(accepts)
        self.emits = Emits(alone=find_types(emits))
        self.branches = tuple(branches)
        self.retry = retry

    @property
    def workflows(self) -> "list[Workflow]":
        """The workflows that it runs, in the order of the branches."""
        return [workflow for _, workflow in self.branches]

    @property
    def problems(self) -> tuple[str, ...]:
        found = []
        if not self.accepts:
            found.append("does not say which event it accepts.")
        if len(self.emits.types) != 1:
            found.append("must emit exactly one event class.")
        found += find_retry_problems(self.retry)
        return (*found, *self._branch_problems())

    def define(self, _defaults: Defaults, joins: tuple[str, ...]) -> StepDefinition:
        """The step as plain data. A workflow's defaults are for steps with a body."""
        return StepDefinition(
            name=self.name,
            accepts=type_names(self.accepts),
            emits=type_names(self.emits.types),
            timeout=self.timeout,
            retry=self.retry.rule() if self.retry else None,
            joins=joins,
            subworkflow=self._plan(),
        )

    def _plan(self) -> SubWorkflow:
        emits = self.emits.types[0]
        has_own_fields = bool(set(emits.model_fields) - {"result"})
        return SubWorkflow(
            branches=tuple(_branch(name, child) for name, child in self.branches),
            merge=self.merge,
            parallel=self.is_parallel,
            emits=emits.event_type,
            emits_bases=emits.lineage(),
            unwraps=has_own_fields and not self.is_parallel,
        )

    def _branch_problems(self) -> list[str]:
        return []


def _branch(name: str, workflow: "Workflow") -> Branch:
    child = workflow.definition
    return Branch(name, child.name, child.digest, child.start_type, child.start_bases)


class SubWorkflowStep(_Delegating):
    """Runs a workflow on the fields of an event, and emits what it results in.

    If `emits` has fields of its own and the result is a dict, these are its fields;
    else the result is in its field `result`. The step is tried again only if it has a
    `retry`.
    """

    def __init__(  # noqa: PLR0913 - engine.md 1
        self,
        name: str,
        accepts: EventTypes,
        emits: EventTypes,
        workflow: "Workflow",
        *,
        timeout: Limit = None,
        retry: Retry | None = None,
    ) -> None:
        super().__init__(name, accepts, emits, [(name, workflow)], retry)
        self.timeout = check_limit(timeout, f"timeout of step {name!r}")


class ParallelSubWorkflowsStep(_Delegating):
    """Runs several workflows at once on the fields of an event.

    With `wait_all` the event that follows has their `results` in the order of the
    branches; with `first_completes` the `result` of the first, and the name of its
    `branch`. A branch is a workflow, or a SubWorkflowStep that gives it another name.
    """

    is_parallel = True

    def __init__(  # noqa: PLR0913 - engine.md 1
        self,
        name: str,
        accepts: EventTypes,
        emits: EventTypes,
        branches: "Sequence[Workflow | SubWorkflowStep]",
        join: Merge = "wait_all",
        *,
        retry: Retry | None = None,
    ) -> None:
        super().__init__(name, accepts, emits, [], retry)
        self.merge = join
        self._limited = []
        for branch in branches:
            if not isinstance(branch, SubWorkflowStep):
                self.branches += ((branch.name, branch),)
                continue
            self.branches += branch.branches
            if branch.timeout is not None or branch.retry is not None:
                self._limited.append(branch.name)

    def _branch_problems(self) -> list[str]:
        names = [name for name, _ in self.branches]
        twice = sorted({name for name in names if names.count(name) > 1})
        found = [f"has two branches called {name!r}." for name in twice]
        found += [
            f"has a branch {name!r} with limits of its own; only the step has them."
            for name in self._limited
        ]
        if not names:
            found.append("has no branches.")
        if self.merge not in get_args(Merge):
            return [*found, f"has join {self.merge!r}, not {' or '.join(RESULTS)}."]
        return [*found, *self._field_problems()]

    def _field_problems(self) -> list[str]:
        wanted = RESULTS[self.merge]
        return [
            f"must emit an event with {' and '.join(sorted(wanted))}, not {kind.__name__}."
            for kind in self.emits.types
            if kind.model_fields
            and not wanted <= set(kind.model_fields)
            and not issubclass(kind, StopEvent)
        ]


AnySubWorkflowStep = SubWorkflowStep | ParallelSubWorkflowsStep
