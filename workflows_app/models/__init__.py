"""The tables: rows and the constraints that must always hold."""

from .answer_link import AnswerLink
from .api_token import ApiToken, Scope
from .call import Call
from .claim import Claim
from .comment import Comment
from .definition import Definition
from .delivery import Delivery
from .idempotency import IdempotencyKey
from .input_request import InputRequest, InputResponse
from .mail_wish import MailWish
from .message import Message
from .receiver import Channel, Kind, Receiver
from .run import Run, RunInbox, RunState
from .run_event import RunEvent
from .slack import (
    SlackCard,
    SlackChannel,
    SlackIdentity,
    SlackPress,
    SlackWorkspace,
)
from .snapshot import Snapshot
from .source import Source
from .worker import Worker

__all__ = [
    "AnswerLink",
    "ApiToken",
    "Call",
    "Channel",
    "Claim",
    "Comment",
    "Definition",
    "Delivery",
    "IdempotencyKey",
    "InputRequest",
    "InputResponse",
    "Kind",
    "MailWish",
    "Message",
    "Receiver",
    "Run",
    "RunEvent",
    "RunInbox",
    "RunState",
    "Scope",
    "SlackCard",
    "SlackChannel",
    "SlackIdentity",
    "SlackPress",
    "SlackWorkspace",
    "Snapshot",
    "Source",
    "Worker",
]
