"""The document's notification settings, and the alerts."""

from pathlib import Path

import pytest

from shopwright.fleet.states import ConnectionState
from shopwright.kernel.actor import Actor
from shopwright.kernel.settings import Settings
from tests import factories
from tests.conftest import ClientAs, make_settings
from tests.contracts.shop_manager.documented import assert_documented, covers
from tests.contracts.shop_manager.shop import Shop

SHAPE = {
    "id": int,
    "printer_id": int,
    "notify_print_start": bool,
    "notify_print_complete": bool,
    "notify_print_failed": bool,
    "notify_material_change": bool,
    "notify_maintenance": bool,
    "email_enabled": bool,
}
PRINTED = {
    "notify_print_complete": True,
    "email_enabled": True,
    "webhook_url": "https://example.com/webhook",
}
DEFAULTS = {
    "notify_print_start": True,
    "notify_print_complete": True,
    "notify_print_failed": True,
    "notify_material_change": False,
    "notify_maintenance": True,
    "email_enabled": True,
    "webhook_url": None,
}


@pytest.fixture(scope="module")
def settings(migrated_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder: Path = tmp_path_factory.mktemp("notifications")
    changes = {"smtp_host": "127.0.0.1", "smtp_port": 9}  # nobody listens there
    return make_settings(migrated_url, folder).model_copy(update=changes)


@pytest.fixture(autouse=True)
def example_com(monkeypatch: pytest.MonkeyPatch) -> None:
    """The printed host, without asking the DNS of this machine."""

    async def pin(host: str, *_: object) -> str:
        return {"example.com": "93.184.215.14"}[host]

    monkeypatch.setattr("shopwright.kernel.egress.pin", pin)


@covers("GET /api/bambu/notifications")
async def test_settings_of_a_printer_are_told(shop: Shop) -> None:
    (printer,) = (await shop.client.get("/api/bambu/printers")).json()
    answer = await shop.client.get(f"/api/bambu/notifications?printer_id={printer['id']}")
    assert_documented(answer, SHAPE)
    assert answer.json() == {"id": printer["id"], "printer_id": printer["id"], **DEFAULTS}
    every = await shop.client.get("/api/bambu/notifications/")
    assert every.json()["notifications"] == [answer.json()]


@covers("GET /api/bambu/notifications/{}")
async def test_settings_are_told_by_the_printers_id(shop: Shop) -> None:
    (printer,) = (await shop.client.get("/api/bambu/printers")).json()
    assert_documented(await shop.client.get(f"/api/bambu/notifications/{printer['id']}"), SHAPE)


@covers("PUT /api/bambu/notifications/{}")
async def test_settings_are_changed_as_printed(shop: Shop) -> None:
    (printer,) = (await shop.client.get("/api/bambu/printers")).json()
    url = f"/api/bambu/notifications/{printer['id']}"
    answer = await shop.client.put(url, json=PRINTED)
    assert_documented(answer, SHAPE | {"webhook_url": "https://example.com/webhook"})
    back = answer.json() | {"notify_print_start": False, "unknown": 1}
    assert (await shop.client.put(url, json=back)).json()["notify_print_start"] is False
    gone = await shop.client.put(url, json={"webhook_url": ""})
    assert gone.json()["webhook_url"] is None


@pytest.mark.parametrize("query", ["printer_id=999999", "printer_id=0", "printer_id=x"])
async def test_printers_that_are_not_there_are_said_so(shop: Shop, query: str) -> None:
    answer = await shop.client.get(f"/api/bambu/notifications?{query}")
    assert answer.status_code == (404 if "9" in query else 400)


async def test_viewer_reads_and_changes_nothing(
    shop: Shop, client_as: ClientAs, viewer: Actor
) -> None:
    client = await client_as(viewer)
    (printer,) = (await client.get("/api/bambu/printers")).json()
    url = f"/api/bambu/notifications/{printer['id']}"
    assert (await client.put(url, json=PRINTED)).status_code == 403
    assert (await client.get(url)).json()["webhook_url"] is None


@covers("GET /api/alerts/settings")
async def test_alert_settings_are_told(shop: Shop) -> None:
    assert_documented(
        await shop.client.get("/api/alerts/settings"),
        {
            "printer_issues": True,
            "low_stock": True,
            "slack_configured": False,
            "discord_configured": False,
            "telegram_configured": False,
            "email_configured": False,
            "webhook_configured": False,
        },
    )


@covers("PUT /api/alerts/settings")
async def test_alert_channels_are_set_and_taken_away_and_never_shown(shop: Shop) -> None:
    url = "/api/alerts/settings"
    secret = "TIiajkdnlazkcOXrIdevi7FQ"
    body = {
        "slack_webhook_url": f"https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/{secret}",
        "telegram_bot_token": "123456789:abcdefg_hijklmnop",
        "telegram_chat_id": 12315544,
        "email_recipients": ["sam@shop.test"],
        "low_stock": False,
    }
    answer = await shop.client.put(url, json=body)
    assert_documented(answer, {"slack_configured": True, "telegram_configured": True})
    assert secret not in answer.text
    assert (await shop.client.put(url, json=answer.json())).json() == answer.json()
    fewer = (await shop.client.put(url, json={"slack_webhook_url": ""})).json()
    assert (fewer["slack_configured"], fewer["telegram_configured"]) == (False, True)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"slack_webhook_url": "https://hooks.slack.com/x"}, "begins with https://hooks.slack.com"),
        ({"slack_webhook_url": "https://evil.test/services/x"}, "begins with https://hooks.slack"),
        ({"discord_webhook_url": "https://discord.com/x"}, "https://discord.com/api/webhooks/"),
        ({"telegram_bot_token": "1:a"}, "Telegram needs both"),
        ({"email_recipients": "nobody"}, "is no mail address"),
    ],
)
async def test_bad_channels_are_refused_with_what_to_do(
    shop: Shop, body: dict[str, str], words: str
) -> None:
    answer = await shop.client.put("/api/alerts/settings", json=body)
    assert answer.status_code == 400
    assert words in answer.json()["detail"]


@covers("GET /api/alerts/preview")
async def test_preview_lists_ten_and_counts_the_rest(empty_shop: Shop) -> None:
    nothing = (await empty_shop.client.get("/api/alerts/preview")).json()
    assert nothing == {
        "has_alerts": False,
        "printer_issues": [],
        "low_stock": [],
        "title": "Nothing is wrong",
        "message": "",
    }
    for number in range(12):
        await empty_shop.add_printer(f"P{number:02}")
    async with empty_shop.process.database.write() as session:
        for _ in range(2):
            await factories.make_spool(session, empty_shop.owner, remaining_mg=90_000)
        fine = await factories.make_printer(session, empty_shop.owner, "Fine")
        fine.connection = ConnectionState.ONLINE
    answer = await empty_shop.client.get("/api/alerts/preview")
    assert_documented(answer, {"has_alerts": True, "printer_issues": list, "low_stock": list})
    told = answer.json()
    assert told["title"] == "12 printers and 2 filaments to look at"
    assert told["message"].splitlines() == [
        "Printers:",
        *[f"P{number:02} is offline" for number in range(10)],
        "+2",
        "Low stock:",
        "PLA Black: 90 g left",
        "PLA Black: 90 g left",
    ]


@covers("POST /api/alerts/trigger")
async def test_trigger_tells_each_channels_answer(shop: Shop) -> None:
    none = await shop.client.post("/api/alerts/trigger")
    assert (none.status_code, none.json()["code"]) == (409, "no-alert-channels")
    await shop.client.put("/api/alerts/settings", json={"email_recipients": "sam@shop.test"})
    answer = await shop.client.post("/api/alerts/trigger")
    assert_documented(answer, {"sent": False, "message": str, "results": list})
    (result,) = answer.json()["results"]
    assert (result["channel"], result["sent"]) == ("email", False)
    assert "127.0.0.1:9 cannot be reached" in result["message"]
