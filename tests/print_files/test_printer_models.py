import pytest

from shopwright.print_files.printer_models import (
    ALL_MODELS,
    BAMBU_MODELS,
    find_printer_model,
    get_printer_model,
)
from shopwright.print_files.sliced_file import UnknownPrinterModel


@pytest.mark.parametrize(
    ("words", "display"),
    [
        ("BL-P001", "X1C"),
        ("Bambu Lab X1 Carbon", "X1C"),
        ("BL-P002", "X1"),
        ("C13", "X1E"),
        ("C11", "P1P"),
        ("C12", "P1S"),
        ("Bambu Lab P1S", "P1S"),
        ("N7", "P2S"),
        ("N1", "A1 mini"),
        ("bambu lab a1 mini", "A1 mini"),
        ("N2S", "A1"),
        ("O1D", "H2D"),
        ("O2D", "H2D Pro"),
        ("O1S", "H2S"),
        ("O1C2", "H2C"),
        ("N6", "X2D"),
        ("N9", "A2L"),
        ("Original Prusa MK4S", "MK4S"),
        ("MK3S", "MK3S"),
        ("XL5IS", "XL"),
        ("COREONE", "CORE One"),
        ("MINI", "MINI"),
        ("Creality Ender-3 V2", "Ender-3 V2"),
        ("Voron_v2_350", "Voron 2.4 350"),
    ],
)
def test_names_and_codes_mean_one_model(words: str, display: str) -> None:
    assert get_printer_model(words).display == display


@pytest.mark.parametrize("words", ["", "P1", "X1CC", "Bambu Lab", "é", "'; DROP TABLE"])
def test_other_words_mean_none(words: str) -> None:
    assert find_printer_model(words) is None
    with pytest.raises(UnknownPrinterModel):
        get_printer_model(words)


def test_display_names_are_unique_and_no_name_means_two_models() -> None:
    displays = [model.display for model in ALL_MODELS]
    assert len(displays) == len(set(displays))
    for model in ALL_MODELS:
        for name in (model.display, *model.codes):
            assert get_printer_model(name) is model


def test_bambu_beds_and_nozzles() -> None:
    beds = {model.display: model.bed_mm for model in BAMBU_MODELS}
    assert beds["P1S"] == (256, 256, 256)
    assert beds["A1 mini"] == (180, 180, 180)
    assert all(model.nozzles_mm == (0.2, 0.4, 0.6, 0.8) for model in BAMBU_MODELS)
