"""The hosted page where a buyer pays: one small form, for people and for browser tests."""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from shopwright.sandbox.stripe import sessions
from shopwright.sandbox.stripe.world import Json, World

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Pay (sandbox)</title><style>
body{{font:16px system-ui;max-width:26rem;margin:2rem auto;padding:0 1rem;color:#1a1f36}}
td{{padding:.3rem .6rem .3rem 0}}button{{font:inherit;width:100%;padding:.7rem;margin:.3rem 0;
border:1px solid #635bff;border-radius:6px;background:#fff}}button.good{{background:#635bff;
color:#fff}}.note{{background:#fff4d6;padding:.6rem;border-radius:6px}}</style></head><body>
<p class="note">A stand-in for Stripe: no money moves.</p><h1>{total}</h1><table>{lines}</table>
<form method="post"><button class="good" name="do" value="pay">Pay</button>
<button name="do" value="pay_later">Pay by bank debit (takes days)</button>
<button name="do" value="fail">Pay with a card that is declined</button>
<button name="do" value="expire">Let it expire</button>
<button name="do" value="cancel">Go back</button></form>{message}</body></html>"""


class PayPages:
    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        return [
            Route("/pay/{session}", self._show, methods=["GET"]),
            Route("/pay/{session}", self._act, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        return _page(sessions.find(self._world, request.path_params["session"]), "")

    async def _act(self, request: Request) -> Response:
        session = sessions.find(self._world, request.path_params["session"])
        async with request.form() as form:
            wish = str(form.get("do", ""))
        if session["status"] != "open":
            return _page(session, "")
        match wish:
            case "pay":
                return _leave(session, sessions.pay(self._world, session["id"])["success_url"])
            case "pay_later":
                later = sessions.pay_later(self._world, session["id"])
                return _leave(session, later["success_url"])
            case "expire":
                sessions.expire(self._world, session["id"])
                return _page(session, "")
            case "cancel":
                return _leave(session, session["cancel_url"] or session["success_url"])
        sessions.refuse_card(self._world, session["id"])
        return _page(session, "Your card was declined.")


def _leave(session: Json, url: str) -> Response:
    return RedirectResponse(url.replace("{CHECKOUT_SESSION_ID}", session["id"]), 303)


def _page(session: Json, message: str) -> Response:
    if session["status"] != "open":
        return HTMLResponse(f"<h1>This checkout session is {session['status']}.</h1>", 410)
    lines = "".join(
        f"<tr><td>{line['quantity']} ×</td><td>{escape(line['name'])}</td>"
        f"<td>{line['unit_amount'] / 100:.2f}</td></tr>"
        for line in session["_lines"]
    )
    total = f"{session['amount_total'] / 100:.2f} {session['currency'].upper()}"
    said = f'<p role="alert">{escape(message)}</p>' if message else ""
    return HTMLResponse(PAGE.format(total=total, lines=lines, message=said))
