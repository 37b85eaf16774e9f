"""One attempt to send a message, by whichever way it leaves the house."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias
from uuid import UUID

from workflows_app.models import Channel

from . import callbacks, mail
from .outbox import Claimed, Fate, claim, settle
from .slack import showing
from .threads import in_thread

log = logging.getLogger(__name__)

Sender: TypeAlias = Callable[[Claimed], Awaitable[Fate]]

SENDERS: Mapping[str, Sender] = {
    Channel.CALLBACK: callbacks.send,
    Channel.MAIL: mail.send,
    Channel.SLACK: showing.send,
}


async def send_message(message_id: UUID) -> None:
    """Send a message that is due. Lost on the way, it is due again after a minute."""
    claimed = await in_thread(claim, message_id)
    if claimed is None:
        return
    fate = await _send(claimed)
    if fate.status in ("retry", "failed"):
        log.warning("Sent message %s in vain: %s", message_id, fate.reply)
    await in_thread(settle, claimed, fate)


async def _send(claimed: Claimed) -> Fate:
    """A sender that breaks must not keep its message from being tried again, and shown."""
    try:
        return await SENDERS[claimed.message.channel](claimed)
    except Exception as error:
        log.exception("Sending message %s broke", claimed.message.pk)
        return Fate("retry", f"{type(error).__name__} while it was sent.")
