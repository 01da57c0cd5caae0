"""What parts are made of, and how much a cubic centimetre of it weighs."""

from collections.abc import Mapping
from dataclasses import dataclass

from shopwright.kernel.errors import Invalid

MG_PER_G = 1000
MM3_PER_CM3 = 1000


class UnknownMaterial(Invalid):
    code = "material-unknown"
    title = "The density of this material is not known"


@dataclass(frozen=True, slots=True)
class Material:
    """``density`` in grams per cubic centimetre, as data sheets print it for common grades."""

    name: str
    density: float
    other_names: tuple[str, ...] = ()


MATERIALS = (
    Material("Aluminum", 2.70, ("aluminium", "alu", "6061", "6061-t6", "7075", "5052")),
    Material("Polycarb", 1.20, ("polycarbonate", "pc", "lexan")),
    Material("Acrylic", 1.18, ("pmma", "plexiglass", "plexiglas", "perspex")),
    Material("Steel", 7.85, ("mild steel", "carbon steel")),
    Material("Stainless steel", 8.00, ("stainless", "inox", "304", "316")),
    Material("Brass", 8.50),
    Material("Copper", 8.96),
    Material("Titanium", 4.43, ("ti-6al-4v",)),
    Material("Delrin", 1.41, ("pom", "acetal")),
    Material("HDPE", 0.95),
    Material("Nylon", 1.14, ("pa", "pa6", "pa12")),
    Material("Plywood", 0.68, ("wood", "baltic birch")),
    Material("MDF", 0.75),
    Material("Carbon fiber", 1.60, ("carbon fibre", "cfrp")),
    Material("Fiberglass", 1.85, ("g10", "fr4", "garolite")),
    Material("PLA", 1.24),
    Material("PETG", 1.27),
    Material("ABS", 1.04),
    Material("ASA", 1.07),
    Material("TPU", 1.21),
    Material("Resin", 1.12),
)

_BY_NAME: Mapping[str, Material] = {
    name.casefold(): material
    for material in MATERIALS
    for name in (material.name, *material.other_names)
}


def find_material(name: str | None) -> Material | None:
    """By any of its names, whatever the case; None when its density is not known."""
    return _BY_NAME.get(" ".join((name or "").split()).casefold())


def get_material(name: str) -> Material:
    """Raises UnknownMaterial with the names that are known."""
    found = find_material(name)
    if found is None:
        known = ", ".join(material.name for material in MATERIALS)
        raise UnknownMaterial(f"The density of “{name[:80]}” is not known. Known: {known}.")
    return found


def mass_g(volume_mm3: float, material: Material) -> float:
    """To the milligram."""
    return round(volume_mm3 / MM3_PER_CM3 * material.density, 3)
