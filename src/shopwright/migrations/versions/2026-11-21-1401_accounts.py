"""Accounts."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1401"
down_revision = "20261121_1107"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spent_sign_in_states",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spent_sign_in_states")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_spent_sign_in_states_state_hash")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("spent_sign_in_states", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_spent_sign_in_states_expires_at"), ["expires_at"], unique=False
        )

    with op.batch_alter_table("effects", schema=None) as batch_op:
        batch_op.create_index(
            "ix_effects_subject", ["organization_id", "kind", "subject_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("effects", schema=None) as batch_op:
        batch_op.drop_index("ix_effects_subject")

    with op.batch_alter_table("spent_sign_in_states", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_spent_sign_in_states_expires_at"))

    op.drop_table("spent_sign_in_states")
