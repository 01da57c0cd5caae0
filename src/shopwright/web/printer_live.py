"""What the page of a printer fetches by itself: its camera, and its temperatures over time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from shopwright.accounts.access import ViewerCtx
from shopwright.fleet import service as fleet
from shopwright.fleet.cameras.answers import answer_stream
from shopwright.kernel.edge import Now, ProcessDep, Read, Ref, path_ref
from shopwright.telemetry import curves
from shopwright.telemetry.access import TelemetryDep
from shopwright.telemetry.curves import Curve
from shopwright.web.fragments import zone_for
from shopwright.web.page import NO_STORE

router = APIRouter(include_in_schema=False)

PrinterRef = Annotated[Ref, path_ref("printer")]
Label = Callable[[datetime], str]
SPAN = timedelta(hours=1)
POINTS = 180  # 20 s each
LINES = (
    ("Nozzle", "nozzle", "nozzle_target", "red"),
    ("Bed", "bed", "bed_target", "blue"),
    ("Chamber", "chamber", None, "green"),
)


@router.get("/printers/{printer}/camera")
async def show_camera(request: Request, ctx: ViewerCtx, printer: PrinterRef) -> Response:
    """Pictures as they come, until the sign-in ends or the time is over."""
    return await answer_stream(request, ctx, printer)


@router.get("/printers/{printer}/temperatures")
async def show_temperatures(
    ctx: ViewerCtx,
    session: Read,
    process: ProcessDep,
    telemetry: TelemetryDep,
    now: Now,
    printer: PrinterRef,
) -> JSONResponse:
    """The last hour, as far as the ring of samples goes back, in a bounded number of points."""
    found = await fleet.get_living_printer(session, ctx, printer)
    samples = await telemetry.list_samples(ctx, found.id)
    curve = curves.thin(samples, since=now - SPAN, until=now, points=POINTS)
    zone = await zone_for(process, ctx.organization_id)
    return JSONResponse(
        chart_of(curve, lambda at: f"{at.astimezone(zone):%H:%M}"), headers=NO_STORE
    )


def chart_of(curve: Curve, label: Label) -> dict[str, Any]:
    """Only what was ever reported in this time; empty lines would say that there is a sensor."""
    lines = [
        {
            "label": name,
            "tone": tone,
            "values": curve.values[measured],
            "targets": curve.values[wanted] if wanted else [],
        }
        for name, measured, wanted, tone in LINES
        if any(value is not None for value in curve.values[measured])
    ]
    return {"labels": [label(at) for at in curve.at], "lines": lines}
