"""Uploads from paths, for the doors that are given files by name."""

import os
import stat
from pathlib import Path
from typing import IO

from attachguard.errors import UploadUnreadable
from attachguard.model import Upload, printable


def upload_from_path(source: str, password: str | None = None) -> Upload:
    """Make an upload of a file by its path as given, with the password that opens it; nothing is opened yet.

    Opening raises UploadUnreadable for what is not a regular file: a folder, a pipe or a device would hang or
    never end.
    """
    path = Path(source)
    return Upload(untrusted_name=path.name, open=lambda: _open(path), source=source, password=password)


def _open(path: Path) -> IO[bytes]:
    # O_NONBLOCK: opening a pipe nobody writes to must not wait. It changes nothing for a regular file.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UploadUnreadable(f"{printable(str(path), 200)} is not a regular file")
    return open(descriptor, "rb")
