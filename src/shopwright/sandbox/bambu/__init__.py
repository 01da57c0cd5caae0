"""Virtual Bambu printers on the real protocols: MQTT over TLS, implicit FTPS, camera.

    config = PrinterConfig(serial="01P00A000000001", access_code="12345678", model="P1S")
    async with VirtualPrinter(config) as printer:
        printer.host, printer.mqtt_port, printer.ftps_port, printer.camera_port, printer.fingerprint
        printer.knobs.speed = 600        # a 10-minute print takes a second
        printer.knobs.fail_at_percent = 40
        await printer.until(lambda p: p.machine.state == "FAILED")
        printer.prints[0].outcome, printer.prints[0].consumed_mg, printer.machine.refusals

Every knob stands in ``knobs.Knobs`` and may be turned at any time. What a person does at the
machine are methods: ``user_cancel user_pause user_resume start_at_screen put_spool clear_plate
power_off power_on reboot drop change_access_code fail skip_ahead``. ``printer.prints`` logs every
physical print with what it consumed; ``printer.folder`` is the card. Models: ``models.MODELS``; X1,
P2S and H2 send full reports and have no JPEG camera (``camera_port`` None), P1 and A1 send deltas.

Files to print come from ``shopwright.sandbox.sliced_files.make_gcode_3mf``. Many printers with an
HTTP control API in one process: ``python -m shopwright.sandbox.bambu --config farm.json``.
"""

from shopwright.sandbox.bambu.announcer import Announcing
from shopwright.sandbox.bambu.certificates import Authority
from shopwright.sandbox.bambu.job import PrintOutcome, PrintRecord
from shopwright.sandbox.bambu.knobs import AckMode, AuthMode, Knobs, UploadFate
from shopwright.sandbox.bambu.machine import GcodeState
from shopwright.sandbox.bambu.printer import PrinterConfig, VirtualPrinter
from shopwright.sandbox.bambu.spools import Spool

__all__ = [
    "AckMode",
    "Announcing",
    "AuthMode",
    "Authority",
    "GcodeState",
    "Knobs",
    "PrintOutcome",
    "PrintRecord",
    "PrinterConfig",
    "Spool",
    "UploadFate",
    "VirtualPrinter",
]
