"""The worker's loop over what is due at manufacturers."""

from shopwright.kernel.edge import Process
from shopwright.kernel.rounds import Rounds, until
from shopwright.suppliers import looking, queries

EVERY_S = 30.0


class SupplierKeeper:
    def __init__(self, process: Process) -> None:
        self._process = process

    async def run(self) -> None:
        """Until cancelled; a change of a supplier order begins a round at once."""
        hub = self._process.context.hub
        rounds: Rounds[int] = Rounds(hub, "suppliers", topic=queries.TOPIC, every_s=EVERY_S)
        try:
            await rounds.run(self._look, self._pause)
        finally:
            await rounds.stop()

    async def _look(self) -> None:
        await looking.enqueue_due(self._process)

    async def _pause(self) -> float | None:
        """To the next due moment; what is due already is being done, and looked at soon again."""
        async with self._process.database.read() as session:
            due = await queries.next_due(session)
        seconds = until(due, self._process.clock.now())
        return None if seconds is None else max(seconds, 1.0)
