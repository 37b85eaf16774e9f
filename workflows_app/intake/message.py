"""A message whose sender is proven, before anything comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from uuid import uuid4

from django.conf import settings

from workflows_app.engine.strict_json import StrictJsonError
from workflows_app.models import Delivery, Source

from .mapping import DeliveryMapping, Facts, MappingError, parse_mapping
from .payloads import BadFormError, Content, read_content
from .proving import keep_headers, unsigned_facts
from .signatures import DELIVERY_ID, Headers, Signed, pairs_of

Flaw = StrictJsonError | BadFormError


@dataclass(frozen=True, slots=True)
class Message:
    """What a source sent; a `flaw` says why its body could not be read.

    `is_id_signed`: whether the id, if there is one, is as sure as the body is.
    `spare_id` names it where its sender does not.
    """

    source: Source
    body: bytes
    headers: Mapping[str, str]
    delivery_id: str | None = None
    is_id_signed: bool = False
    event: str = ""
    content: Content | None = None
    flaw: Flaw | None = None
    spare_id: str = field(default_factory=lambda: str(uuid4()))
    is_replay: bool = False

    @property
    def name(self) -> str:
        """Its id, the sender's or ours."""
        return self.delivery_id or self.spare_id

    @property
    def body_digest(self) -> str:
        return sha256(self.body).hexdigest()

    @property
    def challenge(self) -> str | None:
        """A word that its sender wants to hear, to know that this address is ours."""
        return self.content.challenge if self.content else None

    @property
    def facts(self) -> Facts:
        assert self.content is not None, "without a flaw there is content"
        told = {
            "source": self.source.name,
            "id": self.name,
            "event": self.event,
        }
        return Facts(self.content.payload, self.headers, told)


def read_message(
    source: Source, signed: Signed, headers: Headers, body: bytes
) -> Message:
    """Find out what a proven message says, its id above all."""
    mapping = _find_mapping(source)
    wanted = mapping.headers() if mapping else frozenset[str]()
    message = Message(
        source=source,
        body=body,
        headers=keep_headers(source, pairs_of(headers), wanted),
        delivery_id=signed.delivery_id,
        is_id_signed=signed.is_id_signed,
        event=signed.event or "",
    )
    return _with_own_id(_with_content(message), mapping)


def reread(delivery: Delivery) -> Message:
    """A delivery as it was taken in: this very one, whatever its body says."""
    message = Message(
        source=delivery.source,
        body=bytes(delivery.body),
        headers=delivery.headers,
        delivery_id=delivery.delivery_id,
        is_id_signed=True,
        event=delivery.event,
        is_replay=True,
    )
    return _with_content(message)


def mapping_of(source: Source) -> DeliveryMapping:
    """Raises MappingError if it cannot be used."""
    return parse_mapping(source.mapping, source.action, unsigned_facts(source))


def body_limit(source: Source) -> int:
    """The bytes that a body of this source may have."""
    limit: int = settings.INTAKE_LIMIT
    return limit if source.max_bytes is None else min(limit, source.max_bytes)


def _find_mapping(source: Source) -> DeliveryMapping | None:
    try:
        return mapping_of(source)
    except MappingError:
        return None


def _with_content(message: Message) -> Message:
    source = message.source
    try:
        content = read_content(source.scheme, message.body, settings.INTAKE_LIMIT)
    except (StrictJsonError, BadFormError) as flaw:
        return replace(message, flaw=flaw)
    if message.delivery_id is None:
        message = replace(message, delivery_id=content.delivery_id, is_id_signed=True)
    return replace(message, event=message.event or content.event or "", content=content)


def _with_own_id(message: Message, mapping: DeliveryMapping | None) -> Message:
    """The id that the mapping finds in the body is as sure as the body."""
    if mapping is None or message.content is None:
        return message
    own = mapping.find_id(message.facts)
    if own is None or not DELIVERY_ID.fullmatch(own):
        return message
    return replace(message, delivery_id=own, is_id_signed=True)
