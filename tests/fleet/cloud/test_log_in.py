"""Accounts at Bambu's cloud over the API: every way to log in, and every refusal."""

from httpx import AsyncClient
from sqlalchemy import select

from shopwright.fleet.models import CloudAccount, CloudDevice
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.sandbox.bambu import VirtualPrinter
from shopwright.sandbox.bambu_cloud import Account, BambuCloudSandbox, SecondStep
from tests.conftest import ClientAs
from tests.fleet.cloud.conftest import PASSWORD, SERIAL

ACCOUNTS = "/api/bambu/cloud/accounts"


async def begin(
    client: AsyncClient, step: SecondStep, password: str = PASSWORD
) -> dict[str, object]:
    answer = await client.post(
        ACCOUNTS, json={"email": f"{step.title()}@Shop.test", "password": password}
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.json()
    return found


async def refused(client: AsyncClient, path: str, body: dict[str, str]) -> tuple[int, str, str]:
    answer = await client.post(f"{ACCOUNTS}{path}", json=body)
    return answer.status_code, answer.json().get("code", ""), answer.json()["detail"]


async def test_account_without_a_second_step_is_connected_at_once(
    client: AsyncClient, printer: VirtualPrinter, process: Process
) -> None:
    account = await begin(client, SecondStep.NONE)
    devices = await client.get(f"{ACCOUNTS}/{account['id']}/devices")

    assert (account["email"], account["state"]) == ("none@shop.test", "connected")
    assert account["expires_at"] == "2026-05-31T09:00:00"  # 90 days
    (device,) = devices.json()
    assert device == {
        "serial_number": SERIAL,
        "name": "Attic",
        "model": "P1S",
        "is_online": True,
        "has_access_code": True,
        "printer_id": None,
        "connection_type": None,
        "seen_at": "2026-03-02T09:00:00",
    }
    assert printer.access_code not in devices.text
    async with process.database.read() as session:
        kept = await session.scalar(select(CloudAccount).execution_options(**CROSS_TENANT))
        listed = await session.scalar(select(CloudDevice).execution_options(**CROSS_TENANT))
    assert kept is not None
    assert listed is not None
    assert process.context.vault.decrypt(listed.access_code) == printer.access_code
    assert process.context.vault.decrypt(kept.token) not in str(account)


async def test_wrong_password_is_refused_and_nothing_is_kept(
    client: AsyncClient, process: Process
) -> None:
    for email, password in (
        ("none@shop.test", "guessed"),
        ("none@shop.test", "geheimnißvoll"),
        ("nobody@shop.test", "guessed"),
    ):
        assert await refused(client, "", {"email": email, "password": password}) == (
            400,
            "cloud-log-in-refused",
            "Bambu's cloud knows no such e-mail address and password. Type both again.",
        )
    assert (await client.get(ACCOUNTS)).json() == []


async def test_code_by_e_mail_is_the_second_step(
    client: AsyncClient, cloud: BambuCloudSandbox
) -> None:
    account = await begin(client, SecondStep.CODE)
    (mail,) = cloud.world.mails
    answer = await client.post(f"{ACCOUNTS}/{account['id']}/code", json={"code": mail.code})

    assert account["state"] == "code_needed"
    assert mail.to == "code@shop.test"
    assert (answer.status_code, answer.json()["state"]) == (200, "connected")
    assert len((await client.get(f"{ACCOUNTS}/{account['id']}/devices")).json()) == 1


async def test_wrong_old_and_used_codes_are_refused_and_the_account_goes_on_waiting(
    client: AsyncClient, cloud: BambuCloudSandbox
) -> None:
    account = await begin(client, SecondStep.CODE)
    to = f"/{account['id']}/code"
    first = cloud.world.mails[-1].code
    wrong = "This code is wrong. Type the latest one that Bambu's cloud sent."
    old = "This code ran out. Let Bambu's cloud send another one and type that."

    wrong_code = "000000" if first != "000000" else "000001"
    assert await refused(client, to, {"code": wrong_code}) == (400, "cloud-log-in-refused", wrong)
    cloud.world.advance(seconds=301)
    assert await refused(client, to, {"code": first}) == (400, "cloud-log-in-refused", old)
    again = await client.post(f"{ACCOUNTS}/{account['id']}/send-code")
    assert (again.status_code, again.json()["state"]) == (200, "code_needed")
    for _ in range(5):
        await refused(client, to, {"code": "999999x"})
    assert await refused(client, to, {"code": cloud.world.mails[-1].code}) == (
        400,
        "cloud-log-in-refused",
        old,
    )
    await client.post(f"{ACCOUNTS}/{account['id']}/send-code")
    assert len(cloud.world.mails) == 3
    latest = cloud.world.mails[-1].code
    assert (await client.post(f"{ACCOUNTS}{to}", json={"code": latest})).status_code == 200
    assert await refused(client, to, {"code": latest}) == (
        409,
        "cloud-no-code-awaited",
        "code@shop.test waits for no code. Begin with the password.",
    )


async def test_authenticator_is_the_other_second_step(
    client: AsyncClient, cloud: BambuCloudSandbox, accounts: dict[SecondStep, Account]
) -> None:
    account = await begin(client, SecondStep.TOTP)
    to = f"/{account['id']}/code"
    shown = cloud.world.totp(accounts[SecondStep.TOTP])
    wrong = "000000" if shown != "000000" else "000001"

    assert account["state"] == "totp_needed"
    assert await refused(client, to, {"code": wrong}) == (
        400,
        "cloud-log-in-refused",
        "This code is wrong or ran out. Type the one the authenticator app shows now.",
    )
    assert await refused(client, f"/{account['id']}/send-code", {}) == (
        409,
        "cloud-no-code-awaited",
        "totp@shop.test waits for no code by e-mail.",
    )
    shown = cloud.world.totp(accounts[SecondStep.TOTP])
    answer = await client.post(f"{ACCOUNTS}{to}", json={"code": shown})
    assert (answer.status_code, answer.json()["state"]) == (200, "connected")


async def test_log_in_that_ran_out_is_said_and_a_new_one_mends_it(
    client: AsyncClient, cloud: BambuCloudSandbox
) -> None:
    account = await begin(client, SecondStep.NONE)
    cloud.world.advance(days=91)
    asked = await refused(client, f"/{account['id']}/refresh", {})
    said = (await client.get(f"{ACCOUNTS}/{account['id']}")).json()
    mended = await begin(client, SecondStep.NONE)

    sentence = "Bambu's cloud takes the log-in no more. Log in again."
    assert asked == (409, "cloud-log-in-again", sentence)
    assert (said["state"], said["trouble"]) == ("log_in_again", sentence)
    assert (mended["id"], mended["state"], mended["trouble"]) == (account["id"], "connected", None)


async def test_members_look_and_add_but_only_admins_log_in(
    client: AsyncClient, client_as: ClientAs, member: Actor, stranger: Actor
) -> None:
    account = await begin(client, SecondStep.NONE)
    members = await client_as(member)
    body = {"email": "none@shop.test", "password": PASSWORD}

    assert (await members.post(ACCOUNTS, json=body)).status_code == 403
    assert len((await members.get(ACCOUNTS)).json()) == 1
    assert (await (await client_as(stranger)).get(f"{ACCOUNTS}/{account['id']}")).status_code == 404


async def test_printers_are_added_once_and_only_those_of_the_account(client: AsyncClient) -> None:
    account = await begin(client, SecondStep.NONE)
    to = f"{ACCOUNTS}/{account['id']}/printers"
    added = await client.post(to, json={"serials": [SERIAL, SERIAL]})
    again = await client.post(to, json={"serials": [SERIAL]})
    other = await client.post(to, json={"serials": ["01P00A000000099"]})

    (printer,) = added.json()
    assert added.status_code == 201
    assert (printer["name"], printer["model"], printer["connection_type"]) == (
        "Attic",
        "P1S",
        "bambu_cloud",
    )
    assert [one["id"] for one in again.json()] == [printer["id"]]
    assert (other.status_code, other.json()["detail"]) == (
        400,
        "none@shop.test has no printer 01P00A000000099. Read its printers anew.",
    )


async def test_removed_account_leaves_its_printers(client: AsyncClient, process: Process) -> None:
    account = await begin(client, SecondStep.NONE)
    await client.post(f"{ACCOUNTS}/{account['id']}/printers", json={"serials": [SERIAL]})
    removed = await client.delete(f"{ACCOUNTS}/{account['id']}")

    assert removed.json() == {"message": "Account removed"}
    assert (await client.get(ACCOUNTS)).json() == []
    assert len((await client.get("/api/bambu/printers")).json()) == 1
    async with process.database.read() as session:
        assert not list(
            await session.scalars(select(CloudDevice).execution_options(**CROSS_TENANT))
        )


async def test_bad_input_is_a_sentence(client: AsyncClient) -> None:
    for body in (
        {"email": "no address", "password": "x"},
        {"email": "a@b.test", "password": ""},
        {"email": "a@b.test", "password": "x", "region": "moon"},
        {"email": "a@b.test", "password": "x", "token": "y"},
    ):
        answer = await client.post(ACCOUNTS, json=body)
        assert (answer.status_code, answer.json()["error"] != "") == (400, True)


async def test_cloud_out_of_reach_is_unavailable(client: AsyncClient, process: Process) -> None:
    nobody = {"bambu_cloud_api_url": "http://127.0.0.1:1"}
    process.settings = process.settings.model_copy(update=nobody)
    answer = await client.post(ACCOUNTS, json={"email": "none@shop.test", "password": PASSWORD})

    assert (answer.status_code, answer.json()["detail"]) == (
        503,
        "Bambu's cloud cannot be reached (ConnectError). Try later.",
    )
