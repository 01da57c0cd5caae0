"""What arrived, for people and programs, and the strings behind the stage."""

from html import escape
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from shopwright.sandbox.smtp.server import Mail, SmtpSandbox

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="5">
<title>Mails of the sandbox</title><style>
body{{font-family:sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem;
color-scheme:light dark}}
article{{border:1px solid #8886;border-radius:6px;padding:.5rem 1rem;margin:1rem 0}}
pre{{white-space:pre-wrap;font:inherit}}small{{opacity:.7}}</style></head>
<body><h1>Mails of the sandbox</h1>{mails}</body></html>"""
ONE = "<article><h3>{subject}</h3><small>{sender} → {recipients}</small><pre>{text}</pre></article>"
NONE = "<p>No mail has arrived yet.</p>"


def make_app(sandbox: SmtpSandbox) -> Starlette:
    async def show(_request: Request) -> Response:
        shown = "".join(_article(mail) for mail in reversed(sandbox.mails))
        return HTMLResponse(PAGE.format(mails=shown or NONE))

    async def mails(request: Request) -> Response:
        if request.method == "DELETE":
            sandbox.mails.clear()
        return JSONResponse([mail.as_json() for mail in sandbox.mails])

    async def refusals(request: Request) -> Response:
        if request.method == "PUT":
            wanted: dict[str, Any] = await request.json()
            sandbox.drops_after_data = bool(wanted.pop("drops_after_data", False))
            sandbox.refuse({str(key): str(value) for key, value in wanted.items()})
        return JSONResponse({**sandbox.refusals, "drops_after_data": sandbox.drops_after_data})

    return Starlette(
        routes=[
            Route("/", show),
            Route("/mails", mails, methods=["GET", "DELETE"]),
            Route("/refusals", refusals, methods=["GET", "PUT"]),
        ]
    )


def _article(mail: Mail) -> str:
    return ONE.format(
        subject=escape(mail.subject),
        sender=escape(mail.sender),
        recipients=escape(", ".join(mail.recipients)),
        text=escape(mail.text),
    )
