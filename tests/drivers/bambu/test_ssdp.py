"""What a Bambu printer announces, read; what is none of that, left alone."""

import pytest

from shopwright.drivers.bambu import ssdp
from shopwright.fleet.discovery.port import Announced

NOTIFY = b"""NOTIFY * HTTP/1.1\r
HOST: 239.255.255.250:1990\r
Server: UPnP/1.0\r
LOCATION: 192.168.1.44\r
NT: urn:bambulab-com:device:3dprinter:1\r
NTS: ssdp:alive\r
USN: 01P00A123400001\r
Cache-Control: max-age=1800\r
DevModel.bambu.com: C12\r
devname.bambu.com: shop: left\r
DevSignal.bambu.com: -44\r
DevConnect.bambu.com: lan\r
DevBind.bambu.com: free\r
DevVersion.bambu.com: 01.07.00.00\r
\r
"""
SEEN = Announced(
    driver="bambu_lan",
    host="192.168.1.44",
    name="shop: left",
    serial="01P00A123400001",
    model="C12",
    firmware="01.07.00.00",
)


def test_an_announcement_is_read_whatever_the_case_of_its_names() -> None:
    assert ssdp.read(NOTIFY, "10.0.0.9") == SEEN


def test_an_answer_says_st_instead_of_nt() -> None:
    answer = NOTIFY.replace(b"NOTIFY * HTTP/1.1", b"HTTP/1.1 200 OK").replace(b"NT:", b"ST:")
    assert ssdp.read(answer, "10.0.0.9") == SEEN


def test_the_sender_counts_where_no_address_is_named() -> None:
    nameless = NOTIFY.replace(b"192.168.1.44", b"http://printer/desc.xml")
    found = ssdp.read(nameless, "10.0.0.9")
    assert found is not None
    assert found.host == "10.0.0.9"


def test_a_printer_bound_to_an_account_says_so() -> None:
    found = ssdp.read(NOTIFY.replace(b"com: lan", b"com: cloud"), "10.0.0.9")
    assert found is not None
    assert found.is_in_cloud


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\xff\xfe\x00",
        ssdp.question(2021),
        NOTIFY.replace(b"ssdp:alive", b"ssdp:byebye"),
        NOTIFY.replace(b"bambulab-com", b"schemas-upnp-org"),
        NOTIFY.replace(b"01P00A123400001", b"<script>"),
        b"HTTP/1.1 200 OK\r\nUSN: 01P00A123400001\r\n",
    ],
)
def test_anything_else_is_no_printer(datagram: bytes) -> None:
    assert ssdp.read(datagram, "10.0.0.9") is None
