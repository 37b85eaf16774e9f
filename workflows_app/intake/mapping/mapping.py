"""A mapping that can be used: what becomes of a delivery, part by part."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .picks import Facts, MappingError, NothingThereError, Object, Pick, header_names


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that must hold, or the delivery is none of ours."""

    pick: Pick
    holds: Callable[[Any], bool]
    if_missing: bool = False

    def is_met(self, facts: Facts) -> bool:
        try:
            return self.holds(self.pick.read(facts))
        except NothingThereError:
            return self.if_missing


@dataclass(frozen=True, slots=True)
class DeliveryMapping:
    """What becomes of a delivery, part by part."""

    parts: dict[str, Pick]
    only_if: tuple[Condition, ...] = ()
    delivery_id: Pick | None = None

    def find_unmet(self, facts: Facts) -> int | None:
        """The number of the first condition that does not hold."""
        unmet = (n for n, c in enumerate(self.only_if) if not c.is_met(facts))
        return next(unmet, None)

    def read(self, facts: Facts) -> dict[str, Any]:
        """The value of each part. Raises MappingError naming what is not there."""
        try:
            return Object(self.parts).read(facts)
        except NothingThereError as error:
            raise MappingError([error.told]) from None

    def find_id(self, facts: Facts) -> str | None:
        """The id of the delivery, if the mapping says where it is, and it is there."""
        if self.delivery_id is None:
            return None
        try:
            found: str | None = self.delivery_id.read(facts)
        except NothingThereError:
            return None
        return found

    def headers(self) -> frozenset[str]:
        """The names of the headers that it reads, in small letters."""
        picks = [*self.parts.values(), *(c.pick for c in self.only_if)]
        picks += [self.delivery_id] if self.delivery_id else []
        return frozenset(name for pick in picks for name in header_names(pick))
