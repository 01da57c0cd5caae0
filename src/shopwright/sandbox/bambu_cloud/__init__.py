"""Bambu Lab's cloud: the account API over HTTP and the broker over TLS, with virtual printers.

    account = Account("maker@shop.test", "a good password", serials=(printer.serial,))
    async with BambuCloudSandbox([account], [printer]) as cloud:
        cloud.url, cloud.mqtt, cloud.ca_file
        cloud.world.mails[-1].code          # what was sent by e-mail
        cloud.world.advance(days=90)        # tokens run out
        cloud.revoke(account)               # and this one at once

Enforced: the password, e-mailed codes (one at a time, five minutes, five tries), the authenticator
step with its cookie, the life of tokens, whose printers an account sees, and that the broker takes
questions only: whatever would move a printer is answered as firmware with authorisation control
does.
"""

from shopwright.sandbox.bambu_cloud.server import BambuCloudSandbox
from shopwright.sandbox.bambu_cloud.world import Account, SecondStep

__all__ = ["Account", "BambuCloudSandbox", "SecondStep"]
