"""An order by hand: the form, its lines, and what is wrong with it said in the form itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel
from starlette.responses import Response

from shopwright.kernel.edge import Read, writing
from shopwright.kernel.errors import Invalid
from shopwright.kernel.money import Money
from shopwright.orders import intake, service
from shopwright.orders.drafts import MAX_QUANTITY, ItemDraft, OrderDraft
from shopwright.orders.schemas import OrderCreate
from shopwright.web.amounts import read_price
from shopwright.web.judging import judge
from shopwright.web.page import MemberPageCtx, Page, go
from shopwright.web.reads import inbox
from shopwright.web.reads.inbox import Choice

router = APIRouter(include_in_schema=False)

MAX_TEXT = 2_000
MAX_NAME = 200
ADDRESS = {
    "street": "first_line",
    "extra": "second_line",
    "zip": "zip",
    "city": "city",
    "country": "country",
}
SENTENCES = {
    "buyer_name": "A buyer's name has at most 200 characters.",
    "buyer_email": "{value!r} is no e-mail address.",
    "promised_on": "{value!r} is no date.",
    "priority": "The priority is a number from 1 (urgent) to 5.",
    "notes": "A note has at most 10,000 characters.",
    "ship_to": "A line of an address has at most 300 characters.",
    "items": "An order has at least one line: say what was bought.",
}


class OrderForm(BaseModel):
    """As typed; the lists hold one value per line."""

    what: list[str] = [""]
    quantity: list[str] = ["1"]
    price: list[str] = [""]
    personalisation: list[str] = [""]
    buyer_name: str = ""
    buyer_email: str = ""
    street: str = ""
    extra: str = ""
    zip: str = ""
    city: str = ""
    country: str = ""
    shipping: str = ""
    promised_on: str = ""
    priority: str = "3"
    notes: str = ""
    is_paid: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line as typed, numbered from 1."""

    number: int
    what: str = ""
    quantity: str = "1"
    price: str = ""
    personalisation: str = ""

    @property
    def is_blank(self) -> bool:
        return not (self.what or self.price or self.personalisation)


@router.get("/orders/new")
async def show_form(page: MemberPageCtx, session: Read) -> Response:
    return _form(page, await inbox.list_choices(session, page.organization_id), OrderForm())


@router.post("/orders/new")
async def place_order(
    request: Request, page: MemberPageCtx, session: Read, form: Annotated[OrderForm, Form()]
) -> Response:
    """The order's page, or the form again: with one more line, or with what is wrong."""
    choices = await inbox.list_choices(session, page.organization_id)
    if form.more:
        return _form(page, choices, form, blank_lines=1)
    currency = page.shop.currency
    try:
        items = tuple(read_item(line, choices, currency) for line in filled_lines(form))
        order_body = read_body(form, items)
        organization = await service.get_organization(session, page.actor)
        draft = order_body.draft(organization, items, page.now)
        intake.check_draft(draft)
    except Invalid as refusal:
        return _form(page, choices, form, problem=refusal.detail)
    return go(request, f"/orders/{await _place(request, page, draft)}")


def filled_lines(form: OrderForm) -> list[Line]:
    return [line for line in _lines(form) if not line.is_blank]


def read_item(line: Line, choices: Sequence[Choice], currency: str) -> ItemDraft:
    """Raises Invalid naming the line; what nobody knows waits in the SKU inbox."""
    if not line.what:
        raise Invalid(f"Line {line.number}: say what was bought, by product or SKU.")
    if len(line.what) > MAX_NAME or len(line.personalisation) > MAX_TEXT:
        raise Invalid(f"Line {line.number} is too long.")
    known = _find_choice(line.what, choices)
    text = line.personalisation
    return ItemDraft(
        title=known.title if known else line.what,
        quantity=_quantity(line),
        sku=known.sku if known else line.what,
        price_minor=_price_minor(line, known, currency),
        variant_id=known.id if known else None,
        personalisation=(("Personalisation", text),) if text else (),
    )


def read_body(form: OrderForm, items: Sequence[ItemDraft]) -> OrderCreate:
    """Everything but the lines. Raises Invalid with what is wrong."""
    address = {key: getattr(form, name).strip() for name, key in ADDRESS.items()}
    named = {"name": form.buyer_name.strip()} if any(address.values()) else {}
    typed = {
        "buyer_name": form.buyer_name.strip(),
        "buyer_email": form.buyer_email.strip() or None,
        "status": "paid" if form.is_paid else "pending",
        "items": [{"title": item.title, "quantity": item.quantity} for item in items],
        "ship_to": named | {key: line for key, line in address.items() if line},
        "shipping_amount": read_price(form.shipping) or 0,
        "promised_on": form.promised_on.strip() or None,
        "priority": form.priority,
        "notes": form.notes.strip(),
    }
    return judge(OrderCreate, typed, SENTENCES)


async def _place(request: Request, page: Page, draft: OrderDraft) -> int:
    async with writing(request) as session:
        order = await intake.place_order(session, page.actor, draft=draft, now=page.now)
        return order.id


def _form(
    page: Page,
    choices: Sequence[Choice],
    form: OrderForm,
    *,
    blank_lines: int = 0,
    problem: str = "",
) -> Response:
    lines = _lines(form)
    lines += [Line(len(lines) + at) for at in range(1, blank_lines + 1)]
    answer = page.render(
        "order_new.html",
        active="orders",
        choices=choices,
        form=form,
        lines=lines,
        problem=problem,
        is_paid=bool(form.is_paid) or not (problem or form.more),
    )
    answer.status_code = 400 if problem else 200
    return answer


def _lines(form: OrderForm) -> list[Line]:
    typed = zip_longest(form.what, form.quantity, form.price, form.personalisation, fillvalue="")
    return [Line(at, *(text.strip() for text in texts)) for at, texts in enumerate(typed, 1)]


def _find_choice(what: str, choices: Sequence[Choice]) -> Choice | None:
    """By SKU, else by its name, where only one is called so."""
    wanted = what.casefold()
    by_sku = [choice for choice in choices if choice.sku.casefold() == wanted]
    found = by_sku or [choice for choice in choices if choice.title.casefold() == wanted]
    return found[0] if len(found) == 1 else None


def _quantity(line: Line) -> int:
    text = line.quantity
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_QUANTITY):
        raise Invalid(
            f"Line {line.number}: the quantity is a whole number from 1 to {MAX_QUANTITY}."
        )
    return int(text)


def _price_minor(line: Line, known: Choice | None, currency: str) -> int:
    """Of one piece; the variant's own price where nothing was typed."""
    try:
        price = read_price(line.price)
    except Invalid as err:
        raise Invalid(f"Line {line.number}: {err.detail}") from err
    if price is not None:
        return Money.from_decimal(price, currency).minor
    if known is None or known.currency != currency:
        return 0
    return known.price_minor or 0
