"""Starts the stand-ins, then serves a shop that lives on them."""

import asyncio
import json
import secrets
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import structlog
from pydantic import SecretStr

from shopwright.channels.identity_routes import sign_in_page_uri
from shopwright.channels.routes import CALLBACK_PATH
from shopwright.kernel.errors import Invalid, Unavailable
from shopwright.kernel.secrets import load_or_make_key
from shopwright.kernel.settings import Environment, MailSecurity, Network, Settings
from shopwright.sandbox.children import Child, StandInFailed
from shopwright.server.demo import (
    bought,
    bracket,
    kiosk,
    machines,
    outside,
    shop,
    webstore,
    workshop,
)
from shopwright.server.demo.folder import make_fresh
from shopwright.server.running import Roles, Running
from shopwright.server.serve import serve

log = structlog.get_logger()

LOOPBACK = ("127.0.0.1", "localhost", "::1")
EMAIL = "demo@example.com"
PASSWORD = "demo-demo-demo"
NAME = "Atelier Demo"
APP_KEY = "sandbox-keystring"
APP_SECRET = "sandbox-secret"
SYNC_EVERY_S = 3
CALLS_PER_MINUTE = 600
SEED = 20_240
LOOK_EVERY_S = 0.05


class NotLoopback(Invalid):
    code = "demo-not-loopback"
    title = "The demo is for this machine only"


def run_demo(settings: Settings, roles: Roles) -> None:
    """Serve a demo shop in ``<data folder>/demo``, made afresh each time, until a signal ends it.

    Orders, files and printers of an earlier demo are gone: its stand-ins do not remember them
    either. The log-in is printed in one line when the shop answers. Raises NotLoopback, NotADemo,
    DataFolderInUse, PortTaken or Unavailable when a stand-in does not start.
    """
    if settings.host not in LOOPBACK:
        raise NotLoopback(
            f"The demo's password is public, so it listens on 127.0.0.1 only, not {settings.host}."
        )
    folder = make_fresh(settings.data_dir / "demo")
    settings = _demo_settings(settings, folder)
    try:
        with ExitStack() as children:
            errors = children.enter_context((folder / "stand-ins.log").open("wb"))
            printers = children.enter_context(_printers(folder, errors))
            hook = ("--hook", f"{settings.base_url}/stripe-webhook")
            stripe = children.enter_context(Child("stripe", *hook, errors=errors))
            told = ("--callbacks", settings.base_url, "--knobs", bought.KNOBS)
            phones = ("--models", json.dumps(webstore.partner_models()))
            partner = children.enter_context(Child("manufacturer", *told, *phones, errors=errors))
            addresses = (settings.etsy_redirect_uri, sign_in_page_uri(settings))
            redirect = [part for one in addresses for part in ("--redirect-uri", one)]
            etsy = children.enter_context(Child("etsy", *redirect, errors=errors))
            mails = children.enter_context(Child("smtp", errors=errors)).announcement()
            settings = _use_mails(_use_etsy(settings, etsy.announcement()), mails)
            settings = _use_stripe(settings, stripe.announcement())
            settings = _use_partner(settings, partner.announcement()["settings"])
            farm = printers.announcement()
            serve(settings, roles, partial(_demo, etsy.announcement()["url"], farm, mails["url"]))
    except StandInFailed as err:
        raise Unavailable(f"{err} They are in {folder / 'stand-ins.log'}.") from err


def _demo_settings(settings: Settings, folder: Path) -> Settings:
    """Whatever the environment names, the demo touches nothing but its own folder."""
    load_or_make_key(folder / "master.key")
    base = f"http://{settings.host}:{settings.port}{settings.base_path}"
    return settings.model_copy(
        update={
            "environment": Environment.DEVELOPMENT,
            "network": Network.LAN,
            "discovery_interface": "127.0.0.1",  # its own printers alone are found
            "data_dir": folder,
            "database_url": "",
            "db_host": "",
            "s3_bucket": "",
            "master_key": None,
            "log_file": folder / "server.log",
            "log_level": "WARNING",
            "owner_email": EMAIL,
            "owner_password": SecretStr(PASSWORD),
            "organization_name": NAME,
            "etsy_redirect_uri": f"{base}{CALLBACK_PATH}",
        }
    )


def _use_etsy(settings: Settings, etsy: dict[str, Any]) -> Settings:
    return settings.model_copy(
        update={
            "etsy_client_id": APP_KEY,
            "etsy_shared_secret": SecretStr(APP_SECRET),
            "etsy_api_url": etsy["api_url"],
            "etsy_auth_url": etsy["authorize_url"],
            "etsy_token_url": etsy["token_url"],
            "etsy_calls_per_minute": CALLS_PER_MINUTE,
            "etsy_sync_minutes": SYNC_EVERY_S / 60,
        }
    )


def _use_stripe(settings: Settings, stripe: dict[str, Any]) -> Settings:
    return settings.model_copy(
        update={
            "stripe_secret_key": SecretStr(stripe["secret_key"]),
            "stripe_webhook_secret": SecretStr(stripe["webhook_secret"]),
            "stripe_api_url": stripe["url"],
        }
    )


def _use_partner(settings: Settings, partner: dict[str, str]) -> Settings:
    return settings.model_copy(
        update={
            "chinese_api_base_url": partner["CHINESE_API_BASE_URL"],
            "chinese_api_account": partner["CHINESE_API_ACCOUNT"],
            "chinese_api_password": SecretStr(partner["CHINESE_API_PASSWORD"]),
            "chinese_api_system_name": partner["CHINESE_API_SYSTEM_NAME"],
            "chinese_api_fixed_key": SecretStr(partner["CHINESE_API_FIXED_KEY"]),
            "chinese_api_device_id": partner["CHINESE_API_DEVICE_ID"],
            "chinese_api_addresses": [bought.LOOPBACK],  # it tells us from here
        }
    )


def _use_mails(settings: Settings, mails: dict[str, Any]) -> Settings:
    """Nothing leaves this machine: its mails are read on a page of the stand-in."""
    return settings.model_copy(
        update={
            "smtp_host": mails["host"],
            "smtp_port": mails["port"],
            "smtp_security": MailSecurity.NONE,
            "smtp_user": "",
            "smtp_password": None,
            "smtp_from": EMAIL,
        }
    )


def _printers(folder: Path, errors: Any) -> Child:
    codes = {machine.serial: f"{secrets.randbelow(10**8):08}" for machine in machines.MACHINES}
    config = folder / "farm.json"
    config.write_text(json.dumps(machines.farm(codes, str(folder / "cards"))))
    return Child("printers", "--config", str(config), errors=errors)


@asynccontextmanager
async def _demo(
    etsy_url: str, farm: dict[str, Any], mails_url: str, running: Running
) -> AsyncIterator[None]:
    """What runs beside the server."""
    process = running.process
    async with (
        httpx.AsyncClient(base_url=etsy_url) as etsy,
        httpx.AsyncClient(base_url=farm["control_url"]) as control,
    ):
        customers = outside.Customers(etsy, SEED)
        await customers.leave_a_history()
        printers = {facts["serial"]: facts for facts in farm["printers"]}
        ctx = await shop.furnish(process, printers, process.settings.data_dir)
        await webstore.open_webstore(process, ctx, process.settings.data_dir)
        await kiosk.stand_up(process, ctx)
        await bought.buy_outside(process, ctx)
        await bracket.add_bracket(process, ctx)
        await workshop.fit_workshop(process, ctx)
        await shop.connect_etsy(process, ctx)
        await shop.be_told(process, ctx, EMAIL)
        tasks = [
            asyncio.create_task(_watch("customers", customers.buy())),
            asyncio.create_task(_watch("the machine's money", kiosk.take_money(process, ctx))),
            asyncio.create_task(_watch("mishaps", outside.spoil_prints(control))),
            asyncio.create_task(_say_when_it_answers(process.settings, mails_url)),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _watch(name: str, work: Coroutine[None, None, None]) -> None:
    """The shop goes on without it; the log says that it ended."""
    try:
        await work
    except Exception:
        log.exception("a part of the demo ended", part=name)
        raise


async def _say_when_it_answers(settings: Settings, mails_url: str) -> None:
    url = f"http://{settings.host}:{settings.port}{settings.pages_path}"
    async with httpx.AsyncClient() as visitor:
        while True:
            if await _answers(visitor, f"{url}/health"):
                break
            await asyncio.sleep(LOOK_EVERY_S)
    log_in = f"log in as {EMAIL} with password {PASSWORD}"
    sys.stdout.write(f"Shopwright demo: {url}/  {log_in}  (what it mails: {mails_url}/)\n")
    sys.stdout.flush()


async def _answers(visitor: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await visitor.get(url)).is_success
    except httpx.TransportError:
        return False
