"""What a snapshot needs of the workflows that are here, before anything of it runs."""

from collections.abc import Iterator, Mapping

from workflows_app.engine import registry
from workflows_app.engine.definition import INPUT_HANDLER, Definition
from workflows_app.engine.errors import IncompatibleSnapshotError
from workflows_app.engine.news import load_news
from workflows_app.engine.rules.reduction import RESPONSE
from workflows_app.engine.snapshot import Snapshot
from workflows_app.engine.state import Call, Fanout, Request, State
from workflows_app.engine.state_text import load_state
from workflows_app.engine.ticks import Started
from workflows_app.models import Definition as Row
from workflows_app.runtime.definitions import find_served


def served_definitions(snapshot: Snapshot) -> Mapping[str, Definition]:
    """What the runs of a snapshot go on with, by the names of their workflows.

    Raises IncompatibleSnapshotError listing all that is missing here (R28).
    """
    names = {each.workflow_name for each in snapshot.tree}
    found = {name: find_served(name) for name in sorted(names)}
    served = {name: d for name, d in found.items() if d is not None}
    problems = [
        f"There is no workflow {name!r} here." for name in found if name not in served
    ]
    for each in snapshot.tree:
        definition = served.get(each.workflow_name)
        missing = list(_missing(definition, each)) if definition else []
        if missing:
            lacks = "; ".join(dict.fromkeys(missing))
            problems.append(f"Workflow {each.workflow_name!r} lacks: {lacks}.")
    if problems:
        raise IncompatibleSnapshotError(" ".join(problems))
    return served


def _missing(definition: Definition, snapshot: Snapshot) -> Iterator[str]:
    state = load_state(snapshot.state)
    if state.is_finished:
        return
    for call in state.calls.values():
        yield from _missing_for_call(definition, call)
    for fanout in state.fanouts.values():
        yield from _missing_for_fanout(definition, fanout)
    for request in state.requests.values():
        yield from _missing_for_request(definition, state, request)
    for news in (load_news(item["news"]) for item in snapshot.inbox):
        if isinstance(news, Started) and not definition.accepting(news.event.types):
            yield f"a step for {news.event.type}"
    yield from _missing_workflows(definition)


def _missing_for_call(definition: Definition, call: Call) -> Iterator[str]:
    """The step must be there, and take the event that was delivered to it."""
    step = definition.find_step(call.step)
    if call.step == INPUT_HANDLER:
        if not definition.has_input_handler:
            yield "an input handler"
    elif step is None:
        yield f"step {call.step!r} for event {call.event.type}"
    elif call.joined is not None:
        for record in call.joined:
            if not set(record.types) & set(step.collects):
                yield f"step {call.step!r} for results {record.type}"
    elif not set(call.event.types) & set(step.accepts):
        yield f"step {call.step!r} for event {call.event.type}"
    elif call.phase == "away" and (
        step.subworkflow is None or len(step.subworkflow.branches) != len(call.children)
    ):
        yield f"the sub-workflows of step {call.step!r}"


def _missing_for_fanout(definition: Definition, fanout: Fanout) -> Iterator[str]:
    for name in fanout.joins:
        step = definition.find_step(name)
        if step is None or not step.collects:
            yield f"the joining step {name!r}"
    for name, _, record in fanout.results:
        step = definition.find_step(name)
        if step is not None and not set(record.types) & set(step.collects):
            yield f"step {name!r} for results {record.type}"


def _missing_for_request(
    definition: Definition, state: State, request: Request
) -> Iterator[str]:
    """Somebody must take the answer, and what happens when none comes."""
    if request.purpose != "event":
        if request.call not in state.calls:
            yield f"the step that asked {request.request_id!r}"
        return
    if not definition.steps:
        return
    kind, bases = request.respond_as or RESPONSE
    if not _is_taken(definition, (kind, *bases)):
        yield f"a step for {kind}, the answer to {request.request_id!r}"
    late = request.on_expire
    if late is not None and not _is_taken(definition, late.types):
        yield f"a step for {late.type}, when nobody answers {request.request_id!r}"


def _is_taken(definition: Definition, types: tuple[str, ...]) -> bool:
    if types[0] in definition.ignore_unhandled:
        return True
    return bool(definition.accepting(types) or definition.collecting(types))


def _missing_workflows(definition: Definition) -> Iterator[str]:
    """The workflows that steps run are known here, or have been."""
    plans = [step.subworkflow for step in definition.steps if step.subworkflow]
    wanted = {b.digest: b.workflow for plan in plans for b in plan.branches}
    if not wanted:
        return
    workflow = registry.find_workflow(definition.name)
    here = (
        {child.definition.digest for child in workflow.children} if workflow else set()
    )
    stored = Row.objects.filter(pk__in=wanted).values_list("pk", flat=True)
    for digest in set(wanted) - here - set(stored):
        yield f"sub-workflow {wanted[digest]!r}"
