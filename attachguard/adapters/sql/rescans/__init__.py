"""Re-scanning in the ledger: batches, what workers hold of them, changed verdicts, reports, the schedule."""
