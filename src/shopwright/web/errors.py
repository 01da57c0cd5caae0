"""Errors as people see them: a page, a message in the page for htmx, the log-in page."""

from urllib.parse import quote

from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shopwright.kernel.edge import route_path
from shopwright.kernel.errors import ShopError, Unauthenticated
from shopwright.web import templating
from shopwright.web.shop_page import render_shop


def wants_page(request: Request) -> bool:
    """Whether a browser asked for something to look at; programs get problem details."""
    if _is_htmx(request):
        return True
    path = request.scope["path"].removeprefix(request.scope.get("root_path") or "")
    return "text/html" in request.headers.get("accept", "") and not path.startswith("/api/")


def error_page(request: Request, error: ShopError) -> Response:
    """The error as HTML, with its status; who is not signed in is sent to do so."""
    base = request.app.state.settings.pages_path
    if isinstance(error, Unauthenticated):
        return _to_log_in(request, base)
    if _is_htmx(request):
        html = templating.render(
            base, "parts/toast.html", {"sentence": error.detail, "tone": "red"}
        )
        headers = {"HX-Retarget": "#messages", "HX-Reswap": "beforeend"}
        return HTMLResponse(html, status_code=error.status, headers=headers)
    request_id = getattr(request.state, "request_id", "")
    shown = {"error": error, "request_id": request_id}
    if _is_in_shop(request):
        return render_shop(request, "shop/error.html", shown, status=error.status)
    html = templating.render(base, "error.html", shown)
    return HTMLResponse(html, status_code=error.status)


def _is_in_shop(request: Request) -> bool:
    """Strangers stay in the shop; they have no work to go back to."""
    return f"{route_path(request)}/".startswith(("/shop/", "/kiosk/"))


def _to_log_in(request: Request, base: str) -> Response:
    if _is_htmx(request):
        return Response(status_code=401, headers={"HX-Redirect": f"{base}/login"})
    path = request.scope["path"].removeprefix(request.scope.get("root_path") or "")
    wanted = f"?next={quote(path, safe='/')}" if request.method == "GET" and path != "/" else ""
    return RedirectResponse(f"{base}/login{wanted}", status_code=303)


def _is_htmx(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"
