"""The kinds of error a caller can meet. Slices subclass a kind next to the service that raises it.

Business code never names a status number; each edge (API, page, command line, worker) maps kinds
once.
"""

from typing import Any, ClassVar


class ShopError(Exception):
    """A refusal with a sentence for people, a stable code for programs, and extra members for
    both."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Internal server error"

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra


class Invalid(ShopError):
    """Malformed or invalid input; ``errors`` lists ``{pointer, detail}``."""

    status = 400
    code = "invalid"
    title = "The request is not valid"


class Unauthenticated(ShopError):
    status = 401
    code = "unauthenticated"
    title = "Sign in first"


class Forbidden(ShopError):
    status = 403
    code = "forbidden"
    title = "You may not do this"


class NotFound(ShopError):
    """Not there, or another organization's."""

    status = 404
    code = "not-found"
    title = "Not found"


class Conflict(ShopError):
    """The state forbids it; reload and look again."""

    status = 409
    code = "conflict"
    title = "The current state forbids this"


class IllegalTransition(Conflict):
    code = "illegal-transition"
    title = "This change of state is not possible"


class Gone(ShopError):
    status = 410
    code = "gone"
    title = "This is over"


class TooLarge(ShopError):
    status = 413
    code = "too-large"
    title = "Too large"


class TooMany(ShopError):
    """A rate limit; ``retry_after_s`` says when to come back."""

    status = 429
    code = "too-many-requests"
    title = "Too many requests"


class Unavailable(ShopError):
    """An upstream or a device does not answer; worth trying again."""

    status = 503
    code = "unavailable"
    title = "Not available right now"


class BrokenUpstream(Unavailable):
    """An upstream answered, but with something that is not an answer."""

    status = 502
    code = "broken-upstream"
    title = "The other service gave a broken answer"
