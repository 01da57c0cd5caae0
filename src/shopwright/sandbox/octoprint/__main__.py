"""``python -m shopwright.sandbox octoprint --count 3``: see ``plain.farm``."""

from shopwright.sandbox.octoprint.server import OctoPrintSandbox
from shopwright.sandbox.plain.farm import run


def main() -> None:
    run(OctoPrintSandbox)


if __name__ == "__main__":
    main()
