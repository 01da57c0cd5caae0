"""The drivers' errors, which also say which step of a diagnosis they belong to."""

from shopwright.fleet.port import AuthenticationFailed, DriverError, Finding


class LinkFailed(DriverError):
    """The link could not be made or was lost; ``finding`` says which part of it."""

    def __init__(self, sentence: str, finding: Finding = Finding.SILENT) -> None:
        super().__init__(sentence)
        self.finding = finding


class NotSent(LinkFailed):
    """No connection came about, so the device knows nothing of what we wanted."""


class NoAnswer(LinkFailed):
    """Sent, and not answered in time; whether it was done is not known."""


class CredentialRejected(AuthenticationFailed):
    """Wrong access code or key, or another printer than the one meant."""

    def __init__(self, sentence: str, finding: Finding = Finding.WRONG_CODE) -> None:
        super().__init__(sentence)
        self.finding = finding
