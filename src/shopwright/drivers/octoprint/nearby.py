"""OctoPrint announces itself by mDNS, unless its discovery plugin is switched off."""

from functools import partial

from shopwright.drivers.polled.mdns import listen_for

listen = partial(listen_for, "_octoprint._tcp.local.", "octoprint")
