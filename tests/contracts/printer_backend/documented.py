"""The routes of the printer backend that reference (b) describes, and the mark of the test that
proves one."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from tests.contracts.shop_manager.documented import assert_documented, nameless

__all__ = ["assert_documented", "covers", "documented_endpoints", "zulu_time"]

Test = TypeVar("Test", bound=Callable[..., Any])

PRINTED = """
GET /printer-backend
POST /printer-backend/sendPrintJob
POST /printer-backend/upload
GET /printer-backend/fetch/{}
POST /printer-backend/products/{}/handshake
POST /printer-backend/products/{}/status
POST /printer-backend/api/apps/{}/functions/listPendingJobs
POST /printer-backend/api/apps/{}/functions/listRecipientFiles
POST /printer-backend/api/apps/{}/functions/claimJob
POST /printer-backend/api/apps/{}/functions/updatePrinterStatus
GET /printer-backend/recipients/{}/pending
POST /printer-backend/control
GET /printer-backend/control
POST /printer-backend/control/ack
POST /printer-backend/control/result
POST /printer-backend/printer-status
"""


def documented_endpoints() -> set[str]:
    return {line for line in PRINTED.split("\n") if line}


def covers(*endpoints: str) -> Callable[[Test], Test]:
    """Mark the test that proves documented endpoints."""
    unknown = {nameless(endpoint) for endpoint in endpoints} - documented_endpoints()
    assert not unknown, f"not documented: {unknown}"
    return lambda test: test


def zulu_time(value: Any) -> bool:
    """``2025-10-31T10:00:00Z``."""
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value):
        return False
    datetime.fromisoformat(value)
    return True
