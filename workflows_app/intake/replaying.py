"""Deliveries that came to nothing, taken in once more: what their source wants now."""

import logging

from workflows_app.models import Delivery

from .message import reread
from .sources import take_in

log = logging.getLogger(__name__)


class SourceNotOnError(Exception):
    """Nothing comes of this delivery while its source is not on."""

    def __str__(self) -> str:
        return str(self.__doc__)


def replay(delivery: Delivery, actor: str) -> Delivery:
    """Let come of a delivery now what its source wants. Once something has, it stays.

    Raises SourceNotOnError.
    """
    if delivery.is_done:
        return delivery
    if not delivery.source.is_on:
        raise SourceNotOnError
    done = take_in(reread(delivery)).delivery
    log.info("Replayed delivery %s for %s: %s", delivery.pk, actor, done.result)
    return done
