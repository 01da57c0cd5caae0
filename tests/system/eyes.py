"""What is in the database, seen from outside: reads only, on its own connection."""

import asyncio
from collections.abc import Collection
from typing import Any

from sqlalchemy import create_engine, text

from shopwright.kernel.migrations import sync_url


class Eyes:
    def __init__(self, database_url: str) -> None:
        self._engine = create_engine(sync_url(database_url), isolation_level="AUTOCOMMIT")

    def close(self) -> None:
        self._engine.dispose()

    async def rows(self, sql: str, **values: object) -> list[dict[str, Any]]:
        return await asyncio.to_thread(self._rows, sql, values)

    async def value(self, sql: str, **values: object) -> Any:
        (row,) = await self.rows(sql, **values)
        return next(iter(row.values()))

    async def attempts(self) -> list[dict[str, Any]]:
        return await self.rows("SELECT * FROM attempts ORDER BY id")

    async def order_statuses(self) -> list[str]:
        return [row["status"] for row in await self.rows("SELECT status FROM orders ORDER BY id")]

    async def are_all(self, statuses: Collection[str]) -> bool:
        seen = await self.order_statuses()
        return bool(seen) and all(status in statuses for status in seen)

    async def booked_mg(self) -> int:
        """Printed filament by the movements; corrections of a spool's count are not prints."""
        return -int(
            await self.value(
                "SELECT COALESCE(SUM(delta_mg), 0) FROM filament_movements WHERE reason = 'print'"
            )
        )

    def _rows(self, sql: str, values: dict[str, object]) -> list[dict[str, Any]]:
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(sql), values).mappings()]
