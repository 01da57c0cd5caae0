"""A forgotten customer's name goes from the messages about their orders, sent or not.

A line is known by the order's number and written anew without its buyer, as ``news`` writes it.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select, update

from shopwright.kernel.db import WriteSession
from shopwright.kernel.effects import Effect
from shopwright.kernel.live import touch
from shopwright.notifications.deliveries import SEND_EMAIL
from shopwright.notifications.models import NotificationDelivery
from shopwright.notifications.telling import TOPIC
from shopwright.notifications.topics import Topic
from shopwright.orders.customers.privacy import ANONYMISED
from shopwright.orders.events import CustomerAnonymised

Delivery = NotificationDelivery

ABOUT_ORDERS = (
    Topic.ORDER_ARRIVED,
    Topic.ORDER_HELD,
    Topic.ORDER_READY,
    Topic.ORDER_SHIPPED,
    Topic.DIGEST,
)
# In a digest the time stands before it. What comes after the name is missing where it was cut.
ARRIVED = re.compile(
    r"(?P<head>(?:\d\d:\d\d  )?(?:New order )?#(?P<number>\d+)) .*?(?P<tail> \([^()]*\))?"
)
MOVED = re.compile(
    r"(?P<head>(?:\d\d:\d\d  )?Order #(?P<number>\d+)) of .*?(?P<tail> (?:is held|is ready|left))?"
)
ORDERS_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Words:
    """What a message says, and what it may not say any more."""

    title: str
    body: str
    facts: dict[str, Any]

    def without(self, numbers: Collection[int], names: Sequence[str]) -> "Words":
        """A reason to hold an order is a person's own words: the names go from it."""
        facts = self.facts
        if "events" in facts:  # a digest's
            events = [e | {"title": blank(e["title"], numbers)} for e in facts["events"]]
            facts = facts | {"events": events}
        body = blank(self.body, numbers)
        if facts.get("number") in numbers:
            body = _unnamed(body, names)
        return Words(blank(self.title, numbers), body, facts)


async def on_customer_anonymised(session: WriteSession, event: CustomerAnonymised) -> None:
    shop = event.organization_id
    for start in range(0, len(event.numbers), ORDERS_AT_ONCE):
        numbers = event.numbers[start : start + ORDERS_AT_ONCE]
        for delivery_id, words in await _list_about(session, shop, numbers):
            forgotten = words.without(numbers, event.names)
            if forgotten != words:
                await _rewrite(session, shop, delivery_id, forgotten)
    touch(session, shop, TOPIC)


def blank(text: str, numbers: Collection[int]) -> str:
    """Lines about orders of these numbers name nobody."""
    return "\n".join(_blank_lines(text.split("\n"), numbers))


def _blank_lines(lines: Sequence[str], numbers: Collection[int]) -> Iterator[str]:
    for line in lines:
        arrived, moved = ARRIVED.fullmatch(line), MOVED.fullmatch(line)
        if arrived and int(arrived["number"]) in numbers:
            yield f"{arrived['head']} {ANONYMISED}{arrived['tail'] or ''}"
        elif moved and int(moved["number"]) in numbers:
            yield f"{moved['head']}{moved['tail'] or ''}"
        else:
            yield line


def _unnamed(text: str, names: Sequence[str]) -> str:
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", ANONYMISED, text, flags=re.IGNORECASE)
    return text


async def _list_about(
    session: WriteSession, organization_id: int, numbers: Sequence[int]
) -> list[tuple[int, Words]]:
    """Also some about others, where one number begins with another."""
    columns = (Delivery.title, Delivery.body)
    is_named = [column.contains(f"#{number}") for number in numbers for column in columns]
    rows = await session.execute(
        select(Delivery.id, Delivery.title, Delivery.body, Delivery.facts)
        .where(Delivery.organization_id == organization_id, Delivery.topic.in_(ABOUT_ORDERS))
        .where(or_(*is_named))
    )
    return [(row.id, Words(row.title, row.body, row.facts)) for row in rows]


async def _rewrite(
    session: WriteSession, organization_id: int, delivery_id: int, words: Words
) -> None:
    await session.execute(
        update(Delivery)
        .where(Delivery.organization_id == organization_id, Delivery.id == delivery_id)
        .values(title=words.title, body=words.body, facts=words.facts)
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        update(Effect)
        .where(Effect.organization_id == organization_id, Effect.kind == SEND_EMAIL)
        .where(Effect.subject_id == delivery_id)
        .values(request={"title": words.title})
        .execution_options(synchronize_session=False)
    )
