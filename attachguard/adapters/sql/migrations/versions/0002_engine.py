"""The engine: jobs, verdicts of their own, quarantine, the audit, idempotency keys and batches."""

import json

import sqlalchemy as sa
from alembic import op

from attachguard.adapters.sql.schema import APPEND_ONLY

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables anew and carry over what synchronous checks recorded."""
    _put_aside()
    _submissions()
    _attachments()
    _batches()
    _jobs()
    _verdicts()
    _events()
    _idempotency_keys()
    _carry_over()
    op.drop_table("attachments_0001")
    op.drop_table("submissions_0001")


def _put_aside() -> None:
    for table, column in (("submissions", "recorded_at"), ("attachments", "sha256"), ("attachments", "verdict")):
        op.drop_index(f"ix_{table}_{column}", table_name=table)
    op.rename_table("attachments", "attachments_0001")
    op.rename_table("submissions", "submissions_0001")


def _submissions() -> None:
    op.create_table(
        "submissions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=100), server_default="", nullable=False),
        sa.Column("actor", sa.String(length=200), server_default="", nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("queue", sa.String(length=16), server_default="scan", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verdict", sa.String(length=16), nullable=True),
        sa.Column("verdict_policy", sa.String(length=100), nullable=True),
        sa.Column("verdict_fence", sa.Integer(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_submissions_finished_at", "submissions", ["finished_at"])
    op.create_index("ix_submissions_state", "submissions", ["state", "created_at"])


def _attachments() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("submission_id", sa.String(length=64), nullable=False),
        sa.Column("parent_id", sa.String(length=100), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("untrusted_name", sa.Text(), nullable=False),
        sa.Column("safe_name", sa.Text(), nullable=False),
        sa.Column("declared_type", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=True),
        sa.Column("quarantine_key", sa.String(length=200), nullable=True),
        sa.Column("bytes", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["attachments.id"]),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("quarantine_key"),
    )
    op.create_index("ix_attachments_bytes", "attachments", ["bytes", "submission_id"])
    op.create_index("ix_attachments_sha256", "attachments", ["sha256"])
    op.create_index("ix_attachments_submission", "attachments", ["submission_id", "number"])


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("submission_id", sa.String(length=64), nullable=False),
        sa.Column("queue", sa.String(length=16), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.String(length=64), nullable=True),
        sa.Column("batch_id", sa.String(length=64), nullable=True),
        sa.Column("batch_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"]),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("batch_id", "batch_key", name="uq_jobs_batch"),
    )
    op.create_index("ix_jobs_deadline", "jobs", ["state", "deadline_at"])
    op.create_index("ix_jobs_ready", "jobs", ["state", "rank", "run_after"])
    op.create_index("ix_jobs_submission_id", "jobs", ["submission_id"])


def _verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("attachment_id", sa.String(length=100), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("policy", sa.String(length=100), nullable=False),
        sa.Column("build", sa.String(length=40), nullable=False),
        sa.Column("engine", sa.String(length=100), nullable=True),
        sa.Column("signatures", sa.String(length=200), nullable=True),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("action", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("stages", sa.Text(), nullable=False),
        sa.Column("copy_findings", sa.Text(), nullable=True),
        sa.Column("copy_stages", sa.Text(), nullable=True),
        sa.Column("copy_method", sa.String(length=32), nullable=True),
        sa.Column("trouble", sa.String(length=64), nullable=True),
        sa.Column("trouble_detail", sa.Text(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("peak_rss", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_name", sa.Text(), nullable=True),
        sa.Column("delivered_type", sa.String(length=200), nullable=True),
        sa.Column("delivered_size", sa.BigInteger(), nullable=True),
        sa.Column("delivered_sha256", sa.String(length=64), nullable=True),
        sa.Column("delivered_location", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachments.id"]),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"]),
        sa.PrimaryKeyConstraint("attachment_id", "fence"),
    )
    op.create_index("ix_verdicts_location", "verdicts", ["delivered_location"])
    op.create_index("ix_verdicts_outcome", "verdicts", ["outcome", "recorded_at"])
    op.create_index("ix_verdicts_submission_id", "verdicts", ["submission_id"])


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("submission_id", sa.String(length=64), nullable=False),
        sa.Column("attachment_id", sa.String(length=100), nullable=True),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_submission_id", "events", ["submission_id"])
    for statement in APPEND_ONLY[op.get_context().dialect.name]:
        op.execute(statement)


def _idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("submission_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"]),
        sa.PrimaryKeyConstraint("tenant", "key"),
    )
    op.create_index("ix_idempotency_keys_submission_id", "idempotency_keys", ["submission_id"])


def _carry_over() -> None:
    op.execute(
        "INSERT INTO submissions (id, tenant, actor, state, policy, queue, created_at, finished_at, verdict,"
        " verdict_policy, verdict_fence, reasons)"
        " SELECT id, '', '', 'done', policy, 'scan', recorded_at, recorded_at, verdict, policy, 0, '[]'"
        " FROM submissions_0001"
    )
    connection = op.get_bind()
    old = connection.execute(
        sa.text(
            "SELECT a.*, s.policy, s.recorded_at FROM attachments_0001 a"
            " JOIN submissions_0001 s ON s.id = a.submission_id"
        )
    ).mappings()
    for row in old.all():
        values = {
            **row,
            "id": f"{row['submission_id']}.{row['number']}",
            "name": json.dumps(row["safe_name"]),
            "reasons": _findings(row["reasons"]),
            "findings": _findings(row["findings"]),
        }
        connection.execute(_ATTACHMENT, values)
        connection.execute(_VERDICT, values)


def _findings(codes: str) -> str:
    return json.dumps([[code, "", ""] for code in json.loads(codes)])


_ATTACHMENT = sa.text(
    "INSERT INTO attachments (id, submission_id, number, depth, place, untrusted_name, safe_name, source, size, sha256,"
    " kind, bytes) VALUES (:id, :submission_id, :number, 0, '\"\"', :name, :safe_name, '\"\"', :size, :sha256, :kind,"
    " 'deleted')"
)

_VERDICT = sa.text(
    "INSERT INTO verdicts (attachment_id, fence, submission_id, outcome, policy, build, engine, signatures, action,"
    " reasons, findings, stages, trouble, seconds, peak_rss, recorded_at, delivered_sha256, delivered_location)"
    " VALUES (:id, 0, :submission_id, :verdict, :policy, '', :engine, :signatures, 0, :reasons, :findings, '{}',"
    " :trouble, 0, 0, :recorded_at, :delivered_sha256, :delivered_location)"
)
