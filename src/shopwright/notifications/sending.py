"""One try: who it goes to and what it says is read, the sender is asked, the outcome recorded."""

from dataclasses import dataclass

from shopwright.kernel.clock import Clock
from shopwright.kernel.db import Database, ReadSession
from shopwright.kernel.egress import EgressPolicy
from shopwright.kernel.errors import ShopError
from shopwright.kernel.settings import Settings
from shopwright.notifications import deliveries, mail, queries
from shopwright.notifications.models import (
    NotificationDelivery,
    NotificationSettings,
    NotificationTarget,
)
from shopwright.notifications.port import (
    Address,
    ChatAddress,
    MailAddress,
    Message,
    Outcome,
    PostAddress,
    Refused,
)
from shopwright.notifications.senders import Senders
from shopwright.notifications.states import TargetKind

NO_MAIL_SERVER = (
    "No mail server is set up. Enter one under Notifications, or set SMTP_HOST where this "
    "server runs."
)
TARGET_GONE = "Its target was removed."


@dataclass(frozen=True, slots=True)
class NoticeTools:
    """What a process needs to send: with or without the worker's loop."""

    database: Database
    clock: Clock
    settings: Settings

    @property
    def senders(self) -> Senders:
        return self.database.context.keep(Senders)

    async def try_once(self, organization_id: int, delivery_id: int) -> deliveries.Tried | None:
        """Claim it, send it, record it; None when it was not there to be claimed."""
        async with self.database.write() as session:
            delivery = await deliveries.begin(
                session, organization_id, delivery_id, self.clock.now()
            )
        return await self.carry_out(delivery) if delivery is not None else None

    async def carry_out(self, delivery: NotificationDelivery) -> deliveries.Tried:
        """The call of a claimed delivery, and its outcome."""
        outcome = await self._send(delivery)
        async with self.database.write() as session:
            await deliveries.record(session, delivery, outcome, self.clock.now())
        return deliveries.Tried(delivery, outcome)

    async def _send(self, delivery: NotificationDelivery) -> Outcome:
        """The edge of one try: a mistake of ours is told like a refusal."""
        try:
            async with self.database.read() as session:
                message, address = await self._read(session, delivery)
        except ShopError as err:
            return Refused(err.detail)
        match address:
            case MailAddress():
                return await self.senders.mail.send(message, address)
            case ChatAddress():
                return await self.senders.chat.send(message, address)
            case PostAddress():
                return await self.senders.posts.send(message, address)
            case Refused():
                return address

    async def _read(
        self, session: ReadSession, delivery: NotificationDelivery
    ) -> tuple[Message, Address | Refused]:
        organization_id = delivery.organization_id
        organization = await queries.get_organization(session, organization_id)
        shop = await queries.find_settings(session, organization_id)
        targets = await queries.list_targets(session, organization_id)
        target = next((one for one in targets if one.id == delivery.target_id), None)
        return self._compose(delivery, organization.name), self._address(delivery, target, shop)

    def _compose(self, delivery: NotificationDelivery, shop: str) -> Message:
        vault = self.database.context.vault
        sealed = f"\n\n{vault.decrypt(delivery.sealed)}" if delivery.sealed else ""
        return Message(
            id=delivery.uuid,
            topic=delivery.topic,
            title=delivery.title,
            text=delivery.body + sealed,
            link=f"{self.settings.pages_url}{delivery.path}" if delivery.path else None,
            shop=shop,
            happened_at=delivery.created_at,
            is_urgent=delivery.is_urgent,
            facts=delivery.facts,
        )

    def _address(
        self,
        delivery: NotificationDelivery,
        target: NotificationTarget | None,
        shop: NotificationSettings | None,
    ) -> Address | Refused:
        vault = self.database.context.vault
        stored = vault.decrypt(target.address) if target is not None else delivery.recipient
        if not stored:
            return Refused(TARGET_GONE, is_final=True)
        if delivery.kind is TargetKind.EMAIL:
            server = mail.server_of(self.settings, vault, shop)
            if server is None:
                return Refused(NO_MAIL_SERVER)
            return MailAddress(server, tuple(split_recipients(stored)))
        policy = EgressPolicy.for_webhooks(self.settings)
        if delivery.kind is TargetKind.CHAT:
            return ChatAddress(stored, policy)
        secrets = tuple(vault.decrypt(one) for one in shop.webhook_secrets) if shop else ()
        return PostAddress(stored, secrets, policy)


def split_recipients(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
