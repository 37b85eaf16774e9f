"""How events flow between the steps of a workflow, as far as the steps tell."""

from collections.abc import Iterable, Iterator, Sequence

from .definition import END, Lead
from .events import (
    Event,
    InputRequestEvent,
    InputResponseEvent,
    StartEvent,
    StepFailedEvent,
    StopEvent,
)
from .signature import Types
from .steps import StepLike

ENGINE_TYPES = (StartEvent, StopEvent, InputRequestEvent, StepFailedEvent)


class Flow:
    """The steps, and which of their events go where.

    An event reaches the steps that accept its class or one of its bases; where a step
    emits a class, it may also emit its subclasses.
    """

    def __init__(self, steps: Sequence[StepLike]) -> None:
        self.steps = tuple(steps)
        self._finding_joins: list[StepLike] = []

    @property
    def is_known(self) -> bool:
        """Whether all steps tell what they emit."""
        return all(step.emits is not None for step in self.steps)

    @property
    def start_class(self) -> type[StartEvent]:
        """The author's StartEvent if a step accepts one, else StartEvent itself."""
        starts = [c for s in self.steps for c in s.accepts if issubclass(c, StartEvent)]
        typed = [c for c in starts if c is not StartEvent]
        return typed[0] if typed else StartEvent

    def emitted(self) -> Types:
        """All types that steps tell to emit, in their order."""
        known = [s.emits.types for s in self.steps if s.emits is not None]
        return tuple(dict.fromkeys(kind for types in known for kind in types))

    def accepting(self, kind: type[Event]) -> list[StepLike]:
        return [s for s in self.steps if _goes_to(kind, s.accepts)]

    def collecting(self, kind: type[Event]) -> list[StepLike]:
        return [s for s in self.steps if _goes_to(kind, s.collects)]

    def taking(self, kind: type[Event]) -> list[StepLike]:
        return [s for s in self.steps if _goes_to(kind, (*s.accepts, *s.collects))]

    def answers(self) -> Types:
        """The types that answers may come as: ours, and what may be a `respond_as`.

        A request names its `respond_as` when it is made, so that is any type of the
        author's that is accepted and that no step tells to emit.
        """
        emitted = self.emitted()
        taken = dict.fromkeys(c for s in self.steps for c in s.accepts)
        own = [kind for kind in taken if _may_be_answer(kind, emitted)]
        return (InputResponseEvent, *own)

    def external(self) -> Types:
        """The types that steps take from outside while a run goes on."""
        taken = (c for s in self.steps for c in s.accepts if c.external)
        ours = (InputResponseEvent, *ENGINE_TYPES)
        return tuple(c for c in dict.fromkeys(taken) if not issubclass(c, ours))

    def following(self, kind: type[Event], steps: Iterable[StepLike]) -> Types:
        """What may follow from an event: what these steps make of it, or its answers."""
        if issubclass(kind, InputRequestEvent):
            return self.answers()
        known = [s.emits.types for s in steps if s.emits is not None]
        return tuple(follower for types in known for follower in types)

    def reached(self) -> Types:
        """All types that come about from the start, from outside, or by a failure."""
        pending: list[type[Event]] = [
            self.start_class,
            StepFailedEvent,
            *self.external(),
        ]
        found: dict[type[Event], None] = {}
        while pending:
            kind = pending.pop(0)
            if kind not in found:
                found[kind] = None
                pending += self.following(kind, self.taking(kind))
        return tuple(found)

    def leads(self, step: StepLike) -> tuple[Lead, ...] | None:
        """The ways on from a step; None when it does not tell what it emits."""
        if step.emits is None:
            return None
        found = (lead for kind in step.emits.types for lead in self._leads(kind))
        return tuple(dict.fromkeys(found))

    def _leads(self, kind: type[Event]) -> Iterator[Lead]:
        if issubclass(kind, StopEvent):
            yield Lead(kind.event_type, END)
            return
        asks = issubclass(kind, InputRequestEvent)
        for event in self._likely_answers() if asks else (kind,):
            for step in self.taking(event):
                yield Lead(event.event_type, step.name, is_answer=asks)

    def _likely_answers(self) -> Types:
        """What answers may come as, without what some step emits a kind of anyway."""
        emitted = self.emitted()
        return tuple(
            answer
            for answer in self.answers()
            if not any(issubclass(kind, answer) for kind in emitted)
        )

    def joins(self, step: StepLike) -> tuple[str, ...]:
        """The joining steps at which the lists that a step returns come together.

        Those that are reached first, on every path from what it lists; all of them if
        the step does not tell what it emits.
        """
        everywhere = tuple(s.name for s in self.steps if s.collects)
        if not everywhere:
            return ()
        if step.emits is None:
            return everywhere
        found = self._first_joins(step)
        return tuple(name for name in everywhere if name in found)

    def _first_joins(self, step: StepLike) -> set[str]:
        """The same by name. A list inside of a list is followed from where it ends."""
        if step.emits is None:
            return {s.name for s in self.steps if s.collects}
        if step in self._finding_joins:
            return set()
        self._finding_joins.append(step)
        try:
            return self._walk(step.emits.listed)
        finally:
            self._finding_joins.remove(step)

    def _walk(self, start: Types) -> set[str]:
        found: set[str] = set()
        pending, seen = list(start), set[type[Event]]()
        while pending:
            kind = pending.pop()
            if kind in seen:
                continue
            seen.add(kind)
            found.update(step.name for step in self.collecting(kind))
            if issubclass(kind, InputRequestEvent):
                pending += self.answers()
            for step in self.accepting(kind):
                if step.emits is None:
                    return {s.name for s in self.steps if s.collects}
                pending += self._passed_on(step)
        return found

    def _passed_on(self, step: StepLike) -> Types:
        """What a step gives to the list that it works for: not what its own lists get."""
        assert step.emits is not None
        if not step.emits.listed:
            return step.emits.alone
        inner = self._first_joins(step)
        if not inner:
            return step.emits.types
        ends = [s.emits.types for s in self.steps if s.name in inner and s.emits]
        return (*step.emits.alone, *(kind for types in ends for kind in types))


def _goes_to(kind: type[Event], taken: Types) -> bool:
    return any(issubclass(kind, c) or _is_narrower(c, kind) for c in taken)


def _is_narrower(taken: type[Event], emitted: type[Event]) -> bool:
    """Whether a step takes a kind of what is emitted; everything is an Event."""
    return emitted is not Event and issubclass(taken, emitted)


def _may_be_answer(kind: type[Event], emitted: Types) -> bool:
    if kind is Event or issubclass(kind, (InputResponseEvent, *ENGINE_TYPES)):
        return False
    return kind not in emitted and not kind.external
