"""Which files a list of paths means: folders are walked, in the order of their names, never in circles."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from attachguard.errors import UploadUnreadable


def walk(paths: Iterable[str], complain: Callable[[str], None], note: Callable[[int], None]) -> Iterator[str]:
    """Yield every file that `paths` name or hold.

    Links to folders are not followed, so a loop of them can't be walked for ever. A folder that can't be read is
    complained about and noted with its exit code: its files were not judged.
    """

    def unreadable(error: OSError) -> None:
        complain(f"{error.filename} can't be read: {error.strerror}")
        note(UploadUnreadable.exit_code)

    for path in paths:
        if not Path(path).is_dir():
            yield path
            continue
        for folder, folders, files in os.walk(path, onerror=unreadable):
            folders.sort()
            yield from (os.path.join(folder, name) for name in sorted(files))
