"""The rows of the page: fields and groups with what a template needs of them."""

from dataclasses import dataclass, replace

from django.forms import BaseForm
from django.forms.boundfield import BoundField, BoundWidget

from review_app.schema_form.fields import AnswerField
from review_app.schema_form.group import Group, Item, ItemList, Node
from review_app.schema_form.proposed import Proposed, find_proposed
from review_app.schema_form.variants import Variants


@dataclass(frozen=True)
class Row:
    """One row: a field, or a group with rows of its own."""

    title: str = ""
    description: str = ""
    is_required: bool = False
    field: BoundField | None = None
    proposed: Proposed | None = None
    rows: tuple["Row", ...] = ()
    variants: tuple["Variant", ...] = ()
    later: tuple["Row", ...] = ()
    """Rows that are folded for as long as they are empty."""

    @property
    def template(self) -> str:
        if self.variants:
            return "review/_field_variants.html"
        if self.field is None:
            return "review/_field_group.html"
        field = self.field.field
        assert isinstance(field, AnswerField)
        return field.template

    @property
    def is_filled(self) -> bool:
        """Whether somebody has typed into it, or has to correct it."""
        return _is_filled(self.field) or any(row.is_filled for row in self.inner)

    @property
    def is_later_open(self) -> bool:
        return any(row.is_filled for row in self.later)

    @property
    def inner(self) -> tuple["Row", ...]:
        of_variants = (row for variant in self.variants for row in variant.rows)
        return (*self.rows, *of_variants, *self.later)

    @property
    def edits(self) -> int:
        """How many of the proposed values are others now."""
        is_changed = self.proposed is not None and self.proposed.is_changed
        return is_changed + sum(row.edits for row in self.inner)


@dataclass(frozen=True)
class Variant:
    """One of the forms of a value: the button that chooses it, and its fields."""

    option: BoundWidget
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Problem:
    """One line of the error summary: where to go, and what to do there."""

    target: str
    label: str
    message: str


def row_of(form: BaseForm, node: Node) -> Row:
    """Bind a node of the plan to the form."""
    if isinstance(node, AnswerField):
        bound = form[node.place.name]
        return Row(
            is_required=node.place.is_required,
            field=bound,
            proposed=find_proposed(bound),
        )
    if isinstance(node, ItemList):
        return _list_row(form, node)
    if isinstance(node, Variants):
        return _variants_row(form, node)
    assert isinstance(node, Group)
    return _group_row(form, node)


def _is_filled(field: BoundField | None) -> bool:
    if field is None or not field.form.is_bound:
        return False
    return bool(field.errors) or (field.value() or None) != (field.initial or None)


def field_problem(bound: BoundField) -> Problem:
    """Say what is wrong with a field in one line."""
    message = " ".join(map(str, bound.errors))
    return Problem(bound.auto_id, str(bound.label), message)


def _group_row(form: BaseForm, group: Group) -> Row:
    is_optional = group.is_section or not group.place.is_required
    return Row(
        title=group.title,
        description="" if group.is_section else group.place.text("description"),
        is_required=not is_optional,
        rows=tuple(row_of(form, member) for member in group.members),
    )


def _list_row(form: BaseForm, node: ItemList) -> Row:
    return Row(
        title=node.place.label,
        description=node.place.text("description"),
        is_required=node.place.is_required,
        rows=tuple(_item_row(form, item) for item in node.items if item.remove),
        later=tuple(_item_row(form, item) for item in node.items if not item.remove),
    )


def _variants_row(form: BaseForm, node: Variants) -> Row:
    """Each form lies below the button that chooses it; "No answer" has no fields."""
    bound = form[node.chooser.place.name]
    rows = [row_of(form, each) for each in node.nodes]
    own = [row.rows or (row,) for row in rows]
    options = list(bound)
    nothing: list[tuple[Row, ...]] = [()] * (len(options) - len(own))
    return Row(
        title=node.place.label,
        description=node.place.text("description"),
        is_required=node.place.is_required,
        field=bound,
        proposed=find_proposed(bound),
        variants=tuple(map(Variant, options, [*own, *nothing])),
    )


def _item_row(form: BaseForm, item: Item) -> Row:
    row = _group_row(form, item.group)
    return (
        replace(row, rows=(*row.rows, row_of(form, item.remove)))
        if item.remove
        else row
    )
