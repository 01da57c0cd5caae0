"""The published description of the API is true: whatever comes, no route answers what it does not
document, and nothing ends in a server error."""

from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.contracts.served import URL, Served

CHECKED = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
LEFT_OUT = {
    "POST /api/orders/sync",  # waits twenty seconds for a worker; tests/channels has one
    "POST /api/products/sync-etsy",  # the same
    "GET /api/printers/{printer}/camera/snapshot",  # nobody is there; tests/fleet has a printer
    "GET /api/printers/{printer}/camera/stream",  # the same
    "GET /api/parts/labels",  # a process each; tests/parts makes some
    "GET /api/parts/{part}/label",  # the same
    "PUT /api/parts/auth/onshape/keys",  # asks Onshape, 503; tests/parts/onshape has a stand-in
}
FEW, MANY = 3, 60  # examples per route and kind of input
SHARES = 4  # of the routes, so that several workers go through them at once


@pytest.mark.timeout(240)
@pytest.mark.parametrize("share", range(SHARES))
def test_no_route_answers_what_it_does_not_document(served: Served, share: int) -> None:
    assert broken_promises(served, FEW, share) == {}


@pytest.mark.long
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("share", range(SHARES))
def test_no_route_answers_what_it_does_not_document_whatever_comes(
    served: Served, share: int
) -> None:
    assert broken_promises(served, MANY, share) == {}


def broken_promises(served: Served, examples: int, share: int) -> dict[str, str]:
    """What schemathesis found, by route."""
    found = {}
    schema = schemathesis.openapi.from_dict(served.document)
    for result in islice(schema.get_all_operations(), share, None, SHARES):
        operation: Any = result.ok()  # type: ignore[union-attr]  # ours is no invalid schema
        is_paper = operation.label.endswith(".pdf")  # a process each; ?format=pdf is the same
        if operation.label not in LEFT_OUT and not is_paper:
            headers, rows = served.sign_in(), served.rows(operation.path)
            for mode in GenerationMode:
                check = _check_of(
                    served, operation.as_strategy(generation_mode=mode), headers, rows
                )
                problem = _problem_of(_bounded(check, examples))
                if problem:
                    found[f"{operation.label} ({mode.value})"] = problem
    return found


def _check_of(
    served: Served, cases: Any, headers: dict[str, str], rows: dict[str, int | str]
) -> Callable[[], None]:
    @given(case=cases, is_known=st.booleans())
    def check(case: Case[Any], is_known: bool) -> None:
        if is_known:
            case.path_parameters = {**(case.path_parameters or {}), **rows}
            # a stranger's ends every request at 403, and none some at 400
            case.query = {**(case.query or {}), "organizationId": served.organization}
        arguments = case.as_transport_kwargs(base_url=URL)
        arguments["headers"] = {**(arguments.get("headers") or {}), **headers}
        case.validate_response(served.send(arguments), checks=CHECKED)

    return check


def _bounded(check: Callable[[], None], examples: int) -> Callable[[], None]:
    return hypothesis_settings(
        max_examples=examples,
        phases=[Phase.generate],  # shrinking costs minutes and tells no more
        suppress_health_check=list(HealthCheck),
        database=None,
    )(check)


def _problem_of(check: Callable[[], None]) -> str | None:
    """All routes are tried before the test fails."""
    try:
        check()
    except Unsatisfiable:
        return None  # nothing can be wrong where nothing is asked for
    except (FailureGroup, Exception) as err:  # noqa: BLE001  it is told
        return str(err)
    return None
