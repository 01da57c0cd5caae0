"""The ``shopwright`` program's way in: imports first, without the garbage collector."""

import gc


def main() -> None:
    """Nothing that is imported ever becomes garbage, and looking for some in it costs a fifth of
    the start; frozen, it is not looked through later either."""
    gc.disable()
    from shopwright.cli.main import main as run  # noqa: PLC0415  the import is what takes the time

    gc.freeze()
    gc.enable()
    run()
