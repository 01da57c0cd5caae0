"""Answers of Bambu Lab's account API, as far as they are used."""

import msgspec

from shopwright.fleet.cloud.port import CloudPrinter

MOST_NAME, MOST_MODEL = 100, 60


class LogInAnswer(msgspec.Struct, rename="camel"):
    """Without a token, ``login_type`` says what else is wanted."""

    access_token: str | None = None
    expires_in: int | None = None
    login_type: str | None = None
    tfa_key: str | None = None


class Trouble(msgspec.Struct):
    code: int | None = None
    error: str | None = None


class Preference(msgspec.Struct):
    uid: int | str


class Device(msgspec.Struct):
    dev_id: str
    name: str = ""
    online: bool | None = None
    dev_product_name: str | None = None
    dev_access_code: str | None = None

    def printer(self) -> CloudPrinter:
        return CloudPrinter(
            serial=self.dev_id,
            name=self.name.strip()[:MOST_NAME] or self.dev_id,
            model=(self.dev_product_name or "").strip()[:MOST_MODEL] or None,
            access_code=self.dev_access_code or "",
            is_online=self.online,
        )


class DeviceList(msgspec.Struct):
    devices: tuple[Device, ...] = ()
