"""Codes of the webstore's catalogue: what links and clients call a thing, such as ``iphone-15``."""

import re
import unicodedata

from shopwright.kernel.errors import Conflict, Invalid

CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
COLOR = re.compile(r"#[0-9a-f]{6}")
MAX_CODE = 60


class CatalogCodeTaken(Conflict):
    code = "catalog-code-taken"
    title = "This is there already"


def code_of(name: str) -> str:
    """``iPhone 15 Pro`` → ``iphone-15-pro``; raises Invalid when nothing is left of it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    code = "-".join(re.findall(r"[a-z0-9]+", plain.replace("&", " and ")))[:MAX_CODE].strip("-")
    if not code:
        raise Invalid("Give it a code of letters a-z and digits: its name has none.")
    return code


def check_code(text: str) -> str:
    """The code as it is kept; raises Invalid."""
    code = text.strip().lower()
    if len(code) > MAX_CODE or not CODE.fullmatch(code):
        raise Invalid(
            f"A code has letters a-z, digits and single hyphens, at most {MAX_CODE}, "
            "like iphone-15-pro."
        )
    return code


def check_color(text: str) -> str:
    """``#rrggbb`` in lower case, also from ``#rgb``; raises Invalid."""
    color = text.strip().lower()
    if re.fullmatch(r"#[0-9a-f]{3}", color):
        color = "#" + "".join(letter * 2 for letter in color[1:])
    if not COLOR.fullmatch(color):
        raise Invalid(f"{text.strip()[:20]!r} is no colour. Write it like #1e40af.")
    return color
