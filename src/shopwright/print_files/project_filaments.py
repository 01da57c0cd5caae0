"""The filaments of a sliced project, and what one plate of a 3MF uses of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from shopwright.print_files.project_settings import ProjectSettings, word_at, words_of
from shopwright.print_files.sliced_file import PlateFilament, UnreadablePrintFile
from shopwright.print_files.slicer_values import (
    MAX_FILAMENTS,
    clean_name,
    density_of,
    read_color,
    read_count,
    read_density,
    read_metres,
    read_milligrams,
    strand_mg,
)


@dataclass(frozen=True, slots=True)
class ProjectFilaments:
    """What the settings list, one string per filament; any list may be short or empty."""

    materials: tuple[str, ...]
    colors: tuple[str, ...]
    products: tuple[str, ...]
    names: tuple[str, ...]
    densities: tuple[str, ...]

    @classmethod
    def of(cls, settings: ProjectSettings) -> "ProjectFilaments":
        return cls(
            materials=words_of(settings.filament_type),
            colors=words_of(settings.filament_colour),
            products=words_of(settings.filament_ids),
            names=words_of(settings.filament_settings_id),
            densities=words_of(settings.filament_density),
        )

    def density(self, index: int, material: str | None) -> float:
        text = word_at(self.densities, index)
        return (read_density(text) if text else None) or density_of(material)


def read_plate_filaments(
    elements: Iterable[Mapping[str, str]], project: ProjectFilaments, *, plate: int
) -> tuple[PlateFilament, ...]:
    """By project index. A dual-nozzle plate may list a filament once per nozzle; it is one."""
    found: dict[int, PlateFilament] = {}
    for attributes in elements:
        filament = _plate_filament(attributes, project)
        before = found.get(filament.project_index)
        found[filament.project_index] = _together(before, filament) if before else filament
    if not found:
        raise UnreadablePrintFile(f"The file lists no filament for plate {plate}.")
    return tuple(found[index] for index in sorted(found))


def _plate_filament(attributes: Mapping[str, str], project: ProjectFilaments) -> PlateFilament:
    index = read_count(attributes.get("id", ""), what="filament id", most=MAX_FILAMENTS)
    material = clean_name(attributes.get("type", "")) or word_at(project.materials, index)
    metres = attributes.get("used_m")
    used_mm = read_metres(metres, what="filament length") if metres else None
    color = read_color(attributes.get("color", ""))
    return PlateFilament(
        project_index=index,
        material=material,
        color=color or read_color(word_at(project.colors, index) or ""),
        used_mg=_used_mg(attributes, used_mm, project.density(index, material), index),
        used_mm=used_mm,
        product=clean_name(attributes.get("tray_info_idx", "")) or word_at(project.products, index),
        name=word_at(project.names, index),
    )


def _used_mg(attributes: Mapping[str, str], used_mm: int | None, density: float, index: int) -> int:
    grams = attributes.get("used_g")
    if grams:
        return read_milligrams(grams, what="grams of filament")
    if used_mm is None:
        raise UnreadablePrintFile(f"The file says neither grams nor metres of filament {index}.")
    return strand_mg(used_mm, density)


def _together(one: PlateFilament, other: PlateFilament) -> PlateFilament:
    lengths = [mm for mm in (one.used_mm, other.used_mm) if mm is not None]
    return replace(
        one, used_mg=one.used_mg + other.used_mg, used_mm=sum(lengths) if lengths else None
    )
