"""The tables of the ledger, as they are today; migrations/ says how they came to be (a test compares the two)."""

import json
from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)


class Utc(TypeDecorator[datetime]):
    """A moment. SQLite keeps no time zone, so everything is written and read as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102 - SQLAlchemy's
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102 - SQLAlchemy's
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Untrusted(TypeDecorator[str]):
    """Text that a stranger chose, as a JSON string: PostgreSQL takes no NUL, and UTF-8 no lone surrogate."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002, D102 - SQLAlchemy's
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002, D102 - SQLAlchemy's
        return None if value is None else str(json.loads(value))


METADATA = MetaData()

_COUNTED = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up INTEGER primary keys only

SUBMISSIONS = Table(
    "submissions",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(100), nullable=False, server_default=""),
    Column("actor", String(200), nullable=False, server_default=""),
    Column("state", String(16), nullable=False),
    Column("policy", Text, nullable=False),  # the policy that was asked for: a name or a path
    Column("queue", String(16), nullable=False, server_default="scan"),
    Column("created_at", Utc, nullable=False),
    Column("deadline_at", Utc),
    Column("finished_at", Utc),
    Column("verdict", String(16)),
    Column("verdict_policy", String(100)),  # the policy that ruled: name@version
    Column("verdict_fence", Integer),  # which of the attempts' verdicts counts
    Column("reasons", Text),  # findings about the submission as a whole
    Column("conversation", Untrusted),  # what the sender calls the conversation it belongs to
    Column("retry_of", String(100)),  # the attachment that was refused before
    Column("method", String(16), nullable=False, server_default=""),  # how a retry wants its copy made
    Column("trace", String(64), nullable=False, server_default=""),  # W3C traceparent of who sent it
    Index("ix_submissions_retry_of", "retry_of"),
    Index("ix_submissions_state", "state", "created_at"),
    Index("ix_submissions_finished_at", "finished_at"),
)

ATTACHMENTS = Table(
    "attachments",
    METADATA,
    Column("id", String(100), primary_key=True),
    Column("submission_id", ForeignKey("submissions.id"), nullable=False),
    Column("parent_id", ForeignKey("attachments.id")),  # a file inside another one
    Column("number", Integer, nullable=False),
    Column("depth", Integer, nullable=False),
    Column("place", Untrusted, nullable=False),  # in the parent
    Column("untrusted_name", Untrusted, nullable=False),
    Column("safe_name", Text, nullable=False),
    Column("declared_type", Untrusted),
    Column("source", Untrusted, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("kind", String(16)),
    Column("quarantine_key", String(200), unique=True),
    Column("bytes", String(16), nullable=False),
    Column("held_size", BigInteger),  # of what is in quarantine, where that is not what was received
    Column("held_sha256", String(64)),
    Column("removed_at", Utc),  # when its sender had it taken away
    Index("ix_attachments_submission", "submission_id", "number"),
    Index("ix_attachments_sha256", "sha256"),
    Index("ix_attachments_bytes", "bytes", "submission_id"),
)

JOBS = Table(
    "jobs",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("submission_id", ForeignKey("submissions.id"), nullable=False, index=True),
    Column("queue", String(16), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("owner", String(200)),
    Column("lease_until", Utc),
    Column("run_after", Utc, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("deadline_at", Utc, nullable=False),
    Column("announced_at", Utc),
    Column("trouble", String(64)),
    Index("ix_jobs_ready", "state", "rank", "run_after"),
    Index("ix_jobs_deadline", "state", "deadline_at"),
)

VERDICTS = Table(
    "verdicts",
    METADATA,
    Column("attachment_id", ForeignKey("attachments.id"), primary_key=True),
    Column("fence", Integer, primary_key=True),
    Column("submission_id", ForeignKey("submissions.id"), nullable=False, index=True),
    Column("outcome", String(16), nullable=False),
    Column("policy", String(100), nullable=False),
    Column("build", String(40), nullable=False),  # the version of attachguard that judged
    Column("engine", String(100)),
    Column("signatures", String(200)),
    Column("scanned_at", Utc),
    Column("action", Integer, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("findings", Text, nullable=False),
    Column("stages", Text, nullable=False),
    Column("copy_findings", Text),  # of our own copy, where one was made
    Column("copy_stages", Text),
    Column("copy_method", String(32)),
    Column("trouble", String(64)),
    Column("trouble_detail", Text),
    Column("seconds", Float, nullable=False),
    Column("peak_rss", BigInteger, nullable=False),
    Column("recorded_at", Utc, nullable=False),
    Column("delivered_name", Text),
    Column("delivered_type", String(200)),
    Column("delivered_size", BigInteger),
    Column("delivered_sha256", String(64)),
    Column("delivered_location", Text),
    Column("withheld_location", Text),  # where an object lies that must no longer be delivered
    Column("checked_at", Utc),  # the last time that this verdict was confirmed, and by what
    Column("checked_engine", String(100)),
    Column("checked_signatures", String(200)),
    Column("checked_policy", String(100)),
    Column("checked_build", String(40)),
    Index("ix_verdicts_location", "delivered_location"),
    Index("ix_verdicts_withheld", "withheld_location"),
    Index("ix_verdicts_outcome", "outcome", "recorded_at"),
    Index("ix_verdicts_recorded_at", "recorded_at"),
)

EVENTS = Table(
    "events",
    METADATA,
    Column("id", _COUNTED, primary_key=True, autoincrement=True),
    Column("at", Utc, nullable=False),
    Column("what", String(32), nullable=False),
    Column("submission_id", String(64), nullable=False, index=True),
    Column("attachment_id", String(100)),
    Column("actor", String(200), nullable=False),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,  # a number is never given twice
)

IDEMPOTENCY_KEYS = Table(
    "idempotency_keys",
    METADATA,
    Column("tenant", String(100), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("request", String(64), nullable=False),
    Column("submission_id", ForeignKey("submissions.id"), nullable=False, index=True),
    Column("created_at", Utc, nullable=False),
)

UPLOADS = Table(
    "uploads",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(100), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("policy", Text, nullable=False),
    Column("files", Text, nullable=False),  # what was announced: JSON of jobs.Announced
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
)

BATCHES = Table(
    "batches",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("request", Text, nullable=False),  # JSON: batches.Request
    Column("yardstick", Text, nullable=False),  # JSON: batches.Yardstick
    Column("state", String(16), nullable=False),
    Column("cursor", Untrusted),  # the last object that was written down; moved together with its page
    Column("listed", Integer, nullable=False),
    Column("next_at", Utc, nullable=False),  # the earliest moment at which more objects may be handed out
    Column("claim", String(32)),  # of who lists the next page
    Column("owner", String(200)),
    Column("lease_until", Utc),
    Column("found", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("scans", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("finished_at", Utc),
    Column("summary", Text),  # JSON, once it is finished: what became of objects whose rows are gone
    Index("ix_batches_state", "state", "created_at"),
)

BATCH_OBJECTS = Table(
    "batch_objects",
    METADATA,
    Column("batch_id", ForeignKey("batches.id"), primary_key=True),
    Column("key", Untrusted, primary_key=True),
    Column("location", Untrusted, nullable=False),
    Column("name", Untrusted, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64)),
    Column("twin", String(64)),  # the same for objects that must get the same verdict
    Column("kind", String(16)),
    Column("policy", Text, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("attachment_id", String(100)),
    Column("submission_id", String(64)),
    Column("before_outcome", String(16)),
    Column("before_engine", String(100)),
    Column("before_signatures", String(200)),
    Column("before_at", Utc),
    Column("before_policy", String(100)),
    Column("before_build", String(40)),
    Column("state", String(16), nullable=False),
    Column("claim", String(32)),
    Column("owner", String(200)),
    Column("lease_until", Utc),
    Column("run_after", Utc, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("tried_at", Utc),  # when it was first taken up
    Column("result", String(16)),
    Column("outcome", String(16)),
    Column("reasons", Text),
    Column("engine", String(100)),
    Column("signatures", String(200)),
    Column("judged_at", Utc),
    Column("ruled_by", String(100)),
    Column("trouble", String(64)),
    Column("detail", Text),
    Column("held_key", String(200)),
    Index("ix_batch_objects_ready", "batch_id", "state", "attempts", "twin"),
    Index("ix_batch_objects_twin", "batch_id", "twin"),
    Index("ix_batch_objects_claim", "claim"),
    Index("ix_batch_objects_lease", "state", "lease_until"),
)

RESCAN_SCHEDULE = Table(
    "rescan_schedule",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("plan", Text, nullable=False),  # JSON: batches.Schedule
    Column("seen_signatures", Text),  # the newest that were seen, and since when
    Column("seen_at", Utc),
    Column("done_signatures", Text),  # the last that a batch was made for
    Column("nightly_at", Utc),  # when the next nightly batch is due
)

API_KEYS = Table(
    "api_keys",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("tenant", String(100), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("digest", String(64), nullable=False),  # SHA-256 of the whole key
    Column("link_key", String(64), nullable=False),
    Column("per_minute", Integer, nullable=False),
    Column("submissions_per_day", BigInteger, nullable=False),
    Column("bytes_per_day", BigInteger, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("revoked_at", Utc),
)

KEY_USAGE = Table(
    "key_usage",
    METADATA,
    Column("key_id", ForeignKey("api_keys.id"), primary_key=True),
    Column("day", String(10), primary_key=True),  # in UTC
    Column("submissions", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)

LINK_USES = Table(
    "link_uses",
    METADATA,
    Column("link_id", String(32), primary_key=True),
    Column("key_id", ForeignKey("api_keys.id"), nullable=False),
    Column("used", Integer, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
)

WEBHOOKS = Table(
    "webhooks",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("tenant", String(100), nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),  # as it is: a signature needs it
    Column("wanted", Text, nullable=False),  # which events
    Column("created_at", Utc, nullable=False),
    Column("disabled_at", Utc),
    Column("disabled_why", Text),
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", _COUNTED, primary_key=True, autoincrement=True),
    Column("event_id", String(32), nullable=False),
    Column("webhook_id", ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("type", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("trouble", Text),
    Column("finished_at", Utc),
    Index("ix_outbox_due", "state", "due_at"),
    Index("ix_outbox_finished_at", "finished_at"),
    sqlite_autoincrement=True,
)

PARTS = Table(
    "parts",
    METADATA,
    Column("name", String(100), primary_key=True),
    Column("ok", Boolean, nullable=False),
    Column("detail", Text, nullable=False),
    Column("since", Utc, nullable=False),
)

APPEND_ONLY = {
    "sqlite": (
        "CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END",
        "CREATE TRIGGER events_last BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END",
    ),
    "postgresql": (
        """CREATE FUNCTION events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$""",
        """CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON events
        FOR EACH STATEMENT EXECUTE FUNCTION events_are_append_only()""",
    ),
}
"""What keeps the audit as it was written, by dialect."""
