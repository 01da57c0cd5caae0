"""The letter itself: a message as text and as HTML, with the headers that mail programs want."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from html import escape

from shopwright.notifications.port import MailAddress, Message

HTML = """\
<!doctype html><html><body style="font-family:sans-serif;line-height:1.5;margin:24px">
<h2 style="font-size:18px;margin:0 0 12px">{title}</h2>
<p style="white-space:pre-line;margin:0 0 16px">{text}</p>
{link}<p style="color:#667382;font-size:12px">{shop} · Shopwright</p>
</body></html>
"""
LINK = '<p style="margin:0 0 16px"><a href="{link}">{link}</a></p>\n'


def write_letter(message: Message, address: MailAddress) -> EmailMessage:
    """Its Message-ID is made of the message's id, so that a repetition is known as one."""
    sender = address.server.sender
    letter = EmailMessage()
    letter["Subject"] = _one_line(f"[{message.shop}] {message.title}")
    letter["From"] = _sender(sender, message.shop)
    letter["To"] = ", ".join(address.recipients)
    letter["Date"] = format_datetime(message.happened_at)
    letter["Message-ID"] = f"<{message.id}@{_domain_of(sender)}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter["X-Shopwright-Topic"] = message.topic
    if message.is_urgent:
        letter["Importance"] = "high"
    letter.set_content(_plain(message))
    letter.add_alternative(_html(message), subtype="html")
    return letter


def _sender(sender: str, shop: str) -> Address:
    name, address = parseaddr(sender)
    return Address(_one_line(name or shop), addr_spec=address)


def _domain_of(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "shopwright.invalid"


def _plain(message: Message) -> str:
    parts = [message.title, message.text, message.link or "", f"-- \n{message.shop} · Shopwright"]
    return "\n\n".join(part for part in parts if part) + "\n"


def _html(message: Message) -> str:
    link = LINK.format(link=escape(message.link)) if message.link else ""
    return HTML.format(
        title=escape(message.title), text=escape(message.text), link=link, shop=escape(message.shop)
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
