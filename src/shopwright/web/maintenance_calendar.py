"""The maintenance calendar, and the history of maintenance as a file."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from shopwright.fleet.maintenance import history as maintenance_history
from shopwright.fleet.maintenance.models import MaintenanceTask
from shopwright.fleet.maintenance.states import TaskStatus
from shopwright.kernel.edge import ALL_ROWS, Paging, Read
from shopwright.web.page import PageCtx
from shopwright.web.reads.maintenance_calendar import read_calendar, read_month

router = APIRouter(include_in_schema=False)


@router.get("/maintenance/calendar")
async def show_calendar(
    page: PageCtx, session: Read, month: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    first = read_month(month, page.now.astimezone(page.zone).date())
    view = await read_calendar(session, page.actor, first, page.shop.currency, page.now, page.zone)
    return page.render(
        "maintenance_calendar.html", active="maintenance", topics="maintenance", view=view
    )


@router.get("/maintenance/history.csv")
async def download_history(page: PageCtx, session: Read) -> Response:
    """What was done or skipped, the latest first."""
    ended = MaintenanceTask.status != TaskStatus.OPEN
    rows, _ = await maintenance_history.list_tasks(
        session, page.actor, ended, paging=Paging(ALL_ROWS, 0)
    )
    named = {"content-disposition": 'attachment; filename="maintenance.csv"'}
    return Response(maintenance_history.to_csv(rows), media_type="text/csv", headers=named)
