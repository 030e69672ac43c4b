"""All of re-scanning in the ledger, as one role."""

from attachguard.adapters.sql.rescans.batches import SqlBatches
from attachguard.adapters.sql.rescans.bundles import SqlBundles
from attachguard.adapters.sql.rescans.report import SqlReport
from attachguard.adapters.sql.rescans.schedule import SqlSchedule


class SqlRescans(SqlBatches, SqlBundles, SqlReport, SqlSchedule):
    """See ports.Rescans."""
