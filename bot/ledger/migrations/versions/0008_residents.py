"""The resident's side: notices and appeals."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("act_key", sa.String(), sa.ForeignKey("act.act_key"), primary_key=True),
        sa.Column("case_id", sa.String(), sa.ForeignKey("cases.case_id"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("person", sa.String()),
        sa.Column("account", sa.String()),
        sa.Column("roles", sa.String()),
        sa.Column("door", sa.String()),
        sa.Column("saw", sa.String()),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True)),
        sa.Column("tried_at", sa.DateTime(timezone=True)),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("sha256", sa.String()),
        sa.Column("message", sa.Text()),
    )
    op.create_index(op.f("ix_notice_case_id"), "notice", ["case_id"])
    op.create_index(op.f("ix_notice_status"), "notice", ["status"])
    op.create_table(
        "appeal_year",
        sa.Column("year", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("last", sa.Integer(), nullable=False),
    )
    op.create_table(
        "appeal",
        sa.Column("number", sa.String(), primary_key=True),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), sa.ForeignKey("cases.case_id")),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String()),
        sa.Column("file_by", sa.DateTime(timezone=True)),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("attachments", sa.JSON()),
        sa.Column("acknowledged", sa.String()),
        sa.Column("decided_by", sa.String()),
        sa.Column("decided_account", sa.String()),
        sa.Column("decided_roles", sa.String()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text()),
        sa.Column("decision", sa.Integer(), sa.ForeignKey("decision.id")),
        sa.Column("told", sa.String()),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("year", "ordinal"),
        sa.UniqueConstraint("source"),
    )
    op.create_index(op.f("ix_appeal_case_id"), "appeal", ["case_id"])
    op.create_index(op.f("ix_appeal_status"), "appeal", ["status"])
    op.create_table(
        "hold",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("matter", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), sa.ForeignKey("cases.case_id"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True)),
        sa.Column("released_by", sa.String()),
        sa.UniqueConstraint("matter", "case_id"),
    )
    op.create_index(op.f("ix_hold_case_id"), "hold", ["case_id"])
    op.create_table(
        "appeal_event",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(), sa.ForeignKey("appeal.number"), nullable=False),
        sa.Column("case_id", sa.String()),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True)),
    )
    op.create_index(op.f("ix_appeal_event_number"), "appeal_event", ["number"])
    op.create_table(
        "mail_left",
        sa.Column("source", sa.String(), primary_key=True),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    for table in ("mail_left", "appeal_event", "hold", "appeal", "appeal_year", "notice"):
        op.drop_table(table)
