"""Messages that tell of many cases at once."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gathering",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("open_key", sa.String(), nullable=True),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("clause", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("message", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("mailed", sa.Integer(), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("open_key"),
    )
    op.create_index(op.f("ix_gathering_key"), "gathering", ["key"])
    op.create_table(
        "untold",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("letter", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"]),
        sa.PrimaryKeyConstraint("case_id"),
    )
    op.create_index(op.f("ix_untold_page"), "untold", ["page"])
    with op.batch_alter_table("alert") as table:
        table.add_column(sa.Column("gathering", sa.Integer(), nullable=True))
        table.add_column(sa.Column("clause", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("called_at", sa.DateTime(timezone=True), nullable=True))
        table.create_foreign_key("alert_in_gathering", "gathering", ["gathering"], ["id"])
    op.create_index(op.f("ix_alert_gathering"), "alert", ["gathering"])


def downgrade() -> None:
    op.drop_index(op.f("ix_alert_gathering"), "alert")
    with op.batch_alter_table("alert") as table:
        table.drop_constraint("alert_in_gathering", type_="foreignkey")
        for name in ("called_at", "clause", "gathering"):
            table.drop_column(name)
    op.drop_table("untold")
    op.drop_table("gathering")
