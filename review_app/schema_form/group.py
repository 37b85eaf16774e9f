"""Fields that belong together: an object of the answer, or a section of the page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from review_app.schema_form.fields import AnswerField, RemoveField
from review_app.schema_form.place import MISSING, Path, Place


@dataclass(frozen=True)
class Group:
    """The fields of an object; a section shares the object that it lies in."""

    place: Place
    title: str
    members: list["Node"] = field(default_factory=list)
    is_section: bool = False

    @property
    def fields(self) -> Iterator[AnswerField]:
        for member in self.members:
            yield from member.fields

    def parts(self, values: Mapping[str, Any]) -> list["Node"]:
        return self.members

    def collect(self, values: Mapping[str, Any]) -> Any:
        """Build the object; one that may be left out, and that nobody touched, is."""
        is_given = isinstance(self.place.start, dict)
        if self.place.is_required or is_given or self._is_touched(values):
            return self.collect_members(values)
        return self.place.when_empty()

    def collect_members(self, values: Mapping[str, Any]) -> dict[str | int, Any]:
        """Build the object from its fields and from those of its sections."""
        answer: dict[str | int, Any] = {}
        for member in self.members:
            if isinstance(member, Group) and member.is_section:
                answer |= member.collect_members(values)
            elif (value := member.collect(values)) is not MISSING:
                answer[member.place.path[-1]] = value
        return answer

    def with_sections(self) -> "Group":
        """Put members whose hints name the same `group` into a section of the page."""
        sections: dict[str, Group] = {}
        members: list[Node] = []
        for member in self.members:
            title = member.place.hint("group")
            if title and title not in sections:
                sections[title] = Group(self.place, title, is_section=True)
                members.append(sections[title])
            (sections[title].members if title else members).append(member)
        return replace(self, members=members)

    def _is_touched(self, values: Mapping[str, Any]) -> bool:
        return any(
            each.is_touched(values.get(each.place.name, MISSING))
            for each in self.fields
        )


@dataclass(frozen=True)
class Item:
    """One object of a list, and the box that takes it off; a new one has no box."""

    group: Group
    remove: RemoveField | None

    def collect(self, values: Mapping[str, Any]) -> Any:
        if self.remove and values.get(self.remove.place.name) is True:
            return MISSING
        return self.group.collect(values)


@dataclass(frozen=True)
class ItemList:
    """A list of objects: those proposed, and room for a few more."""

    place: Place
    items: list[Item]

    @property
    def fields(self) -> Iterator[AnswerField]:
        for item in self.items:
            yield from item.group.fields
            if item.remove:
                yield item.remove

    def parts(self, values: Mapping[str, Any]) -> list["Node"]:
        return [item.group for item in self.items]

    def collect(self, values: Mapping[str, Any]) -> Any:
        """Build the list of what is left and what is new."""
        given = [item.collect(values) for item in self.items]
        answer = [value for value in given if value is not MISSING]
        return answer or self.place.when_no_items()

    def to_page(self, path: Path, values: Mapping[str, Any]) -> Path:
        """Turn a path in the answer into one on the page, which has more items."""
        depth = len(self.place.path)
        if len(path) <= depth or path[:depth] != self.place.path:
            return path
        kept = [item for item in self.items if item.collect(values) is not MISSING]
        return (*kept[int(path[depth])].group.place.path, *path[depth + 1 :])


class Node(Protocol):
    """A part of a plan: a field, or fields that make one value together."""

    @property
    def place(self) -> Place: ...

    @property
    def fields(self) -> Iterator[AnswerField]: ...

    def parts(self, values: Mapping[str, Any]) -> list["Node"]:
        """What it is made of, as far as it counts for these values."""
        ...

    def collect(self, values: Mapping[str, Any]) -> Any: ...


def live_nodes(node: Node, values: Mapping[str, Any]) -> Iterator[Node]:
    """All parts of a plan that count for these values, from the outside in."""
    yield node
    for part in node.parts(values):
        yield from live_nodes(part, values)
