"""Mappings: which parts of a delivery become an input, an answer, or an event.

A mapping is JSON that an operator writes and tries out; docs/webhooks.md tells its words.
"""

from .fitting import WITHOUT_INPUT, find_misfits
from .mapping import DeliveryMapping
from .parsing import MAX_BYTES, NEVER_KEPT, parse_mapping
from .picks import Facts, MappingError

__all__ = [
    "MAX_BYTES",
    "NEVER_KEPT",
    "WITHOUT_INPUT",
    "DeliveryMapping",
    "Facts",
    "MappingError",
    "find_misfits",
    "parse_mapping",
]
