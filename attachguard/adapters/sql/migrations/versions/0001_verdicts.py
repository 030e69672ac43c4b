"""Submissions and attachments, as synchronous checks wrote them before there were jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first two tables."""
    op.create_table(
        "submissions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("policy", sa.String(100), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, index=True),
    )
    op.create_table(
        "attachments",
        sa.Column("submission_id", sa.String(64), sa.ForeignKey("submissions.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("safe_name", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False, index=True),
        sa.Column("kind", sa.String(16)),
        sa.Column("verdict", sa.String(16), nullable=False, index=True),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("findings", sa.Text, nullable=False),
        sa.Column("trouble", sa.String(64)),
        sa.Column("engine", sa.String(100)),
        sa.Column("signatures", sa.String(100)),
        sa.Column("delivered_sha256", sa.String(64)),
        sa.Column("delivered_location", sa.Text),
    )
