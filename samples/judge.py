"""A case, sent through the whole pipeline as its sender would send it."""

import uuid
from pathlib import Path

from attachguard import Kit, Policy, Submission, SubmissionVerdict, Upload, guard_all
from samples.cases import Case, ExpectedFile


def judge(case: Case, built: Path, policy: Policy, kit: Kit) -> SubmissionVerdict:
    """Judge the files of one case as one submission; `built` is the folder with the case's files."""
    uploads = tuple(_upload(file, built / file.stored_as) for file in case.files)
    return guard_all(Submission(id=uuid.uuid4().hex, uploads=uploads), policy, kit)


def _upload(file: ExpectedFile, path: Path) -> Upload:
    return Upload(
        untrusted_name=file.name,
        open=lambda: path.open("rb"),
        declared_type=file.declared_type,
        source=str(path),
        password=file.password,
    )
