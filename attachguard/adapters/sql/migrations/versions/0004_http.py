"""What the HTTP service needs: retries and where they came from, traces, removals, uploads that are announced first."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("submissions", sa.Column("retry_of", sa.String(length=100), nullable=True))
    op.add_column("submissions", sa.Column("method", sa.String(length=16), server_default="", nullable=False))
    op.add_column("submissions", sa.Column("trace", sa.String(length=64), server_default="", nullable=False))
    op.create_index("ix_submissions_retry_of", "submissions", ["retry_of"])
    op.create_index("ix_verdicts_recorded_at", "verdicts", ["recorded_at"])
    op.add_column("attachments", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
