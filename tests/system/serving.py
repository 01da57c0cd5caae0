"""TEMPORARY: serve with hooks until the print job routes are there."""

from datetime import UTC, datetime

from fastapi import Request

from shopwright.fleet import service as fleet
from shopwright.kernel.actor import system_actor
from shopwright.kernel.settings import Settings
from shopwright.print_jobs import attempts, harvest
from shopwright.server import serve as serving
from shopwright.server.running import Roles

real = serving.create_app


async def act(what: str, key: int, request: Request) -> dict[str, str]:
    body = await request.json()
    process = request.app.state.process
    ctx = system_actor(1, "person")
    async with process.database.write() as session:
        if what == "resolve":
            await attempts.resolve_attempt(
                session,
                ctx,
                job_id=key,
                answer=attempts.Answer(body["answer"]),
                percent=body.get("percent", 0),
                now=datetime.now(UTC),
            )
        elif what == "back":
            await fleet.put_back_to_work(session, ctx, printer_id=key)
        elif what == "clear":
            await fleet.clear_plate(session, ctx, printer_id=key)
        elif what == "harvest":
            await harvest.harvest_job(
                session, ctx, job_id=key, good=body["good"], now=datetime.now(UTC)
            )
    return {}


def create(*args):
    app = real(*args)
    app.post("/test/{what}/{key}")(act)
    return app


if __name__ == "__main__":
    serving.create_app = create
    serving.serve(Settings(), Roles())
