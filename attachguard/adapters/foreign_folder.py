"""A folder that somebody else fills, as a place to be adopted."""

from collections.abc import Sequence

from attachguard.adapters.disk_shelf import DiskShelf
from attachguard.errors import StoreUnavailable
from attachguard.jobs import Kept


class ForeignFolder(DiskShelf):
    """The port `Shelf` over a stranger's folder: one that is not there is told, never taken for an empty one."""

    def page(self, after: str, limit: int) -> Sequence[Kept]:
        """See ports.Shelf."""
        if not self._root.is_dir():
            raise StoreUnavailable(f"there is no folder {self._root}")
        return super().page(after, limit)
