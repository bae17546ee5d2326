"""Letters that a server refused, and digests that are written before they are sent."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("letter") as table:
        table.add_column(sa.Column("taken", sa.JSON(), nullable=True))
        table.add_column(sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("digest") as table:
        table.alter_column("sent_at", new_column_name="made_at")


def downgrade() -> None:
    with op.batch_alter_table("digest") as table:
        table.alter_column("made_at", new_column_name="sent_at")
    with op.batch_alter_table("letter") as table:
        table.drop_column("refused_at")
        table.drop_column("taken")
