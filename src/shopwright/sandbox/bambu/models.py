"""What the printer models differ in (protocol notes 1.1, 1.4, 1.5)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    product_name: str | None  # None: older firmware does not send it
    serial_prefix: str
    board: tuple[str, str]  # name and hw_ver of the module that tells the model apart
    firmware: str
    sends_full_reports: bool  # X1 and later; P1/A1 send deltas
    has_chamber_sensor: bool = False
    has_jpeg_camera: bool = False  # port 6000; the others stream RTSP
    sends_fun: bool = False  # says in print.fun whether commands must be signed
    has_device_block: bool = False  # packed temperatures under print.device
    idle_stage: int = 255
    ams_module: str = "ams/0"

    @property
    def code(self) -> str:
        """What its announcements call it."""
        return CODES[self.name]


CODES = {
    "X1C": "BL-P001", "X1": "BL-P002", "X1E": "C13", "P1P": "C11", "P1S": "C12", "P2S": "N7",
    "A1 mini": "N1", "A1": "N2S", "H2D": "O1D",
}  # fmt: skip


def _p1_like(name: str, prefix: str, hw: str, firmware: str, ams_module: str = "ams/0") -> Model:
    return Model(
        name=name,
        product_name=f"Bambu Lab {name}",
        serial_prefix=prefix,
        board=("esp32", hw),
        firmware=firmware,
        sends_full_reports=False,
        has_jpeg_camera=True,
        ams_module=ams_module,
    )


def _x1_like(name: str, prefix: str, board: tuple[str, str], product: str | None) -> Model:
    return Model(
        name=name,
        product_name=product,
        serial_prefix=prefix,
        board=board,
        firmware="01.08.05.00",
        sends_full_reports=True,
        has_chamber_sensor=True,
        sends_fun=True,
        has_device_block=product is not None,
        idle_stage=-1,
        ams_module="n3f/0" if product else "ams/0",
    )


MODELS: Mapping[str, Model] = {
    model.name: model
    for model in (
        _x1_like("X1C", "00M", ("rv1126", "AP05"), None),
        _x1_like("X1", "00W", ("rv1126", "AP05"), None),
        _x1_like("X1E", "03W", ("ap", "AP02"), None),
        _x1_like("P2S", "22E", ("ap", "AP04"), "Bambu Lab P2S"),
        _x1_like("H2D", "094", ("ap", "AP08"), "Bambu Lab H2D"),
        _p1_like("P1P", "01S", "AP04", "01.07.00.00"),
        _p1_like("P1S", "01P", "AP04", "01.08.00.00"),
        _p1_like("A1", "039", "AP05", "01.05.00.00", "ams_f1/0"),
        _p1_like("A1 mini", "030", "AP05", "01.05.00.00", "ams_f1/0"),
    )
}
