"""The API's documentation, from assets of our own: no other host is asked for anything."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from shopwright.kernel.edge import get_process
from shopwright.web import templating

router = APIRouter(include_in_schema=False)


@router.get("/docs")
@router.get("/api/docs")
async def show_api_docs(request: Request) -> HTMLResponse:
    base_path = get_process(request).settings.pages_path
    return HTMLResponse(templating.render(base_path, "api_docs.html", {}))
