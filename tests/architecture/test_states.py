"""Every table of states is complete: each state is reached, none but the last ones is a trap."""

import importlib
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import ModuleType

import pytest

import shopwright
from shopwright.kernel import effects
from shopwright.print_jobs import models, states

SOURCE = Path(shopwright.__file__).parent
Table = Mapping[StrEnum, frozenset[StrEnum]]


def modules() -> list[ModuleType]:
    names = sorted(path.parent.name for path in SOURCE.glob("*/states.py"))
    return [importlib.import_module(f"shopwright.{name}.states") for name in names] + [effects]


def tables() -> dict[str, Table]:
    return {
        f"{module.__name__.removeprefix('shopwright.')}.{name}": getattr(module, name)
        for module in modules()
        for name in vars(module)
        if name.endswith("TRANSITIONS")
    }


def kind_of(table: Table) -> type[StrEnum]:
    return type(next(iter(table)))


TABLES = tables()


def test_the_states_of_all_slices_are_looked_at() -> None:
    assert {
        "orders.states.TRANSITIONS",
        "orders.states.STEP_TRANSITIONS",
        "print_jobs.states.TRANSITIONS",
        "print_jobs.states.ATTEMPT_TRANSITIONS",
        "fleet.states.COMMAND_TRANSITIONS",
        "shipping.states.TRANSITIONS",
        "kernel.effects.TRANSITIONS",
    } <= TABLES.keys()


@pytest.mark.parametrize("name", TABLES)
def test_every_state_stands_in_its_table(name: str) -> None:
    assert set(TABLES[name]) == set(kind_of(TABLES[name]))


@pytest.mark.parametrize("name", TABLES)
def test_every_state_is_reached_from_the_first(name: str) -> None:
    table = TABLES[name]
    first = next(iter(kind_of(table)))
    reached: set[StrEnum] = set()
    waiting = [first]
    while waiting:
        state = waiting.pop()
        if state not in reached:
            reached.add(state)
            waiting += table[state]
    assert reached == set(kind_of(table))


@pytest.mark.parametrize("name", TABLES)
def test_no_state_is_a_trap(name: str) -> None:
    """From each there is a way to a last one; what has no last one, as a connection, goes on."""
    table = TABLES[name]
    good = {state for state, targets in table.items() if not targets} or {next(iter(table))}
    while more := {state for state, targets in table.items() if targets & good} - good:
        good |= more
    assert good == set(kind_of(table))


def quoted(condition: object) -> set[str]:
    return set(re.findall(r"'([a-z_]+)'", str(condition)))


def test_partial_indexes_name_the_states_of_their_sets() -> None:
    """They are written as text; the sets beside the enums are what the code asks."""
    assert quoted(models.ACTIVE_JOB) == set(states.ACTIVE)
    assert quoted(models.OPEN_ATTEMPT) == set(states.OPEN_ATTEMPTS)
