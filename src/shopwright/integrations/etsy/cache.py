"""Answers to reads that seldom change, kept five minutes for the whole process."""

from datetime import datetime, timedelta

KEEP_FOR = timedelta(minutes=5)
MAX_ANSWERS = 200

Key = tuple[object, ...]


class AnswerCache:
    """Beyond ``MAX_ANSWERS`` the oldest goes."""

    def __init__(self) -> None:
        self._answers: dict[Key, tuple[datetime, bytes]] = {}

    def find(self, key: Key, now: datetime) -> bytes | None:
        kept_at, body = self._answers.get(key, (now, None))
        return body if now - kept_at <= KEEP_FOR else None

    def keep(self, key: Key, body: bytes, now: datetime) -> None:
        self._answers.pop(key, None)
        self._answers[key] = (now, body)
        if len(self._answers) > MAX_ANSWERS:
            del self._answers[next(iter(self._answers))]

    def forget(self, app: Key) -> None:
        """Everything that was read with this app."""
        for key in [key for key in self._answers if key[: len(app)] == app]:
            del self._answers[key]
