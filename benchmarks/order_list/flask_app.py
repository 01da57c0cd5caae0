"""The comparison: the same order list, hand-written on Flask and the SQLAlchemy ORM."""

import os

import jwt
from flask import Flask, Response, jsonify, request
from sqlalchemy import JSON, ForeignKey, create_engine, func, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
    selectinload,
)


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str]
    organization_id: Mapped[int]
    number: Mapped[int]
    channel: Mapped[str]
    external_id: Mapped[str | None]
    status: Mapped[str]
    production_status: Mapped[str]
    priority: Mapped[int]
    buyer_name: Mapped[str]
    buyer_email: Mapped[str | None]
    currency: Mapped[str]
    total_minor: Mapped[int]
    pieces_total: Mapped[int]
    pieces_good: Mapped[int]
    is_held: Mapped[bool]
    promised_on: Mapped[str | None]
    placed_at: Mapped[str]
    updated_at: Mapped[str]
    items: Mapped[list["Item"]] = relationship(order_by="Item.position")

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "etsy_order_id": self.external_id,
            "number": self.number,
            "buyer_name": self.buyer_name,
            "buyer_email": self.buyer_email,
            "status": self.status,
            "production_status": self.production_status,
            "priority": self.priority,
            "total_amount": self.total_minor / 100,
            "currency": self.currency,
            "created_at": str(self.placed_at),
            "pieces_total": self.pieces_total,
            "pieces_good": self.pieces_good,
            "uuid": self.uuid,
            "channel": self.channel,
            "is_held": self.is_held,
            "promised_on": self.promised_on,
            "updated_at": str(self.updated_at),
            "items": [item.as_json() for item in self.items],
        }


class Item(Base):
    __tablename__ = "order_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    position: Mapped[int]
    title: Mapped[str]
    sku: Mapped[str | None]
    quantity: Mapped[int]
    price_minor: Mapped[int]
    personalisation: Mapped[list[object]] = mapped_column(JSON)
    pieces_total: Mapped[int]
    pieces_good: Mapped[int]
    waiting_code: Mapped[str | None]

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "title": self.title,
            "sku": self.sku,
            "quantity": self.quantity,
            "price": self.price_minor / 100,
            "personalisation": self.personalisation,
            "pieces_total": self.pieces_total,
            "pieces_good": self.pieces_good,
            "waiting_code": self.waiting_code,
        }


app = Flask(__name__)
engine = create_engine(os.environ["BENCH_DATABASE_URL"], pool_size=8)


@app.get("/api/orders")
def list_orders() -> Response:
    token = request.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, os.environ["BENCH_SECRET"], algorithms=["HS256"])
    limit, offset = int(request.args.get("limit", 50)), int(request.args.get("offset", 0))
    with Session(engine) as session:
        own = select(Order).where(
            Order.organization_id == claims["organization_id"],
            Order.status == request.args["status"],
        )
        total = session.scalar(select(func.count()).select_from(own.subquery()))
        orders = session.scalars(
            own.order_by(Order.placed_at.desc(), Order.id.desc())
            .limit(limit)
            .offset(offset)
            .options(selectinload(Order.items))
        ).all()
        return jsonify(orders=[order.as_json() for order in orders], total=total, page=1)
