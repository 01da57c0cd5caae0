"""The page of connected shops: consent, health, and what a person decides."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select

from shopwright.channels.models import ChannelReject, ChannelSync, Connection
from shopwright.channels.push import POST_TRACKING
from shopwright.channels.states import ConnectionStatus, SyncStatus
from shopwright.kernel import effects
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.shipping.models import Parcel
from shopwright.shipping.states import ParcelStatus
from tests import factories
from tests.clock import START
from tests.web.conftest import BrowserAs
from tests.web.rows import make_order
from tests.web.test_pages import text_of


async def make_push(
    session: WriteSession, actor: Actor, connection: Connection, status: EffectStatus
) -> Effect:
    """A parcel of order #2001 whose tracking came to ``status``."""
    order = await make_order(session, actor, 2001, "Anna Berg")
    parcel = Parcel(
        organization_id=actor.organization_id,
        order_id=order.id,
        number=1,
        status=ParcelStatus.SHIPPED,
        packed_by="Sam",
    )
    session.add(parcel)
    await session.flush()
    effect = await effects.intend(
        session,
        actor.organization_id,
        kind=POST_TRACKING,
        key=f"parcel:{parcel.id}",
        subject_id=parcel.id,
        request={
            "connection_id": connection.id,
            "external_id": "302001",
            "carrier": "DHL",
            "tracking_code": "00340434",
        },
    )
    effect.status, effect.detail = status, "The channel does not show the tracking. Look there."
    await session.flush()
    return effect


def set_up_etsy(app: FastAPI) -> None:
    process: Process = app.state.process
    process.settings = process.settings.model_copy(
        update={"etsy_client_id": "keystring", "etsy_shared_secret": SecretStr("shared")}
    )


async def test_missing_settings_are_named_with_the_callback_address(
    browser_as: BrowserAs, admin: Actor
) -> None:
    browser = await browser_as(admin)
    answer = await browser.get("/connections")
    text = text_of(answer.text)
    assert "Etsy is not set up on this server yet" in text
    assert "/etsy/callback . Then set ETSY_CLIENT_ID to its keystring" in text
    assert "Connect Etsy" not in answer.text
    refused = await browser.post("/connections/etsy")
    assert refused.status_code == 409
    assert "set ETSY_CLIENT_ID and ETSY_SHARED_SECRET" in refused.text


async def test_connect_sends_the_browser_to_etsy_with_a_secret_to_come_back_with(
    browser_as: BrowserAs, admin: Actor, app: FastAPI
) -> None:
    set_up_etsy(app)
    browser = await browser_as(admin)
    assert "Connect Etsy" in (await browser.get("/connections")).text
    answer = await browser.post("/connections/etsy", headers={"HX-Request": "true"})
    target = urlsplit(answer.headers["hx-redirect"])
    query = parse_qs(target.query)
    assert (answer.status_code, target.netloc, target.path) == (
        204, "www.etsy.com", "/oauth/connect",
    )  # fmt: skip
    assert (query["client_id"], query["response_type"]) == (["keystring"], ["code"])
    assert "shopwright_consent" in answer.cookies


async def test_way_back_from_etsy_says_what_became_of_it(
    browser_as: BrowserAs, viewer: Actor
) -> None:
    browser = await browser_as(viewer)
    answer = await browser.get("/settings", params={"channel_error": "Etsy said <no>."})
    assert answer.status_code == 303
    page = await browser.get(answer.headers["location"])
    assert "The shop was not connected Etsy said &lt;no&gt;." in text_of(page.text)
    happy = await browser.get("/connections", params={"connected": "x"})
    assert "The shop is connected. Its orders are coming in." in text_of(happy.text)


async def test_connection_says_when_it_last_worked_and_what_is_wrong(
    browser_as: BrowserAs, admin: Actor, app: FastAPI, database: Database
) -> None:
    set_up_etsy(app)
    async with database.write() as session:
        connection = await factories.make_connection(session, admin)
        connection.status = ConnectionStatus.RECONNECT_NEEDED
        connection.last_success_at = connection.last_error_at = START
        connection.last_error = "Etsy refuses the refresh token. Its owner must connect again."
    text = text_of((await (await browser_as(admin)).get("/connections")).text)
    assert "Atelier Etsy · last success just now" in text
    assert "Etsy refuses the refresh token. Its owner must connect again. 09:00" in text
    assert "connect again Connect again" in text
    assert "Sync now" not in text
    assert "1 to connect again" in text_of((await (await browser_as(admin)).get("/")).text)


async def test_sync_now_is_asked_for_and_the_page_shows_that_it_runs(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    async with database.write() as session:
        connection = await factories.make_connection(session, member)
        connection.tokens = "sealed"
    browser = await browser_as(member)
    answer = await browser.post(f"/connections/{connection.id}/sync")
    assert (answer.status_code, answer.headers["location"]) == (303, "/connections")
    async with database.read() as session:
        sync = (
            await session.scalars(
                select(ChannelSync).where(ChannelSync.organization_id == member.organization_id)
            )
        ).one()
    assert (sync.connection_id, sync.status) == (connection.id, SyncStatus.REQUESTED)
    text = text_of((await browser.get("/connections")).text)
    assert "fetching orders" in text
    assert "Sync now" not in text


async def test_disabled_connection_keeps_its_row_and_cannot_be_synced(
    browser_as: BrowserAs, admin: Actor, database: Database
) -> None:
    async with database.write() as session:
        connection = await factories.make_connection(session, admin)
        connection.tokens = "sealed"
    browser = await browser_as(admin)
    await browser.post(f"/connections/{connection.id}/rename", data={"name": "Nordlicht"})
    await browser.post(f"/connections/{connection.id}/disable")
    text = text_of((await browser.get("/connections")).text)
    assert "Nordlicht Etsy · last success never Nothing is fetched and nobody is told." in text
    refused = await browser.post(f"/connections/{connection.id}/sync")
    assert refused.status_code == 409
    assert "Nordlicht is not connected. Connect it again first." in refused.text


async def test_rejected_order_is_shown_with_its_reason_and_dealt_with(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    async with database.write() as session:
        reject_id = await factories.make_reject_id(session, member)
    browser = await browser_as(member)
    before = text_of((await browser.get("/connections")).text)
    assert "Atelier, order 3300000001 It came without its items. Since" in before
    await browser.post(f"/connections/rejects/{reject_id}/close")
    assert "3300000001" not in (await browser.get("/connections")).text
    async with database.read() as session:
        reject = await session.get_one(ChannelReject, reject_id, execution_options=CROSS_TENANT)
    assert reject.closed_by == "Member"


@pytest.mark.parametrize(
    ("outcome", "statuses"),
    [
        ("posted", [EffectStatus.DONE]),
        ("not_posted", [EffectStatus.FAILED, EffectStatus.INTENDED]),
    ],
)
async def test_parcel_in_doubt_is_decided_by_who_looked(
    outcome: str,
    statuses: list[EffectStatus],
    browser_as: BrowserAs,
    member: Actor,
    database: Database,
) -> None:
    async with database.write() as session:
        connection = await factories.make_connection(session, member)
        effect = await make_push(session, member, connection, EffectStatus.UNKNOWN)
    browser = await browser_as(member)
    before = text_of((await browser.get("/connections")).text)
    assert "Was the buyer told? Order #2001 , parcel 1 for Anna Berg · DHL 00340434" in before
    await browser.post(f"/connections/pushes/{effect.id}/resolve", data={"outcome": outcome})
    assert "Was the buyer told?" not in (await browser.get("/connections")).text
    async with database.read() as session:
        found = await session.scalars(
            select(Effect.status)
            .where(Effect.organization_id == member.organization_id)
            .order_by(Effect.id)
        )
    assert found.all() == statuses


async def test_viewer_and_member_see_only_what_they_may_press(
    browser_as: BrowserAs, viewer: Actor, member: Actor, app: FastAPI, database: Database
) -> None:
    set_up_etsy(app)
    async with database.write() as session:
        connection = await factories.make_connection(session, viewer)
        await factories.make_reject_id(session, viewer)
        effect = await make_push(session, viewer, connection, EffectStatus.UNKNOWN)
    forms = r'<form [^>]*method="post" action="([^"]+)"'
    looked = await (await browser_as(viewer)).get("/connections")
    assert set(re.findall(forms, looked.text)) == {"/logout"}
    worked = await (await browser_as(member)).get("/connections")
    assert f"/connections/{connection.id}/sync" in re.findall(forms, worked.text)
    assert "/connections/etsy" not in worked.text
    posts = ["etsy", f"{connection.id}/disable", f"{connection.id}/rename"]
    browser = await browser_as(member)
    refusals = [
        (await browser.post(f"/connections/{path}", data={"name": "x"})).status_code
        for path in posts
    ]
    assert refusals == [403, 403, 403]
    browser = await browser_as(viewer)
    answer = await browser.post(
        f"/connections/pushes/{effect.id}/resolve", data={"outcome": "posted"}
    )
    assert answer.status_code == 403


async def test_shop_of_another_organization_is_not_there(
    browser_as: BrowserAs, stranger: Actor, member: Actor, database: Database
) -> None:
    async with database.write() as session:
        connection = await factories.make_connection(session, member)
    browser = await browser_as(stranger)
    assert "Atelier" not in (await browser.get("/connections")).text
    answer = await browser.post(f"/connections/{connection.id}/disable")
    assert answer.status_code == 404
