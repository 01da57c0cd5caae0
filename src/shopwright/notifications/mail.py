"""Which mail server speaks for a shop: its own, else the one of the environment."""

from shopwright.kernel.egress import EgressPolicy
from shopwright.kernel.errors import Conflict
from shopwright.kernel.secrets import Vault
from shopwright.kernel.settings import Settings
from shopwright.notifications.models import NotificationSettings
from shopwright.notifications.port import MailServer


class NoMailServer(Conflict):
    code = "no-mail-server"
    title = "No mail server is set up"


class ProcessMail:
    """One per process (``context.keep(ProcessMail)``), for subscribers, whom nobody hands the
    settings."""

    def __init__(self) -> None:
        self.has_server = False
        self.base_url = ""

    def learn(self, settings: Settings) -> None:
        self.has_server = bool(settings.smtp_host)
        self.base_url = settings.pages_url


def server_of(
    settings: Settings, vault: Vault, shop: NotificationSettings | None
) -> MailServer | None:
    """None when neither the shop nor the environment names one."""
    if shop is not None and shop.mail_host:
        return MailServer(
            host=shop.mail_host,
            port=shop.mail_port,
            security=shop.mail_security,
            sender=shop.mail_sender or shop.mail_user,
            user=shop.mail_user,
            password=vault.decrypt(shop.mail_password) if shop.mail_password else "",
            ca_file=settings.smtp_ca_file,
            policy=EgressPolicy.for_servers(settings),
        )
    if not settings.smtp_host:
        return None
    secret = settings.smtp_password
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        sender=settings.smtp_from or settings.smtp_user or f"shopwright@{settings.smtp_host}",
        user=settings.smtp_user,
        password=secret.get_secret_value() if secret else "",
        ca_file=settings.smtp_ca_file,
    )
