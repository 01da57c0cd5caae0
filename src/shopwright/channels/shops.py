"""What a channel says of a linked shop, five minutes old at most."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shopwright.channels import service
from shopwright.channels.adapters import Adapters
from shopwright.channels.connect import refusal_of
from shopwright.channels.port import ChannelError, ShopProfile, Urgency
from shopwright.channels.runs import ReconnectFirst
from shopwright.channels.states import ConnectionStatus
from shopwright.channels.tokens import DatabaseTokens
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process, Ref

KEEP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class KnownShop:
    profile: ShopProfile
    read_at: datetime


class ShopBook:
    """One per process (``context.keep(ShopBook)``): shops by connection."""

    def __init__(self) -> None:
        self._known: dict[int, KnownShop] = {}

    async def read_shop(self, process: Process, ctx: Actor, ref: Ref) -> KnownShop:
        """No transaction is open while the channel is asked. Raises NotFound, ReconnectFirst,
        Unavailable, BrokenUpstream or ConsentRefused."""
        async with process.database.read() as session:
            connection = await service.get_connection(session, ctx, ref)
        if connection.status is not ConnectionStatus.CONNECTED:
            raise ReconnectFirst(f"{connection.name} is not connected. Connect the shop again.")
        now, known = process.clock.now(), self._known.get(connection.id)
        if known is None or now - known.read_at >= KEEP:
            tokens = DatabaseTokens(process.database, ctx, connection.id)
            adapters = process.context.keep(Adapters)
            try:
                adapter = adapters.make(
                    process.settings, connection.channel, tokens, connection.external_shop_id
                )
                adapter.urgency = Urgency.PERSON
                async with adapter:
                    known = KnownShop(await adapter.shop(), now)
            except ChannelError as err:
                raise refusal_of(err) from err
            self._known[connection.id] = known
        return known
