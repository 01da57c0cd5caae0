"""``python -m shopwright.sandbox prusalink --count 3``: see ``plain.farm``."""

from shopwright.sandbox.plain.farm import run
from shopwright.sandbox.prusalink.server import PrusaLinkSandbox


def main() -> None:
    run(PrusaLinkSandbox)


if __name__ == "__main__":
    main()
