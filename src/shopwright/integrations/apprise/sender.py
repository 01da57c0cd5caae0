"""Discord, Telegram, Slack, ntfy and whatever else Apprise reaches over HTTP.

Only services that speak HTTP through ``requests`` are taken: their connections are guarded, and
what runs programs, writes files or opens sockets of its own has no business in a server.
"""

import logging
import re
import sys
import warnings
from contextlib import suppress
from typing import Any

from apprise import Apprise, AppriseAsset, AppriseAttachment, NotifyFormat, NotifyType
from apprise.plugins.base import NotifyBase

from shopwright.integrations.apprise.guard import guarded
from shopwright.kernel.egress import PORTS, AddressUnknown, pin
from shopwright.kernel.errors import Invalid
from shopwright.kernel.metrics import outside_call
from shopwright.notifications.port import ChatAddress, Message, Outcome, Refused, Sent, Unconfirmed
from shopwright.notifications.topics import Topic

TIMEOUT_S = 30.0
SECURE = "https"
STATUS = re.compile(r"error=(\d{3})")
HOPELESS = frozenset({"401", "403", "404", "410"})
KINDS = {
    Topic.PRINT_FAILED: NotifyType.FAILURE,
    Topic.PRINTER_TROUBLE: NotifyType.FAILURE,
    Topic.PRINT_COMPLETED: NotifyType.SUCCESS,
    Topic.ORDER_READY: NotifyType.SUCCESS,
}


# It writes addresses with their tokens into its log; what matters comes back as the answer.
logging.getLogger("apprise").addHandler(logging.NullHandler())
logging.getLogger("apprise").propagate = False
with warnings.catch_warnings():  # its plug-ins, all loaded by the first, use old modules
    warnings.simplefilter("ignore", DeprecationWarning)
    Apprise.instantiate("json://localhost")


class AppriseSender:
    """One Apprise object per message: nothing of one shop is kept for the next."""

    async def send(self, message: Message, address: ChatAddress) -> Outcome:
        try:
            service = _service_of(address.url)
        except Invalid as err:
            return Refused(err.detail, is_final=True)
        heard: list[str] = []
        with outside_call("chat") as call, guarded(address.policy):
            room = Apprise(service)
            result = await room.async_notify(
                title=message.title,
                body=_body(message),
                notify_type=KINDS.get(Topic(message.topic), NotifyType.INFO),
                body_format=NotifyFormat.TEXT,
                timeout=TIMEOUT_S,
                log_callback=lambda entry, _service: heard.append(str(entry.message)),
            )
            call.outcome = "done" if result else "refused"
        name = str(service.service_name)
        return Sent(f"{name} took it.") if result else _refusal(name, heard)

    async def check(self, address: ChatAddress) -> str:
        """Raises Invalid with what to do, AddressRefused for a host that may not be called."""
        service = _service_of(address.url)
        host = _named_host(service)
        if host is not None:
            with suppress(AddressUnknown):  # perhaps only today; every try looks again
                await pin(host, service.port or PORTS[_scheme(service)], address.policy)
        return f"{service.service_name} · {service.url(privacy=True).partition('?')[0]}"[:300]


def _service_of(url: str) -> Any:
    """Raises Invalid with a sentence that says what a good one looks like."""
    _check_known_shapes(url)
    service = Apprise.instantiate(url, asset=_asset(), suppress_exceptions=True)
    if not isinstance(service, NotifyBase):
        raise Invalid(
            "Apprise does not understand this address. Write it as in its documentation, for "
            "instance ntfy://ntfy.sh/topic, discord://id/token, tgram://bot-token/chat-id or "
            "slack://a/b/c."
        )
    if not hasattr(sys.modules[type(service).__module__], "requests"):
        raise Invalid(
            f"{service.service_name} is not reached over HTTP and is not offered here. "
            "For mail make an e-mail target."
        )
    if _reads_files(service):
        raise Invalid(
            f"{service.service_name} would read a file of this server here (template, keyfile or "
            "subfile), which is not offered. Leave that part of the address out."
        )
    service.redirects = False
    return service


def _reads_files(service: Any) -> bool:
    """Some send what stands in a file that the address names, to a host that it names as well."""
    if any(isinstance(one, AppriseAttachment) and len(one) for one in vars(service).values()):
        return True
    return any(isinstance(getattr(service, name, None), str) for name in ("keyfile", "subfile"))


def _check_known_shapes(url: str) -> None:
    """What people copy from the two most used services, and what they often miss."""
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    if scheme.lower() not in PORTS:
        return
    if host.lower() == "hooks.slack.com" and not path.startswith("services/"):
        raise Invalid("A Slack webhook looks like https://hooks.slack.com/services/T…/B…/….")
    if host.lower() in {"discord.com", "discordapp.com"} and not path.startswith("api/webhooks/"):
        raise Invalid("A Discord webhook looks like https://discord.com/api/webhooks/id/token.")


def _named_host(service: Any) -> str | None:
    """The host a person typed; many services have a fixed one and use the place for a token."""
    host = getattr(service, "host", None)
    takes_host = "host" in (type(service).template_tokens or {})
    is_cloud = getattr(service, "mode", None) == "cloud"
    return str(host) if host and takes_host and not is_cloud else None


def _scheme(service: Any) -> str:
    return SECURE if getattr(service, "secure", False) else "http"


def _asset() -> AppriseAsset:
    """Nothing is read from or written to this machine's folders."""
    return AppriseAsset(app_id="Shopwright", app_desc="Shopwright", plugin_paths=[], app_url="")


def _body(message: Message) -> str:
    """With the number that stays the same when it is sent twice."""
    parts = [message.text, message.link or "", f"({message.shop}, {message.id[-12:]})"]
    return "\n".join(part for part in parts if part)


def _refusal(name: str, heard: list[str]) -> Outcome:
    words = " ".join(" ".join(heard).split())[:300]
    found = STATUS.search(words)
    if found is None and "onnection" not in words:
        return Unconfirmed(f"{name} gave no clear answer. {words}".strip())
    is_final = found is not None and found[1] in HOPELESS
    advice = " Check the address and its token." if is_final else ""
    return Refused(f"{name} did not take it: {words}{advice}".strip(), is_final=is_final)
