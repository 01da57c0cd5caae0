"""Who takes messages out, by kind; found by entry point and loaded on first use."""

from importlib.metadata import entry_points
from typing import Any, cast

from shopwright.notifications.port import ChatSender, MailAddress, PostAddress, Sender
from shopwright.notifications.signed_post import PostSender

GROUP = "shopwright.senders"
MAIL, CHAT = "smtp", "apprise"


class Senders:
    """One per process (``context.keep(Senders)``)."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}
        self.posts: Sender[PostAddress] = PostSender()

    @property
    def mail(self) -> Sender[MailAddress]:
        return cast("Sender[MailAddress]", self._get(MAIL))  # what the entry point is for

    @property
    def chat(self) -> ChatSender:
        return cast("ChatSender", self._get(CHAT))  # what the entry point is for

    def install(self, name: str, sender: object) -> None:
        """Use ``sender`` instead of the entry point: for one with other patience."""
        self._known[name] = sender

    def _get(self, name: str) -> Any:
        if name not in self._known:
            (found,) = entry_points(group=GROUP, name=name)
            self._known[name] = found.load()()
        return self._known[name]
