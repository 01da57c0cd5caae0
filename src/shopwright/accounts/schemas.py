"""Bodies of the account routes."""

from typing import Annotated, Any

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
)

from shopwright.accounts.keys import NewKey
from shopwright.accounts.members import Invited
from shopwright.accounts.models import ApiKey, AuditEntry, Invitation, Organization, User
from shopwright.accounts.queries import MemberRow
from shopwright.accounts.sessions import SignedIn
from shopwright.kernel.actor import Role
from shopwright.kernel.examples import shown_as
from shopwright.kernel.times import PlainTime, ZuluTime

ROLE_SYNONYMS = {"user": "member", "super_admin": "owner"}  # words of the reference systems


def _role(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    word = value.strip().lower()
    return ROLE_SYNONYMS.get(word, word)


Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]
RoleIn = Annotated[Role, BeforeValidator(_role)]
Password = Annotated[SecretStr, Field(max_length=1000)]


USER = {
    "id": 1,
    "etsy_user_id": "700123",
    "username": "AtelierSandbox",
    "first_name": "Anna",
    "shop_id": "500321",
    "shop_name": "My 3D Shop",
    "uuid": "01900000-0000-7000-8000-000000000001",
    "email": "anna@example.com",
    "organization_id": "01900000-0000-7000-8000-000000000002",
}
TOKEN = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9…"
REFRESH_TOKEN = "q2Zx0mB7vN4kT9wYc1LrUe8sHd5fJg3A"
PRINTED_AT = "2025-01-01T00:00:00"


class Body(BaseModel):
    """Our own routes say no to members they do not know."""

    model_config = ConfigDict(extra="forbid")


class SignInBody(BaseModel):
    model_config = shown_as({"email": "anna@example.com", "password": "correct horse battery"})

    email: Email
    password: Password


class RefreshBody(BaseModel):
    model_config = shown_as({"refresh_token": REFRESH_TOKEN})

    refresh_token: Annotated[str, Field(min_length=1, max_length=200)]


class SwitchBody(BaseModel):
    model_config = shown_as({"organization_id": "01900000-0000-7000-8000-000000000002"})

    organization: Annotated[
        str,
        BeforeValidator(str),
        Field(validation_alias=AliasChoices("organization_id", "organizationId")),
    ]


class PasswordChange(Body):
    model_config = shown_as(
        {"current_password": "correct horse battery", "new_password": "a better one 42"}
    )

    current_password: Password
    new_password: Password


class ProfileUpdate(BaseModel):
    """``current_password`` only to change the address, and only of people who have one."""

    model_config = shown_as({"first_name": "Anna", "username": "AtelierSandbox"})

    first_name: Annotated[str, Field(max_length=100)] | None = None
    username: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] | None = Field(
        None, max_length=100
    )
    email: Email | None = None
    current_password: Password = SecretStr("")


class InvitationAccept(Body):
    model_config = shown_as(
        {"token": "Jt6…", "password": "correct horse battery", "first_name": "Ben"}
    )

    token: Annotated[str, Field(min_length=1, max_length=200)]
    password: Password
    first_name: Annotated[str, Field(max_length=100)] = ""


class InvitationCreate(Body):
    model_config = shown_as({"email": "ben@example.com", "role": "member"})

    email: Email
    role: RoleIn = Role.MEMBER


class MemberUpdate(Body):
    model_config = shown_as({"role": "admin"})

    role: RoleIn


class KeyCreate(Body):
    model_config = shown_as({"name": "Till", "role": "member", "scopes": ["orders"]})

    name: Annotated[str, Field(min_length=1, max_length=100)]
    role: RoleIn = Role.MEMBER
    scopes: list[str] | None = None
    expires_at: ZuluTime | None = None


class UserRead(BaseModel):
    """As the shop manager's reference prints it; the shop is the organization of the token."""

    model_config = shown_as(USER)

    id: int
    etsy_user_id: str | None
    username: str
    first_name: str
    shop_id: str | None
    shop_name: str | None
    uuid: str
    email: str
    organization_id: str | None

    @classmethod
    def of(cls, user: User, organization: Organization | None) -> "UserRead":
        return cls.model_validate(_user_members(user, organization))


class UserWithTimes(UserRead):
    model_config = shown_as(
        USER | {"role": "owner", "created_at": PRINTED_AT, "updated_at": PRINTED_AT}
    )

    role: Role | None
    created_at: PlainTime
    updated_at: PlainTime

    @classmethod
    def with_role(
        cls, user: User, organization: Organization | None, role: Role | None
    ) -> "UserWithTimes":
        times = {"created_at": user.created_at, "updated_at": user.updated_at}
        return cls.model_validate({**_user_members(user, organization), **times, "role": role})


def _user_members(user: User, organization: Organization | None) -> dict[str, Any]:
    settings = organization.settings if organization else {}
    own_name = organization.name if organization else None
    return {
        "id": user.id,
        "etsy_user_id": user.etsy_user_id,
        "username": user.username,
        "first_name": user.first_name,
        "shop_id": settings.get("etsy_shop_id"),
        "shop_name": settings.get("etsy_shop_name") or own_name,
        "uuid": user.uuid,
        "email": user.email,
        "organization_id": organization.uuid if organization else None,
    }


class SignedInRead(BaseModel):
    model_config = shown_as(
        {
            "token": TOKEN,
            "refresh_token": REFRESH_TOKEN,
            "token_type": "bearer",
            "expires_in": 86400,
            "user": USER,
        }
    )

    token: str
    refresh_token: str | None
    token_type: str = "bearer"
    expires_in: int
    user: UserRead

    @classmethod
    def of(cls, signed_in: SignedIn) -> "SignedInRead":
        return cls(
            token=signed_in.token,
            refresh_token=signed_in.refresh_token,
            expires_in=signed_in.expires_in_s,
            user=UserRead.of(signed_in.user, signed_in.organization),
        )


class Message(BaseModel):
    model_config = shown_as({"message": "Logged out successfully"})

    message: str


class PlaceRead(BaseModel):
    id: int
    uuid: str
    name: str
    slug: str
    currency: str
    time_zone: str
    role: Role

    @classmethod
    def of(cls, organization: Organization, role: Role) -> "PlaceRead":
        return cls(
            id=organization.id,
            uuid=organization.uuid,
            name=organization.name,
            slug=organization.slug,
            currency=organization.currency,
            time_zone=organization.time_zone,
            role=role,
        )


class MemberRead(BaseModel):
    id: int
    uuid: str
    user_id: int
    email: str
    username: str
    first_name: str
    role: Role
    created_at: ZuluTime

    @classmethod
    def of(cls, row: MemberRow) -> "MemberRead":
        return cls.model_validate(row, from_attributes=True)


class InvitationRead(BaseModel):
    id: int
    uuid: str
    email: str
    role: Role
    invited_by: str
    expires_at: ZuluTime
    created_at: ZuluTime

    @classmethod
    def of(cls, invitation: Invitation) -> "InvitationRead":
        return cls.model_validate(invitation, from_attributes=True)


class InvitationMade(InvitationRead):
    token: str
    link: str

    @classmethod
    def shown_once(cls, invited: Invited, base_url: str) -> "InvitationMade":
        shown = InvitationRead.of(invited.invitation).model_dump(mode="python")
        link = f"{base_url}/invitation?token={invited.token}"
        return cls(**shown, token=invited.token, link=link)


class KeyRead(BaseModel):
    id: int
    uuid: str
    name: str
    prefix: str
    role: Role
    scopes: list[str] | None
    expires_at: ZuluTime | None
    created_at: ZuluTime

    @classmethod
    def of(cls, key: ApiKey) -> "KeyRead":
        return cls.model_validate(_key_members(key))


class KeyMade(KeyRead):
    key: str

    @classmethod
    def shown_once(cls, new: NewKey) -> "KeyMade":
        return cls.model_validate({**_key_members(new.key), "key": new.secret})


def _key_members(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "uuid": key.uuid,
        "name": key.name,
        "prefix": key.shown_prefix,
        "role": key.role,
        "scopes": key.scopes,
        "expires_at": key.expires_at,
        "created_at": key.created_at,
    }


class AuditRead(BaseModel):
    id: int
    action: str
    subject: str
    subject_id: int
    actor: str
    user_id: int | None
    key_id: int | None
    reason: str | None
    facts: dict[str, Any]
    created_at: ZuluTime

    @classmethod
    def of(cls, entry: AuditEntry) -> "AuditRead":
        return cls.model_validate(entry, from_attributes=True)
