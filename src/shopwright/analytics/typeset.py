"""The child process that sets one report: content as JSON in, PDF out. Imports nothing of ours, so
that it starts at once."""

import resource
import sys
from importlib.resources import files

import typst

MEMORY_BYTES = 2 * 1024**3  # of addresses: typst maps its fonts and starts a thread per core
CPU_S = 45


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    template = files("shopwright.analytics").joinpath("report.typ").read_bytes()
    content = sys.stdin.buffer.read().decode()
    # The fonts that typst brings along, so that a report looks the same on every machine.
    pdf = typst.compile(template, ignore_system_fonts=True, sys_inputs={"content": content})
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()
