"""How much longer a STEP file takes through the program than by the bare library, and what the
shop feels of it.

    python benchmarks/bench_cad.py

A plate with holes, a gear and an assembly of 200 bodies, written by ourselves. Bare: cascadio in a
fresh process with the same tolerances. Through the program: an upload to a running server until it
answers that the model can be looked at; each time another content, as the same one is converted
once. Then four assemblies are converted at once while the order list is asked for. Bounds: 1.25
times the bare library over all files (median of the runs), and twice the order list's median.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench_start import OWNER, served

from tests.parts.step_files import Prism, assembly, gear, plate_with_holes, step_file

RUNS = 3
MAX_RATIO, MAX_SLOWDOWN = 1.25, 2.0
ASKED = 200
AT_ONCE = 4
FILES: dict[str, list[Prism]] = {
    "plate with holes": [plate_with_holes()],
    "gear": [gear()],
    "assembly of 200": assembly(),
}
BARE = "import sys, cascadio; sys.exit(cascadio.step_to_glb(*sys.argv[1:3], 0.1, 0.5))"
BOUNDARY = "shopwright-benchmark"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-cad-") as name:
        folder = Path(name)
        with served(folder) as (_, _, url):
            shop = Shop(url)
            shop.convert(step_file(plate_with_holes(), name="warm"))
            bare_s, ours_s = compare(folder, shop)
            quiet_ms, busy_ms = listen(shop)
    ratio, slowdown = ours_s / bare_s, busy_ms / quiet_ms
    print(f"all files        bare {bare_s:6.2f} s  ours {ours_s:6.2f} s  ratio {ratio:.2f}")
    print(
        f"order list       quiet {quiet_ms:.1f} ms  beside {AT_ONCE} conversions {busy_ms:.1f} ms"
    )
    print(f"bounds           ratio {MAX_RATIO}; {slowdown:.2f} times as slow, of {MAX_SLOWDOWN}")
    print(f"load of this machine {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    sys.exit(ratio > MAX_RATIO or slowdown > MAX_SLOWDOWN)


class Shop:
    """The owner's requests to the running program."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._token = ""
        login = {
            "email": OWNER["SHOPWRIGHT_OWNER_EMAIL"],
            "password": OWNER["SHOPWRIGHT_OWNER_PASSWORD"],
        }
        self._token = self._send("/api/auth/login", json.dumps(login).encode())["token"]
        self._part = self._send("/api/parts", json.dumps({"name": "Benchmark"}).encode())["id"]

    def convert(self, content: bytes, *, wait: bool = True) -> None:
        """Until the model can be looked at, or only until it is taken in."""
        head = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.step"\r\n'
            "Content-Type: application/step\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        path = f"/api/parts/{self._part}/upload" + ("" if wait else "?async=true")
        told = self._send(path, body, f"multipart/form-data; boundary={BOUNDARY}")
        if wait and not told["conversion"]["success"]:
            sys.exit(f"The conversion failed: {told['conversion']['error']}")

    def list_orders_ms(self) -> float:
        begun = time.perf_counter()
        self._send("/api/orders")
        return (time.perf_counter() - begun) * 1000

    def is_converting(self) -> bool:
        return bool(self._send(f"/api/parts/{self._part}/conversion")["progress"] < 100)

    def _send(
        self, path: str, body: bytes | None = None, media_type: str = "application/json"
    ) -> Any:
        headers = {"Content-Type": media_type}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(self._url + path, body, headers)  # noqa: S310  our own
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return json.load(answer)


def compare(folder: Path, shop: Shop) -> tuple[float, float]:
    """Seconds for all files, bare and through the program; each pair of runs right after another,
    so that both see the same machine."""
    bare_s = ours_s = 0.0
    for name, bodies in FILES.items():
        pairs = [_pair(folder, shop, step_file(*bodies, name=f"run {n}")) for n in range(RUNS)]
        bare, ours = (statistics.median(times) for times in zip(*pairs, strict=True))
        print(f"{name:<16} bare {bare:6.2f} s  ours {ours:6.2f} s  ratio {ours / bare:.2f}")
        bare_s, ours_s = bare_s + bare, ours_s + ours
    return bare_s, ours_s


def listen(shop: Shop) -> tuple[float, float]:
    """The order list's median before and while conversions run, in milliseconds."""
    quiet = statistics.median(shop.list_orders_ms() for _ in range(ASKED))
    for number in range(AT_ONCE):
        shop.convert(step_file(*FILES["assembly of 200"], name=f"load {number}"), wait=False)
    busy = [shop.list_orders_ms() for _ in range(ASKED) if shop.is_converting()]
    if not busy:
        sys.exit("The conversions were over before anything was asked.")
    return quiet, statistics.median(busy)


def _pair(folder: Path, shop: Shop, content: bytes) -> tuple[float, float]:
    source = folder / "source.step"
    source.write_bytes(content)
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", BARE, str(source), str(folder / "model.glb")], check=True)
    between = time.perf_counter()
    shop.convert(content)
    return between - begun, time.perf_counter() - between


if __name__ == "__main__":
    main()
