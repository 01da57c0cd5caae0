"""The same reports over Bambu Lab's broker (protocol notes 1.13); its control takes signed commands
only, so nothing but questions is sent there."""

import ssl

import msgspec
from paho.mqtt import client as mqtt

from shopwright.drivers.bambu import tls
from shopwright.drivers.bambu.client import LanClient
from shopwright.drivers.bambu.errors import CredentialRejected, LinkFailed

LOG_IN_AGAIN = "The log-in at Bambu's cloud ran out: log in again under Printers, Bambu cloud."
NO_ACCOUNT = (
    "Its address on the LAN is not known, and no Bambu account here names it: enter the address, "
    "or log in under Printers, Bambu cloud."
)
NO_SERIAL = "A printer is found in Bambu's cloud by its serial number: enter it."
SWITCHED_OFF = "The printer is not connected to Bambu's cloud: is it on and in its network?"


class CloudClient(LanClient):
    """``connect`` raises LinkFailed without an account, CredentialRejected when its log-in ran
    out."""

    refusal = LOG_IN_AGAIN
    unknown = "Bambu's cloud shows no reports for serial {}: is it bound to this account?"

    async def _open(self) -> ssl.SSLSocket:
        cloud = self._endpoint.cloud
        if cloud is None:
            raise LinkFailed(NO_ACCOUNT)
        if not cloud.token:
            raise CredentialRejected(LOG_IN_AGAIN)
        if not self.serial:
            raise LinkFailed(NO_SERIAL)
        self._host, self._port = cloud.host, cloud.port
        self._user, self._password = cloud.user, cloud.token
        self._sock = await tls.open_public(
            cloud.host, cloud.port, ca_file=cloud.ca_file, timeout_s=self._timeouts.connect_s
        )
        return self._sock

    def _received(self, client: mqtt.Client, user: object, publish: mqtt.MQTTMessage) -> None:
        if _says_gone(bytes(publish.payload)):
            # Not from here: paho holds a lock while it calls us.
            self._loop.call_soon(self._lose, LinkFailed(SWITCHED_OFF))
        else:
            super()._received(client, user, publish)


def _says_gone(payload: bytes) -> bool:
    """The broker tells when a printer comes and goes: ``{"event": {"event": "client.…"}}``."""
    if b"client.disconnected" not in payload:
        return False
    try:
        return msgspec.json.decode(payload, type=_Told).event.event == "client.disconnected"
    except msgspec.DecodeError:
        return False


class _Event(msgspec.Struct):
    event: str


class _Told(msgspec.Struct):
    event: _Event
