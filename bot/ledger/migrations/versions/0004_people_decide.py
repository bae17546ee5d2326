"""What people say and by which door, what takes two of them, what they report, presses and letters."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("decision") as table:
        table.add_column(sa.Column("door", sa.String(), nullable=False, server_default="cli"))
        table.add_column(sa.Column("saw", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("press", sa.String(), nullable=True))
        table.add_column(sa.Column("code", sa.String(), nullable=False, server_default=""))
        table.create_unique_constraint("decision_by_press", ["press"])
    op.add_column("cases", sa.Column("verdict", sa.JSON(), nullable=True))
    op.create_table(
        "ask",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("page", sa.String(), nullable=True),
        sa.Column("terms", sa.JSON(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("roles", sa.String(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("saw", sa.String(), nullable=False),
        sa.Column("press", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second", sa.String(), nullable=True),
        sa.Column("second_account", sa.String(), nullable=True),
        sa.Column("second_roles", sa.String(), nullable=True),
        sa.Column("second_door", sa.String(), nullable=True),
        sa.Column("second_saw", sa.String(), nullable=True),
        sa.Column("second_press", sa.String(), nullable=True),
        sa.Column("second_reason", sa.Text(), nullable=True),
        sa.Column("second_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("press"),
        sa.UniqueConstraint("second_press"),
    )
    op.create_index(op.f("ix_ask_subject"), "ask", ["subject"])
    op.create_index(op.f("ix_ask_status"), "ask", ["status"])
    op.create_table(
        "comment_report",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("clause", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("roles", sa.String(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("saw", sa.String(), nullable=False),
        sa.Column("press", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"]),
        sa.PrimaryKeyConstraint("case_id"),
        sa.UniqueConstraint("press"),
    )
    op.create_table(
        "own_post_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("post", sa.Integer(), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("roles", sa.String(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("saw", sa.String(), nullable=False),
        sa.Column("press", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["post"], ["post.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("press"),
    )
    op.create_index(op.f("ix_own_post_report_page"), "own_post_report", ["page"])
    op.create_table(
        "press",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=True),
        sa.Column("roles", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("saw", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "letter",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("recipients", sa.JSON(), nullable=True),
        sa.Column("mime", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_by", sa.String(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("because", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(op.f("ix_letter_due_at"), "letter", ["due_at"])


def downgrade() -> None:
    op.drop_table("letter")
    op.drop_table("press")
    op.drop_table("own_post_report")
    op.drop_table("comment_report")
    op.drop_table("ask")
    op.drop_column("cases", "verdict")
    with op.batch_alter_table("decision") as table:
        table.drop_constraint("decision_by_press", type_="unique")
        for name in ("code", "press", "saw", "door"):
            table.drop_column(name)
