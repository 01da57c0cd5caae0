"""States of connections and syncs, and the adapter that is found by name."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest

from shopwright.channels.adapters import ETSY, Adapters
from shopwright.channels.states import (
    CONNECTION_TRANSITIONS,
    OPEN_SYNCS,
    SYNC_TRANSITIONS,
    ConnectionStatus,
    SyncStatus,
)
from shopwright.channels.tokens import NewConsent
from shopwright.integrations.etsy.adapter import EtsyAdapter
from shopwright.kernel.settings import Settings

TABLES: list[tuple[Any, Any, Mapping[Any, frozenset[Any]], set[Any]]] = [
    (ConnectionStatus, ConnectionStatus.CONNECTED, CONNECTION_TRANSITIONS, set()),
    (SyncStatus, SyncStatus.REQUESTED, SYNC_TRANSITIONS, set(SyncStatus) - OPEN_SYNCS),
]


@pytest.mark.parametrize(("states", "first", "transitions", "ends"), TABLES)
def test_every_state_is_reached_and_only_ends_have_no_exit(
    states: type[StrEnum],
    first: StrEnum,
    transitions: Mapping[Any, frozenset[Any]],
    ends: set[StrEnum],
) -> None:
    reached = {first}.union(*transitions.values())
    assert reached == set(states)
    assert {state for state in states if not transitions[state]} == ends


async def test_etsys_adapter_is_found_by_its_entry_point(settings: Settings) -> None:
    adapter = Adapters().make(settings, ETSY, NewConsent())
    assert isinstance(adapter, EtsyAdapter)
    async with adapter:
        begun = adapter.begin_connect("http://shop.test/etsy/callback")
    assert begun.url.startswith(settings.etsy_auth_url)
