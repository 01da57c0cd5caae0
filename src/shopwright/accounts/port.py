"""The port of an outside service that knows our people and lets them prove who they are."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OutsidePerson:
    """What the service tells of whoever agreed; only the id is certain."""

    user_id: str
    email: str | None = None
    first_name: str = ""
    shop_id: str | None = None
    shop_name: str | None = None


class IdentityProvider(Protocol):
    """One sign-in there: out with :meth:`ask_url`, back with a code that :meth:`prove` trades.

    Every method raises one of the refusals of ``accounts.outside``.
    """

    async def ask_url(self, *, redirect_uri: str, state: str, code_verifier: str) -> str:
        """Where to send the browser; PKCE with the verifier's S256 challenge."""
        ...

    async def prove(self, *, code: str, code_verifier: str, redirect_uri: str) -> str:
        """The person's id there. The code works once."""
        ...

    async def describe(self) -> OutsidePerson:
        """More about whoever was proven."""
        ...
