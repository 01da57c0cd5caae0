"""The driver's errors, which also say which step of a diagnosis they belong to."""

from shopwright.drivers.errors import CredentialRejected, LinkFailed

__all__ = ["CredentialRejected", "LinkFailed"]
