"""Re-scanning: batches with their objects, the schedule, and what a verdict was last confirmed by."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of batches, which were never filled before, anew."""
    _forget_batches_of_jobs()
    op.drop_table("batches")
    _batches()
    _batch_objects()
    _schedule()
    _verdicts()
    op.add_column("attachments", sa.Column("held_size", sa.BigInteger()))
    op.add_column("attachments", sa.Column("held_sha256", sa.String(length=64)))


def _forget_batches_of_jobs() -> None:
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_constraint("uq_jobs_batch", type_="unique")
        jobs.drop_column("batch_id")
        jobs.drop_column("batch_key")


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", sa.String(length=64), primary_key=True),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("yardstick", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("cursor", sa.Text()),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim", sa.String(length=32)),
        sa.Column("owner", sa.String(length=200)),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("found", "unchanged", "changed", "failed", "scans")
        ),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("summary", sa.Text()),
    )
    op.create_index("ix_batches_state", "batches", ["state", "created_at"])


def _batch_objects() -> None:
    op.create_table(
        "batch_objects",
        sa.Column("batch_id", sa.String(length=64), sa.ForeignKey("batches.id"), primary_key=True),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64)),
        sa.Column("twin", sa.String(length=64)),
        sa.Column("kind", sa.String(length=16)),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("attachment_id", sa.String(length=100)),
        sa.Column("submission_id", sa.String(length=64)),
        sa.Column("before_outcome", sa.String(length=16)),
        sa.Column("before_engine", sa.String(length=100)),
        sa.Column("before_signatures", sa.String(length=200)),
        sa.Column("before_at", sa.DateTime(timezone=True)),
        sa.Column("before_policy", sa.String(length=100)),
        sa.Column("before_build", sa.String(length=40)),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("claim", sa.String(length=32)),
        sa.Column("owner", sa.String(length=200)),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("run_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True)),
        sa.Column("result", sa.String(length=16)),
        sa.Column("outcome", sa.String(length=16)),
        sa.Column("reasons", sa.Text()),
        sa.Column("engine", sa.String(length=100)),
        sa.Column("signatures", sa.String(length=200)),
        sa.Column("judged_at", sa.DateTime(timezone=True)),
        sa.Column("ruled_by", sa.String(length=100)),
        sa.Column("trouble", sa.String(length=64)),
        sa.Column("detail", sa.Text()),
        sa.Column("held_key", sa.String(length=200)),
    )
    op.create_index("ix_batch_objects_ready", "batch_objects", ["batch_id", "state", "attempts", "twin"])
    op.create_index("ix_batch_objects_twin", "batch_objects", ["batch_id", "twin"])
    op.create_index("ix_batch_objects_claim", "batch_objects", ["claim"])
    op.create_index("ix_batch_objects_lease", "batch_objects", ["state", "lease_until"])


def _schedule() -> None:
    op.create_table(
        "rescan_schedule",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("seen_signatures", sa.Text()),
        sa.Column("seen_at", sa.DateTime(timezone=True)),
        sa.Column("done_signatures", sa.Text()),
        sa.Column("nightly_at", sa.DateTime(timezone=True)),
    )


def _verdicts() -> None:
    op.add_column("verdicts", sa.Column("withheld_location", sa.Text()))
    op.add_column("verdicts", sa.Column("checked_at", sa.DateTime(timezone=True)))
    op.add_column("verdicts", sa.Column("checked_engine", sa.String(length=100)))
    op.add_column("verdicts", sa.Column("checked_signatures", sa.String(length=200)))
    op.add_column("verdicts", sa.Column("checked_policy", sa.String(length=100)))
    op.add_column("verdicts", sa.Column("checked_build", sa.String(length=40)))
    op.create_index("ix_verdicts_withheld", "verdicts", ["withheld_location"])
