"""A certificate authority of our own, and leaves with CN = serial (protocol notes 1.2)."""

import datetime as dt
import ssl
import tempfile
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

LIFE = dt.timedelta(days=3650)
LEEWAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One printer's certificate with its key and issuer."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    issuer: x509.Certificate

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, lower-case hex."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def server_context(self, *, has_tls13: bool) -> ssl.SSLContext:
        """For asyncio: TLS 1.2 as the printers, 1.3 where the model speaks it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if not has_tls13:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        with tempfile.NamedTemporaryFile() as file:  # the standard library reads only files
            file.write(self._pem())
            file.flush()
            context.load_cert_chain(file.name)
        return context

    def ftps_context(self, *, has_tls13: bool) -> Any:
        """For pyftpdlib; sessions can be resumed by the data channel."""
        context: Any = SSL.Context(SSL.TLS_SERVER_METHOD)  # the stubs lag behind
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        if not has_tls13:
            context.set_max_proto_version(SSL.TLS1_2_VERSION)
        context.use_certificate(self.certificate)
        context.use_privatekey(self.key)
        context.add_extra_chain_cert(self.issuer)
        context.set_session_id(b"bambu-ftps")
        return context

    def _pem(self) -> bytes:
        return b"".join(
            (
                self.key.private_bytes(
                    Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
                ),
                self.certificate.public_bytes(Encoding.PEM),
                self.issuer.public_bytes(Encoding.PEM),
            )
        )


class Authority:
    """Issues leaves; made anew at each start, so nothing outside can trust it by accident."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Shopwright Sandbox CA")
        builder = _builder(self._name, self._name, self._key.public_key())
        builder = builder.add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        builder = builder.add_extension(_CA_USAGE, critical=True)
        self.certificate = builder.sign(self._key, hashes.SHA256())

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def issue(self, serial: str) -> Leaf:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_name(serial), self._name, key.public_key())
        return Leaf(builder.sign(self._key, hashes.SHA256()), key, self.certificate)


_CA_USAGE = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer,
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=now - LEEWAY,
        not_valid_after=now + LIFE,
    )
