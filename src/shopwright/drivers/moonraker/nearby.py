"""Moonraker announces itself by mDNS where its configuration has a ``[zeroconf]`` section."""

from functools import partial

from shopwright.drivers.polled.mdns import listen_for

listen = partial(listen_for, "_moonraker._tcp.local.", "moonraker")
