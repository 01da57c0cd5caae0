"""The XML members of a sliced 3MF, read as a stream: no tree is built, whatever a stranger wrote.

``Metadata/slice_info.config`` holds time, grams and filaments per plate, ``model_settings.config``
the plates' names; both as ``<plate>`` with ``<metadata key= value=>``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from shopwright.print_files.sliced_file import SlicedObject, UnreadablePrintFile
from shopwright.print_files.slicer_values import MAX_FILAMENTS, clean_name, read_count

MAX_XML_BYTES = 16_000_000  # ten thousand objects with their names have about one
MAX_TAG_BYTES = 1_000_000  # layer ranges make the longest; bounds the attributes of one element
MAX_ELEMENTS = 100_000  # a quarter of a second of parsing
MAX_ATTRIBUTES = 300_000  # the parser keeps every name it has seen
MAX_DEPTH = 32  # real ones have four
MAX_PLATES = 100  # Bambu Studio allows 36
MAX_OBJECTS = 10_000
MAX_METADATA = 500  # keys of one plate; real ones have thirty
MAX_WARNINGS = 50
MAX_VALUE = 1_000  # characters; the longest real one lists a number per filament
MAX_IDENTIFY_ID = 2**31 - 1


@dataclass(slots=True)
class PlateElement:
    """One ``<plate>``, its values still text."""

    metadata: dict[str, str] = field(default_factory=dict)
    filaments: list[dict[str, str]] = field(default_factory=list)
    objects: list[SlicedObject] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def number(self) -> int | None:
        text = self.metadata.get("index") or self.metadata.get("plater_id")
        return read_count(text, what="plate number", most=MAX_PLATES) if text else None


@dataclass(slots=True)
class PlateList:
    header: dict[str, str] = field(default_factory=dict)
    plates: list[PlateElement] = field(default_factory=list)


def read_plate_list(chunks: Iterable[bytes], *, name: str) -> PlateList:
    """Raises UnreadablePrintFile for XML that is broken, declares entities or holds too much."""
    sink = _PlateListSink(name)
    parser = XMLParser(target=sink, encoding="utf-8", forbid_dtd=True)
    try:
        for chunk in _bounded_tags(chunks, name):
            parser.feed(chunk)
        parser.close()
    except DefusedXmlException as err:
        raise UnreadablePrintFile(
            f"{name} declares a document type or entities. No slicer writes that; "
            "the file is not accepted."
        ) from err
    except (ParseError, ValueError) as err:
        raise UnreadablePrintFile(f"{name} is not well-formed XML in UTF-8: {err}.") from err
    return sink.result


def _bounded_tags(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """``<`` cannot stand inside a tag, so the bytes since the last one bound the tag's length."""
    since = 0
    for chunk in chunks:
        if b"\0" in chunk:  # UTF-16, in which "<" would not be this one byte
            raise UnreadablePrintFile(
                f"{name} is not well-formed XML in UTF-8: it holds zero bytes."
            )
        last = chunk.rfind(b"<")
        since = since + len(chunk) if last < 0 else len(chunk) - last
        if since > MAX_TAG_BYTES:
            raise UnreadablePrintFile(
                f"{name} has an element of more than {MAX_TAG_BYTES:,} bytes."
            )
        yield chunk


class _PlateListSink:
    """Parser target. Counts everything it is given, keeps only what is known."""

    def __init__(self, name: str) -> None:
        self.result = PlateList()
        self._name = name
        self._plate: PlateElement | None = None
        self._depth = 0
        self._elements = 0
        self._attributes = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        self._refuse_beyond(self._depth, MAX_DEPTH, "levels of elements")
        self._attributes += len(attributes)
        self._refuse_beyond(self._elements, MAX_ELEMENTS, "elements")
        self._refuse_beyond(self._attributes, MAX_ATTRIBUTES, "attributes")
        if tag == "plate":
            self._open_plate()
        elif tag == "header_item":
            self._keep(self.result.header, attributes)
        elif self._plate is not None:
            self._fill(self._plate, tag, attributes)

    def end(self, tag: str) -> None:
        self._depth -= 1
        if tag == "plate":
            self._plate = None

    def _open_plate(self) -> None:
        self._plate = PlateElement()
        self.result.plates.append(self._plate)
        self._refuse_beyond(len(self.result.plates), MAX_PLATES, "plates")

    def _fill(self, plate: PlateElement, tag: str, attributes: dict[str, str]) -> None:
        if tag == "metadata":
            self._keep(plate.metadata, attributes)
        elif tag == "filament":
            plate.filaments.append({k: v[:MAX_VALUE] for k, v in attributes.items()})
            self._refuse_beyond(len(plate.filaments), MAX_FILAMENTS, "filaments on a plate")
        elif tag == "object":
            self._add_object(plate, attributes)
        elif tag == "warning" and len(plate.warnings) < MAX_WARNINGS:
            plate.warnings.append(clean_name(attributes.get("msg", "")).replace("_", " "))

    def _add_object(self, plate: PlateElement, attributes: dict[str, str]) -> None:
        identify_id = attributes.get("identify_id")
        if identify_id is None:
            return
        number = read_count(identify_id, what="object id", most=MAX_IDENTIFY_ID, least=0)
        plate.objects.append(SlicedObject(number, clean_name(attributes.get("name", ""))))
        self._refuse_beyond(len(plate.objects), MAX_OBJECTS, "objects on a plate")

    def _keep(self, target: dict[str, str], attributes: dict[str, str]) -> None:
        key, value = attributes.get("key", ""), attributes.get("value", "")
        target[key[:MAX_VALUE]] = value[:MAX_VALUE]
        self._refuse_beyond(len(target), MAX_METADATA, "values on a plate")

    def _refuse_beyond(self, count: int, most: int, what: str) -> None:
        if count > most:
            raise UnreadablePrintFile(f"{self._name} has more than {most:,} {what}.")
