"""``python -m shopwright.sandbox moonraker --count 3``: see ``plain.farm``."""

from shopwright.sandbox.moonraker.server import MoonrakerSandbox
from shopwright.sandbox.plain.farm import run


def main() -> None:
    run(MoonrakerSandbox)


if __name__ == "__main__":
    main()
