"""Apprise speaks HTTP by ``requests``; here its connections go to checked, pinned addresses.

A context variable says whose call it is: Apprise copies the context into its worker threads, and
whatever else uses ``urllib3`` in this process is left alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from urllib3.util import connection

from shopwright.kernel.egress import EgressPolicy, pin_blocking
from shopwright.kernel.errors import ShopError

_POLICY: ContextVar[EgressPolicy | None] = ContextVar("apprise_policy", default=None)
_connect = connection.create_connection


class NotCalled(OSError):
    """Inside ``requests`` only an OSError is taken for a failed connection."""


@contextmanager
def guarded(policy: EgressPolicy) -> Iterator[None]:
    """Connections opened inside, in threads started from here as well, keep to the policy."""
    token = _POLICY.set(policy)
    try:
        yield
    finally:
        _POLICY.reset(token)


def _create_connection(address: tuple[str, int], *arguments: Any, **more: Any) -> Any:
    policy = _POLICY.get()
    if policy is None:
        return _connect(address, *arguments, **more)
    host, port = address
    try:
        pinned = pin_blocking(host, port, policy)
    except ShopError as err:
        raise NotCalled(err.detail) from err
    return _connect((pinned, port), *arguments, **more)


connection.create_connection = _create_connection
