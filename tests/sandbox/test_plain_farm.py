"""The control API of the stand-ins that print plain G-code."""

import httpx

from shopwright.sandbox.octoprint import OctoPrintSandbox
from shopwright.sandbox.plain.farm import control_app
from shopwright.sandbox.plain.server import StandInConfig


async def test_stand_ins_are_looked_at_and_disturbed() -> None:
    async with OctoPrintSandbox(StandInConfig(name="left")) as printer:
        transport = httpx.ASGITransport(control_app({"left": printer}))
        async with httpx.AsyncClient(transport=transport, base_url="http://control") as client:
            [shown] = (await client.get("/printers")).json()
            await client.post("/printers/left/knobs", json={"speed": 30})
            started = (await client.post("/printers/left/actions/start_at_screen")).json()
            ended = (await client.post("/printers/left/actions/user_cancel")).json()
            refusals = [
                (await client.post(path, json=body)).text
                for path, body in (
                    ("/printers/left/knobs", {"colour": "red"}),
                    ("/printers/left/actions/make_app", {}),
                    ("/printers/left/actions/skip_ahead", {"minutes": 3}),
                    ("/printers/right/knobs", {}),
                )
            ]
    assert (shown["kind"], shown["port"], shown["state"]) == ("octoprint", printer.port, "idle")
    assert (printer.knobs.speed, started["state"], ended["state"]) == (30, "printing", "cancelled")
    assert ended["prints"] == [{"file": "screen.gcode", "source": "screen", "outcome": "cancelled"}]
    assert refusals[:2] == [
        "There is no knob colour.",
        "The stand-in octoprint has no action make_app.",
    ]
    assert "unexpected keyword argument 'minutes'" in refusals[2]
    assert refusals[3] == "No printer has this name."
