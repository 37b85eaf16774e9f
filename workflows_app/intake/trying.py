"""Mappings tried out on deliveries that were kept: what would come of it, and nothing does."""

import json
from dataclasses import dataclass
from typing import Any

from workflows_app.models import Delivery

from .acts import prepare
from .mapping import MappingError
from .message import Message, mapping_of, reread
from .refusals import REFUSED


@dataclass(frozen=True, slots=True)
class Trial:
    """What a mapping makes of a delivery, what would be done with it, what hinders it."""

    values: dict[str, Any] | None = None
    intent: str = ""
    problems: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """What the mapping makes, for people."""
        return _shown(self.values) if self.values is not None else ""


def try_out(delivery: Delivery) -> Trial:
    """By the mapping that the delivery's source has, stored or not."""
    message = reread(delivery)
    if message.flaw is not None:
        return Trial(problems=(str(message.flaw),))
    try:
        mapping = mapping_of(message.source)
        unmet = mapping.find_unmet(message.facts)
        if unmet is not None:
            why = f"the condition only_if.{unmet} does not hold"
            return Trial(intent=f"It would be left alone: {why}.")
        values = mapping.read(message.facts)
    except MappingError as error:
        return Trial(problems=tuple(error.problems))
    return _rehearse(message, values)


def _rehearse(message: Message, values: dict[str, Any]) -> Trial:
    try:
        act = prepare(message, values)
        act.rehearse()
    except REFUSED as error:
        return Trial(values, problems=(str(error),))
    return Trial(values, act.intent)


def show_body(delivery: Delivery) -> str:
    """What a mapping finds its values in: for people who write one."""
    message = reread(delivery)
    if message.content is None:
        return message.body.decode(errors="replace")
    return _shown(message.content.payload)


def _shown(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
