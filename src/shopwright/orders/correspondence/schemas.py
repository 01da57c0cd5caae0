"""Bodies of notes and of the log of talks with customers."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from shopwright.kernel.times import PlainTime
from shopwright.orders.models import OrderCommunication, OrderNote


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class TalkChannel(StrEnum):
    """How shop and customer talked."""

    EMAIL = "email"
    MESSAGE = "message"
    PHONE = "phone"
    ETSY_MESSAGE = "etsy_message"
    OTHER = "other"


CHANNEL_SYNONYMS = {
    "mail": "email", "e_mail": "email", "call": "phone", "telephone": "phone", "sms": "message",
    "chat": "message", "etsy": "etsy_message",
}  # fmt: skip
DIRECTION_SYNONYMS = {"in": "inbound", "incoming": "inbound", "out": "outbound",
                      "outgoing": "outbound"}  # fmt: skip


def _word(synonyms: dict[str, str]) -> BeforeValidator:
    def tidy(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        word = value.strip().lower().replace(" ", "_").replace("-", "_")
        return synonyms.get(word, word)

    return BeforeValidator(tidy)


class NoteBody(BaseModel):
    content: Annotated[str, Field(min_length=1, max_length=10_000)]


class NoteRead(BaseModel):
    id: int
    order_id: int
    content: str
    created_at: PlainTime
    uuid: str
    author: str

    @classmethod
    def of(cls, note: OrderNote) -> "NoteRead":
        return cls.model_validate(note, from_attributes=True)


class CommunicationBody(BaseModel):
    message: Annotated[str, Field(min_length=1, max_length=10_000)]
    direction: Annotated[Direction, _word(DIRECTION_SYNONYMS)] = Direction.OUTBOUND
    channel: Annotated[TalkChannel, _word(CHANNEL_SYNONYMS)] = TalkChannel.MESSAGE


class CommunicationRead(BaseModel):
    id: int
    order_id: int
    message: str
    direction: str
    channel: str
    created_at: PlainTime
    uuid: str
    author: str

    @classmethod
    def of(cls, entry: OrderCommunication) -> "CommunicationRead":
        return cls.model_validate(entry, from_attributes=True)
