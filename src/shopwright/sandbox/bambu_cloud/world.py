"""Accounts, their codes and tokens; the rules, without a protocol. Time passes when told to."""

import base64
import hmac
import secrets
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

TOKEN_S = 7_776_000  # 90 days
CODE_S = 300
MOST_TRIES = 5
TOTP_STEP_S = 30
TOTP_DIGITS = 6
FIRST_UID = 3_000_000_001


class SecondStep(StrEnum):
    NONE = "none"
    CODE = "code"
    TOTP = "totp"


class Refused(Exception):
    """``code`` as the API tells it: 1 the code ran out, 2 wrong."""

    def __init__(self, code: int, error: str) -> None:
        super().__init__(error)
        self.code, self.error = code, error


@dataclass(slots=True)
class Account:
    email: str
    password: str
    serials: tuple[str, ...] = ()
    second_step: SecondStep = SecondStep.NONE
    uid: int = FIRST_UID
    totp_secret: str = "JBSWY3DPEHPK3PXP"  # base32, as an authenticator app is given it


@dataclass(frozen=True, slots=True)
class Mail:
    to: str
    code: str


@dataclass(slots=True)
class _Code:
    text: str
    ends_at: float
    tries: int = 0


@dataclass(slots=True)
class World:
    """What the cloud knows."""

    accounts: dict[str, Account]
    mails: list[Mail] = field(default_factory=list)
    _ahead_s: float = 0.0
    _codes: dict[str, _Code] = field(default_factory=dict)
    _tokens: dict[str, tuple[Account, float]] = field(default_factory=dict)
    _keys: dict[str, Account] = field(default_factory=dict)

    @classmethod
    def of(cls, accounts: Iterable[Account]) -> "World":
        """Accounts left at the usual uid get one of their own."""
        known = {}
        for number, account in enumerate(accounts):
            if account.uid == FIRST_UID:
                account.uid += number
            known[account.email.lower()] = account
        return cls(known)

    def advance(self, *, seconds: float = 0, days: float = 0) -> None:
        self._ahead_s += seconds + days * 86_400

    def log_in(self, email: str, password: str) -> tuple[str, str]:
        """A word and its value: ("token", …), ("tfa", key) or ("verifyCode", "")."""
        account = self.accounts.get(email.lower())
        if account is None or not _is_same(account.password, password):
            raise Refused(2, "Incorrect password")
        if account.second_step is SecondStep.TOTP:
            key = secrets.token_urlsafe(16)
            self._keys[key] = account
            return "tfa", key
        if account.second_step is SecondStep.CODE:
            return "verifyCode", ""
        return "token", self.issue(account)

    def send_code(self, email: str) -> None:
        """The one before it is worth nothing then."""
        if email.lower() not in self.accounts:
            raise Refused(2, "No such account")
        code = f"{secrets.randbelow(1_000_000):06}"
        self._codes[email.lower()] = _Code(code, self._now() + CODE_S)
        self.mails.append(Mail(email, code))

    def log_in_with_code(self, email: str, code: str) -> str:
        """A token; a code works once."""
        account, sent = self.accounts.get(email.lower()), self._codes.get(email.lower())
        if account is None or sent is None:
            raise Refused(1, "Code does not exist or has expired")
        sent.tries += 1
        if sent.ends_at <= self._now() or sent.tries > MOST_TRIES:
            raise Refused(1, "Code does not exist or has expired")
        if not _is_same(sent.text, code):
            raise Refused(2, "Incorrect code")
        del self._codes[email.lower()]
        return self.issue(account)

    def log_in_with_totp(self, key: str, code: str) -> str:
        account = self._keys.get(key)
        if account is None or not _is_same(self.totp(account), code):
            raise Refused(2, "Incorrect code")
        del self._keys[key]
        return self.issue(account)

    def totp(self, account: Account) -> str:
        """What the account's authenticator shows now (RFC 6238)."""
        key = base64.b32decode(account.totp_secret)
        step = struct.pack(">Q", int(time.time() + self._ahead_s) // TOTP_STEP_S)
        digest = hmac.digest(key, step, "sha1")
        start = digest[-1] & 15
        number = int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF
        return f"{number % 10**TOTP_DIGITS:0{TOTP_DIGITS}}"

    def issue(self, account: Account) -> str:
        token = secrets.token_urlsafe(32)
        self._tokens[token] = (account, self._now() + TOKEN_S)
        return token

    def revoke(self, account: Account) -> None:
        """As logging out everywhere does."""
        self._tokens = {t: held for t, held in self._tokens.items() if held[0] is not account}

    def holder_of(self, token: str) -> Account | None:
        """None for a token that ran out, too."""
        account, ends_at = self._tokens.get(token, (None, 0.0))
        return account if ends_at > self._now() else None

    def _now(self) -> float:
        return time.monotonic() + self._ahead_s


def _is_same(known: str, told: str) -> bool:
    """Whatever letters it has; texts are only compared in ASCII."""
    return hmac.compare_digest(known.encode(), told.encode("utf-8", "surrogatepass"))
