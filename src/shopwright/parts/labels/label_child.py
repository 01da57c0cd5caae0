"""The child process that sets labels: ``python -m shopwright.parts.labels.label_child REQUEST``."""

import io
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import segno
import typst

from shopwright.kernel import child
from shopwright.kernel.child import ChildRefusal, Tell

QUIET_ZONE = 2  # modules; the label's own margin adds to it


def main() -> None:
    child.run(_set)


def _set(request: dict[str, Any], tell: Tell) -> dict[str, Any]:  # noqa: ARG001  nothing between
    content = json.loads(Path(request["content"]).read_text())
    for label in content["labels"]:
        label["svg"] = _qr_code(label.pop("url"))
    template = files("shopwright.parts.labels").joinpath("label.typ").read_bytes()
    try:
        # System fonts as well: a name may be in a script that typst's own fonts do not have.
        pdf = typst.compile(template, sys_inputs={"content": json.dumps(content)})
    except typst.TypstError as err:
        raise ChildRefusal(str(err)[:200]) from err
    Path(request["target"]).write_bytes(pdf)
    return {}


def _qr_code(url: str) -> str:
    picture = io.BytesIO()
    segno.make(url, error="m").save(picture, kind="svg", border=QUIET_ZONE)
    return picture.getvalue().decode()


if __name__ == "__main__":
    main()
