"""Who acts, for which organization, with which rights. The first argument of every service
function."""

from dataclasses import dataclass, field
from enum import StrEnum

from shopwright.kernel.errors import Forbidden


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


RANK = {Role.VIEWER: 0, Role.MEMBER: 1, Role.ADMIN: 2, Role.OWNER: 3}


@dataclass(frozen=True, slots=True)
class Actor:
    """``user_id`` and ``key_id`` are None for the program itself; ``scopes`` None means all."""

    organization_id: int
    role: Role
    name: str
    user_id: int | None = None
    key_id: int | None = None
    scopes: frozenset[str] | None = field(default=None)

    def require(self, role: Role) -> None:
        """Raise Forbidden unless the actor has at least ``role``."""
        if RANK[self.role] < RANK[role]:
            raise Forbidden(f"This needs the role {role}; you are {self.role} here.")

    def require_scope(self, scope: str) -> None:
        """Raise Forbidden when a key was made without ``scope``; people have every scope."""
        if self.scopes is not None and scope not in self.scopes:
            raise Forbidden(f"This key has no scope {scope!r}.")


def system_actor(organization_id: int, name: str = "shopwright") -> Actor:
    """The program acting for an organization: runner, planner, channel sync."""
    return Actor(organization_id=organization_id, role=Role.OWNER, name=name)
