"""The workflows that this process has code for, by name."""

from typing import TYPE_CHECKING

from .errors import IncompatibleSnapshotError

if TYPE_CHECKING:
    from .workflow import Workflow

_workflows: dict[str, "Workflow"] = {}


def register(workflow: "Workflow") -> None:
    """The last one of a name wins, as in a module that is loaded again."""
    _workflows[workflow.name] = workflow


def find_workflow(name: str) -> "Workflow | None":
    return _workflows.get(name)


def get_workflow(name: str) -> "Workflow":
    workflow = find_workflow(name)
    if workflow is None:
        raise IncompatibleSnapshotError(f"There is no workflow {name!r} here.")
    return workflow


def workflows() -> list["Workflow"]:
    return sorted(_workflows.values(), key=lambda workflow: workflow.name)
