"""What a role may do, as flags that templates look at; the services check again."""

from shopwright.kernel.actor import RANK, Role


def rights_of(role: Role) -> dict[str, bool]:
    return {
        "can_work": RANK[role] >= RANK[Role.MEMBER],
        "can_manage": RANK[role] >= RANK[Role.ADMIN],
    }
