"""The driver's errors, which also say which step of a diagnosis they belong to."""

from shopwright.fleet.port import AuthenticationFailed, DriverError, Finding


class LinkFailed(DriverError):
    """The link could not be made or was lost; ``finding`` says which part of it."""

    def __init__(self, sentence: str, finding: Finding = Finding.SILENT) -> None:
        super().__init__(sentence)
        self.finding = finding


class CredentialRejected(AuthenticationFailed):
    """Wrong access code, or the certificate of another printer."""

    def __init__(self, sentence: str, finding: Finding = Finding.WRONG_CODE) -> None:
        super().__init__(sentence)
        self.finding = finding
