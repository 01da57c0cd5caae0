"""How often a client may ask whether its key is good."""

from datetime import datetime, timedelta

from shopwright.kernel.errors import TooMany

PAUSE = timedelta(seconds=2)
MAX_ADDRESSES = 10_000


class CheckedTooOften(TooMany):
    code = "checked-too-often"
    title = "This was asked a moment ago"


class AuthChecks:
    """When each address asked last; kept in the process."""

    def __init__(self) -> None:
        self._asked_at: dict[str, datetime] = {}

    def note(self, address: str, now: datetime) -> None:
        """Raises CheckedTooOften within two seconds of the last time."""
        last = self._asked_at.get(address)
        if last is not None and now - last < PAUSE:
            left_s = (PAUSE - (now - last)).total_seconds()
            raise CheckedTooOften(
                f"Please wait {left_s:.1f} seconds before checking again.",
                retry_after=round(left_s, 1),
                retry_after_s=max(1, round(left_s)),
            )
        if len(self._asked_at) >= MAX_ADDRESSES:
            self._asked_at.clear()
        self._asked_at[address] = now
