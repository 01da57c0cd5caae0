"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday morning
FOREVER = datetime(2099, 1, 1, tzinfo=UTC)


class FixedClock:
    def __init__(self, moment: datetime = START) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def advance(self, **span: float) -> datetime:
        """Move on by ``timedelta(**span)`` and return the new moment."""
        self.moment += timedelta(**span)
        return self.moment
