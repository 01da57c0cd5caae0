"""Virtual printers that print something long and note when they reported each layer of it.

    python benchmarks/reporting_printers.py COUNT FOLDER

Prints one JSON line with their ports once all of them listen. At SIGTERM it ends and writes
``FOLDER/told.json``: by serial the layer and the moment (of the monotonic clock, which the
processes of a machine share) of every report in which the layer had moved.
"""

import asyncio
import json
import re
import resource
import signal
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from shopwright.sandbox.bambu import Knobs, PrinterConfig, VirtualPrinter
from shopwright.sandbox.bambu.certificates import Authority
from shopwright.sandbox.sliced_files import SlicedPlate, make_gcode_3mf

LAYERS = 36_000  # one a second, so that every report says something new
WARM_UP_S = 600
FILE = "long.gcode.3mf"
FACTS = ("name", "serial", "access_code", "host", "mqtt_port", "ftps_port")
FILES = 256
FILES_PER_PRINTER = 6
LAYER = re.compile(rb'"layer_num":(\d+)')


class NotingPrinter(VirtualPrinter):
    """An X1C: it says everything each time. Compact, its report has 3.2 KB."""

    told: list[tuple[int, float]]

    def _publish_report(self, payload: bytes) -> None:
        compact = msgspec.json.format(payload, indent=-1)
        found = LAYER.search(compact)
        layer = int(found[1]) if found else 0
        if layer and (not self.told or self.told[-1][0] != layer):
            self.told.append((layer, time.monotonic()))
        super()._publish_report(compact)


def printer(number: int, card: Path, authority: Authority) -> NotingPrinter:
    config = PrinterConfig(
        serial=f"00M00A{number:09d}", name=f"Printer {number}", model="X1C", folder=card,
        knobs=Knobs(),
    )  # fmt: skip
    made = NotingPrinter(config, authority)
    made.told = []
    return made


async def run(count: int, folder: Path) -> None:
    card = folder / "card"
    card.mkdir(parents=True)
    plate = SlicedPlate(name="long", prediction_s=LAYERS, layers=LAYERS)
    make_gcode_3mf(card / FILE, plates=[plate])
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES + count * FILES_PER_PRINTER, most), most))
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    authority = Authority()
    async with AsyncExitStack() as stack:
        printers = [printer(number, card, authority) for number in range(1, count + 1)]
        for one in printers:
            await stack.enter_async_context(one)
        for one in printers:
            one.start_at_screen(FILE)
            one.skip_ahead(WARM_UP_S)
            await asyncio.sleep(1 / count)  # printers do not all report in the same moment
        say({"printers": [{name: getattr(one, name) for name in FACTS} for one in printers]})
        await ended.wait()
        (folder / "told.json").write_text(json.dumps({one.serial: one.told for one in printers}))


def say(facts: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(run(int(sys.argv[1]), Path(sys.argv[2])))
