"""The printer models that sliced files name: codes, display names, nozzles, build volumes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shopwright.print_files.sliced_file import UnknownPrinterModel

OTHER_MODEL = "other"  # plain G-code need not name a machine
BAMBU_NOZZLES_MM = (0.2, 0.4, 0.6, 0.8)
PRUSA_NOZZLES_MM = (0.25, 0.3, 0.4, 0.5, 0.6, 0.8)
COMMON_NOZZLES_MM = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True, slots=True)
class PrinterModel:
    """``codes`` are other names that slicers and printers write for it."""

    brand: str
    display: str
    codes: tuple[str, ...]
    nozzles_mm: tuple[float, ...]
    bed_mm: tuple[int, int, int] | None  # x, y, z; None where we have no source


def _bambu(display: str, *codes: str, bed: tuple[int, int, int] | None) -> PrinterModel:
    return PrinterModel("Bambu Lab", display, codes, BAMBU_NOZZLES_MM, bed)


def _prusa(display: str, *codes: str, bed: tuple[int, int, int]) -> PrinterModel:
    return PrinterModel("Prusa", display, codes, PRUSA_NOZZLES_MM, bed)


def _common(
    brand: str, display: str, *codes: str, bed: tuple[int, int, int] | None
) -> PrinterModel:
    return PrinterModel(brand, display, codes, COMMON_NOZZLES_MM, bed)


# Codes: SSDP DevModel and slice_info printer_model_id (printer-protocols 1.1). C11 is the P1P and
# C12 the P1S; one published table has them as X1C and X1, against several real files.
BAMBU_MODELS = (
    _bambu("X1C", "BL-P001", "X1 Carbon", bed=(256, 256, 256)),
    _bambu("X1", "BL-P002", bed=(256, 256, 256)),
    _bambu("X1E", "C13", bed=(256, 256, 256)),
    _bambu("P1P", "C11", bed=(256, 256, 256)),
    _bambu("P1S", "C12", bed=(256, 256, 256)),
    _bambu("P2S", "N7", bed=(256, 256, 256)),
    _bambu("A1 mini", "N1", bed=(180, 180, 180)),
    _bambu("A1", "N2S", bed=(256, 256, 256)),
    _bambu("H2D", "O1D", bed=(350, 320, 325)),
    _bambu("H2D Pro", "O1E", "O2D", bed=(350, 320, 325)),
    _bambu("H2S", "O1S", bed=(340, 320, 340)),
    _bambu("H2C", "O1C", "O1C2", bed=None),
    _bambu("X2D", "N6", bed=None),
    _bambu("A2L", "N9", bed=None),
)
OTHER_BRANDS = (
    _prusa("MK3S", "MK3", "MK3S+", "MK3MMU2", "MK3SMMU2S", "MK3SMMU3", bed=(250, 210, 210)),
    _prusa("MK3.5", "MK3.5S", "MK3.5MMU3", bed=(250, 210, 210)),
    _prusa("MK3.9", "MK3.9S", "MK3.9MMU3", bed=(250, 210, 220)),
    _prusa("MK4", "MK4IS", "MK4MMU3", "MK4ISMMU3", bed=(250, 210, 220)),
    _prusa("MK4S", "MK4SMMU3", "MK4S HF", bed=(250, 210, 220)),
    _prusa("MINI", "MINIIS", "MINI+", bed=(180, 180, 180)),
    _prusa("XL", "XLIS", "XL2", "XL2IS", "XL5", "XL5IS", bed=(360, 360, 360)),
    _prusa("CORE One", "COREONE", "COREONEMMU3", "CORE One HF", bed=(250, 220, 270)),
    _common("Creality", "Ender-3", "ENDER3", "Ender-3 Pro", bed=(220, 220, 250)),
    _common("Creality", "Ender-3 V2", "ENDER3V2", "Ender-3 V2 Neo", bed=(220, 220, 250)),
    _common("Creality", "Ender-3 V3 SE", bed=(220, 220, 250)),
    _common("Creality", "Ender-3 V3 KE", bed=(220, 220, 240)),
    _common("Creality", "Ender-3 S1", "ENDER3S1", "Ender-3 S1 Pro", bed=(220, 220, 270)),
    _common("Creality", "K1", bed=(220, 220, 250)),
    _common("Creality", "K1C", bed=(220, 220, 250)),
    _common("Creality", "K1 Max", bed=(300, 300, 300)),
    _common("Creality", "K2 Plus", bed=(350, 350, 350)),
    _common("Voron", "Voron 0.1", "Voron 0.2", "Voron 0", "Voron v0 120", bed=(120, 120, 120)),
    _common("Voron", "Voron 2.4 250", "Voron v2 250", bed=(250, 250, 250)),
    _common("Voron", "Voron 2.4 300", "Voron v2 300", bed=(300, 300, 300)),
    _common("Voron", "Voron 2.4 350", "Voron v2 350", bed=(350, 350, 350)),
    _common("Voron", "Voron Trident 250", bed=(250, 250, 250)),
    _common("Voron", "Voron Trident 300", bed=(300, 300, 250)),
    _common("Voron", "Voron Trident 350", bed=(350, 350, 250)),
)
ALL_MODELS = (*BAMBU_MODELS, *OTHER_BRANDS)


def get_printer_model(words: str) -> PrinterModel:
    """The model meant by a slicer's name or code; raises UnknownPrinterModel with what is known."""
    model = find_printer_model(words)
    if model is None:
        known = [model.display for model in ALL_MODELS]
        raise UnknownPrinterModel(
            f"This file was sliced for the printer model “{words}”, which is not known here. "
            f"Slice it for one of these: {', '.join(known)}.",
            printer_model=words,
            known_models=known,
        )
    return model


def is_generic(words: str) -> bool:
    """A slicer's profile for any machine of a firmware, like ``Generic Klipper Printer``: it says
    no more of the machine than a file that names none."""
    return words.casefold().startswith("generic ")


def find_printer_model(words: str) -> PrinterModel | None:
    return _BY_NAME.get(_key(words))


def _key(words: str) -> str:
    """Slicers differ in case, blanks and dashes: ``MK4S``, ``Bambu Lab P1S``, ``Voron_v2_350``."""
    return re.sub(r"[^a-z0-9.+]", "", words.casefold())


def _named() -> Iterator[tuple[str, PrinterModel]]:
    for model in ALL_MODELS:
        for name in (model.display, *model.codes):
            yield _key(name), model
            yield _key(f"{model.brand} {name}"), model
            yield _key(f"Original {model.brand} {name}"), model


_BY_NAME: Mapping[str, PrinterModel] = dict(_named())
