"""Line numbers for findings in text."""


class Places:
    """Turns offsets into `line N`; cheap when asked in rising order, so linear over a whole inspection."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._offset = 0
        self._line = 1

    def line(self, offset: int) -> str:
        """Name the line (counted from 1, ended by LF) that an offset stands in."""
        if offset < self._offset:
            self._offset, self._line = 0, 1
        self._line += self._text.count("\n", self._offset, offset)
        self._offset = offset
        return f"line {self._line}"
