"""What happened to people, told to higher slices in the same transaction."""

from dataclasses import dataclass, field

from shopwright.kernel.actor import Role


@dataclass(frozen=True, slots=True)
class MemberInvited:
    """``token`` makes whoever holds it a member: it is stored encrypted or not at all."""

    organization_id: int
    invitation_id: int
    email: str
    role: Role
    invited_by: str
    token: str = field(repr=False)
