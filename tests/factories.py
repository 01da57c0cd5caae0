"""Rows for tests: plain async functions, and one row per path parameter for the tenancy walk."""

from collections.abc import Awaitable, Callable
from itertools import count

from shopwright.accounts.models import LoginSession, Membership, Organization, User
from shopwright.kernel import ids
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.db import WriteSession
from tests.clock import FOREVER, START

_numbers = count(1)

RowFactory = Callable[[WriteSession, Actor], Awaitable[int | str]]

# Path parameter name (or "/route/template:name" where one name means several things) → makes such a
# row of the actor's organization and returns what a path would say. Add yours with @row_for(...).
PATH_ROWS: dict[str, RowFactory] = {}


def row_for(*names: str) -> Callable[[RowFactory], RowFactory]:
    """Register how to make the row that a path parameter names."""

    def register(factory: RowFactory) -> RowFactory:
        for name in names:
            PATH_ROWS[name] = factory
        return factory

    return register


async def make_organization(session: WriteSession, name: str = "Print shop") -> Organization:
    organization = Organization(
        name=name, slug=f"shop-{next(_numbers)}", currency="EUR", time_zone="UTC", created_at=START
    )
    session.add(organization)
    await session.flush()
    return organization


async def make_user(
    session: WriteSession, name: str = "sam", password_hash: str | None = None
) -> User:
    number = next(_numbers)
    user = User(
        email=f"{name}{number}@shop.test",
        username=f"{name}{number}",
        first_name=name.title(),
        password_hash=password_hash,
        is_email_verified=True,
        created_at=START,
        updated_at=START,
    )
    session.add(user)
    await session.flush()
    return user


async def make_member(
    session: WriteSession, organization: Organization, role: Role, name: str | None = None
) -> Actor:
    """A new user with that role, as the actor services take."""
    user = await make_user(session, name or role.value)
    user.last_organization_id = organization.id
    session.add(Membership(organization_id=organization.id, user_id=user.id, role=role))
    await session.flush()
    return Actor(organization_id=organization.id, role=role, name=user.first_name, user_id=user.id)


async def make_login_session(session: WriteSession, actor: Actor) -> LoginSession:
    assert actor.user_id is not None
    login = LoginSession(
        user_id=actor.user_id,
        current_organization_id=actor.organization_id,
        token_hash=ids.new_token(),
        created_at=START,
        expires_at=FOREVER,
    )
    session.add(login)
    await session.flush()
    return login
