"""The bodies of jobs that are not steps; a worker's loop runs them."""

import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from workflows_app.notify.callbacks import claim, send, settle

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


async def send_callback(callback_id: UUID) -> None:
    """Send a callback that is due. Lost on the way, it is due again after a minute."""
    claimed = await _in_thread(claim, callback_id)
    if claimed is None:
        return
    fate = await send(claimed)
    if fate.status != "delivered":
        log.warning("Sent callback %s in vain: %s", callback_id, fate.reply)
    await _in_thread(settle, claimed, fate)


async def _in_thread(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do database work beside the loop; the connection goes back to the pool after it."""

    def work() -> T:
        close_old_connections()
        try:
            return act(*args, **kwargs)
        finally:
            close_old_connections()

    return await sync_to_async(work, thread_sensitive=False)()
