"""A small keep-alive load generator on raw sockets: it must cost less than what it measures."""

import asyncio
import time
from dataclasses import dataclass

HEADER_END = b"\r\n\r\n"


@dataclass(slots=True)
class Load:
    requests: int
    seconds: float
    latencies: list[float]
    status: int
    body_bytes: int

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def median_ms(self) -> float:
        return sorted(self.latencies)[len(self.latencies) // 2] * 1000


async def run_load(
    port: int, path: str, headers: dict[str, str], *, seconds: float, connections: int
) -> Load:
    """Bounded in time; every connection sends its next request when the last is answered."""
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    load = Load(0, seconds, [], 0, 0)
    until = time.perf_counter() + seconds
    await asyncio.gather(*(_connection(port, request, until, load) for _ in range(connections)))
    return load


async def _connection(port: int, request: bytes, until: float, load: Load) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while time.perf_counter() < until:
            started = time.perf_counter()
            writer.write(request)
            load.status, load.body_bytes = await _read_answer(reader)
            load.latencies.append(time.perf_counter() - started)
            load.requests += 1
    finally:
        writer.close()


async def _read_answer(reader: asyncio.StreamReader) -> tuple[int, int]:
    head = await reader.readuntil(HEADER_END)
    status = int(head[9:12])
    lower = head.lower()
    if b"transfer-encoding: chunked" in lower:
        return status, await _read_chunks(reader)
    at = lower.find(b"content-length:")
    length = int(lower[at + 15 : lower.index(b"\r\n", at)]) if at >= 0 else 0
    await reader.readexactly(length)
    return status, length


async def _read_chunks(reader: asyncio.StreamReader) -> int:
    total = 0
    while size := int(await reader.readline(), 16):
        await reader.readexactly(size + 2)
        total += size
    await reader.readline()
    return total
