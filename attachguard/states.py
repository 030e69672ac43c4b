"""The states of submissions and jobs, and every move between them that exists. Nothing here does anything.

    submission   receiving -> queued -> processing -> done | failed
                 receiving -> abandoned            the bytes never came in whole, and nothing was acknowledged
                 processing -> queued              an attempt broke off; the next one starts later
                 queued, processing -> failed      out of attempts or out of time: verdict `undetermined`
                 failed -> queued                  somebody asked to try again
    job          queued -> running -> done | failed
                 running -> queued, queued -> failed

Every UPDATE of a state names the state it expects, so that of two who want to move the same row one finds nothing.
"""

import enum


class SubmissionState(enum.StrEnum):
    """How far a submission is."""

    RECEIVING = "receiving"
    """Its intent is written down, its bytes are on their way into quarantine. Not acknowledged."""
    QUEUED = "queued"
    """Acknowledged: whole in quarantine, with a job."""
    PROCESSING = "processing"
    """A worker holds its job."""
    DONE = "done"
    """Its verdict is recorded."""
    FAILED = "failed"
    """No verdict could be given: `undetermined`, with a reason; can be tried again."""
    ABANDONED = "abandoned"
    """It was never acknowledged; its bytes are gone."""


class JobState(enum.StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class BytesState(enum.StrEnum):
    """Where the received bytes of an attachment are."""

    EXPECTED = "expected"
    """On their way into quarantine."""
    HELD = "held"
    """In quarantine."""
    DELETED = "deleted"
    """No longer in quarantine, or never were (a synchronous check keeps nothing)."""


SUBMISSION_MOVES = frozenset(
    {
        (SubmissionState.RECEIVING, SubmissionState.QUEUED),
        (SubmissionState.RECEIVING, SubmissionState.ABANDONED),
        (SubmissionState.QUEUED, SubmissionState.PROCESSING),
        (SubmissionState.QUEUED, SubmissionState.FAILED),
        (SubmissionState.PROCESSING, SubmissionState.QUEUED),
        (SubmissionState.PROCESSING, SubmissionState.DONE),
        (SubmissionState.PROCESSING, SubmissionState.FAILED),
        (SubmissionState.FAILED, SubmissionState.QUEUED),
    }
)

JOB_MOVES = frozenset(
    {
        (JobState.QUEUED, JobState.RUNNING),
        (JobState.QUEUED, JobState.FAILED),
        (JobState.RUNNING, JobState.QUEUED),
        (JobState.RUNNING, JobState.DONE),
        (JobState.RUNNING, JobState.FAILED),
    }
)

FINAL = frozenset({SubmissionState.DONE, SubmissionState.FAILED, SubmissionState.ABANDONED})
"""States in which nothing is pending."""
