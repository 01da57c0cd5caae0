"""Letters over real SMTP: what is taken, what is refused, what nobody knows."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from shopwright.integrations.smtp.sender import SmtpSender
from shopwright.kernel.egress import EgressPolicy
from shopwright.kernel.settings import MailSecurity
from shopwright.notifications.port import (
    MailAddress,
    MailServer,
    Message,
    Outcome,
    Refused,
    Sent,
    Unconfirmed,
)
from shopwright.sandbox.smtp.server import SmtpSandbox

MESSAGE = Message(
    id="01900000-0000-7000-8000-000000000001",
    topic="print_failed",
    title="Gear failed\r\nBcc: thief@evil.test",
    text="The print came <b>loose</b>.",
    link="https://shop.test/printers/1",
    shop="Atelier Å",
    happened_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
    is_urgent=True,
)


async def send(smtp: SmtpSandbox, *recipients: str, **changes: object) -> Outcome:
    facts: dict[str, object] = {
        "host": "127.0.0.1",
        "port": smtp.port,
        "security": smtp.security,
        "sender": "shop@shop.test",
        "user": smtp.user,
        "password": smtp.password,
        "ca_file": smtp.ca_file,
    }
    server = MailServer(**(facts | changes))  # type: ignore[arg-type]
    return await SmtpSender(timeout_s=5).send(
        MESSAGE, MailAddress(server, recipients or ("sam@shop.test",))
    )


async def test_letter_arrives_as_text_and_html_with_an_id_that_stays() -> None:
    async with SmtpSandbox() as smtp:
        outcome = await send(smtp, "sam@shop.test", "kim@shop.test")
    assert outcome == Sent("127.0.0.1 answered 250 Message accepted.")
    (mail,) = smtp.mails
    assert mail.recipients == ["sam@shop.test", "kim@shop.test"]
    assert mail.subject == "[Atelier Å] Gear failed Bcc: thief@evil.test"
    assert "Bcc" not in mail.headers
    assert mail.headers["Message-ID"] == "<01900000-0000-7000-8000-000000000001@shop.test>"
    assert mail.headers["Date"] == "Mon, 02 Mar 2026 09:00:00 +0000"
    assert mail.headers["Auto-Submitted"] == "auto-generated"
    assert "The print came <b>loose</b>." in mail.text
    assert "came &lt;b&gt;loose&lt;/b&gt;." in mail.html
    assert "https://shop.test/printers/1" in mail.text


@pytest.mark.parametrize("security", [MailSecurity.STARTTLS, MailSecurity.TLS])
async def test_letter_goes_over_an_encrypted_connection_with_a_log_in(
    security: MailSecurity,
) -> None:
    async with SmtpSandbox(user="shop", password="secret", security=security) as smtp:
        outcome = await send(smtp)
    assert isinstance(outcome, Sent)
    assert len(smtp.mails) == 1


async def test_certificate_nobody_vouches_for_is_refused() -> None:
    async with SmtpSandbox(security=MailSecurity.TLS) as smtp:
        outcome = await send(smtp, ca_file=None)
    assert isinstance(outcome, Refused)
    assert "SMTP_CA_FILE" in outcome.sentence
    assert smtp.mails == []


async def test_wrong_password_is_told_and_not_tried_for_a_day() -> None:
    async with SmtpSandbox(user="shop", password="secret", security=MailSecurity.STARTTLS) as smtp:
        outcome = await send(smtp, password="guess")
    assert isinstance(outcome, Refused)
    assert outcome.is_final
    assert "refuses user name or password (535" in outcome.sentence


async def test_server_without_encryption_is_not_used_in_the_clear() -> None:
    async with SmtpSandbox() as smtp:
        outcome = await send(smtp, security=MailSecurity.STARTTLS)
    assert isinstance(outcome, Refused)
    assert "does not offer what is set" in outcome.sentence
    assert smtp.mails == []


@pytest.mark.parametrize(
    ("refusals", "is_final", "words"),
    [
        ({"rcpt": "550 No such user"}, True, "refuses the recipient sam@shop.test (550 No such"),
        ({"rcpt": "451 Greylisted"}, False, "refuses the recipient sam@shop.test (451 Greylisted"),
        ({"mail": "550 Not from here"}, True, "refuses the sender shop@shop.test (550 Not from"),
        ({"data": "552 Too large"}, True, "refuses the mail (552 Too large"),
        ({"data": "451 Try later"}, False, "refuses the mail (451 Try later"),
        ({"data": "421 Closing"}, False, "refuses the mail (421 Closing"),
    ],
)
async def test_refusals_are_final_or_not_as_the_server_says(
    refusals: dict[str, str], is_final: bool, words: str
) -> None:
    async with SmtpSandbox(refusals=refusals) as smtp:
        outcome = await send(smtp)
    assert isinstance(outcome, Refused)
    assert outcome.is_final is is_final
    assert words in outcome.sentence
    assert smtp.mails == []


async def test_others_get_it_when_one_recipient_is_unknown_for_good() -> None:
    async with SmtpSandbox(refusals={"gone@shop.test": "550 No such user"}) as smtp:
        outcome = await send(smtp, "gone@shop.test", "sam@shop.test")
    assert outcome == Sent("127.0.0.1 answered 250 Message accepted. It refuses gone@shop.test.")
    assert smtp.mails[0].recipients == ["sam@shop.test"]


async def test_nobody_gets_it_while_one_recipient_is_asked_to_wait() -> None:
    """A second try for that one would reach the others twice."""
    async with SmtpSandbox(refusals={"new@shop.test": "451 Greylisted"}) as smtp:
        outcome = await send(smtp, "sam@shop.test", "new@shop.test")
    assert isinstance(outcome, Refused)
    assert smtp.mails == []


async def test_connection_that_breaks_after_the_mail_leaves_its_fate_open() -> None:
    async with SmtpSandbox(drops_after_data=True) as smtp:
        outcome = await send(smtp)
    assert isinstance(outcome, Unconfirmed)
    assert len(smtp.mails) == 1


async def test_server_that_is_not_there_is_said_so() -> None:
    async with SmtpSandbox() as smtp:
        pass
    outcome = await send(smtp)
    assert isinstance(outcome, Refused)
    assert not outcome.is_final
    assert outcome.sentence.startswith(f"127.0.0.1:{smtp.port} cannot be reached")


async def test_host_that_a_person_typed_keeps_to_the_policy() -> None:
    async with SmtpSandbox() as smtp:
        refused = await send(smtp, policy=EgressPolicy())
        taken = await send(smtp, policy=EgressPolicy(allows_private=True))
    assert isinstance(refused, Refused)
    assert refused.is_final
    assert "127.0.0.1 is a loopback address" in refused.sentence
    assert isinstance(taken, Sent)
    assert len(smtp.mails) == 1


async def test_missing_certificate_file_is_a_sentence(tmp_path: Path) -> None:
    async with SmtpSandbox(security=MailSecurity.TLS) as smtp:
        outcome = await send(smtp, ca_file=tmp_path / "none.pem")
    assert isinstance(outcome, Refused)


async def test_what_is_no_mail_address_is_a_sentence() -> None:
    async with SmtpSandbox() as smtp:
        outcome = await send(smtp, sender="nobody")
    assert outcome == Refused(outcome.sentence, is_final=True)  # type: ignore[union-attr]
