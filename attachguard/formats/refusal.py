"""How a reader inside a format stops: with the finding that says why."""

from attachguard.model import Finding


class Refused(Exception):  # noqa: N818 - it reads as what happened; it never leaves formats/
    """Reading went as far as it may, or as far as the structure can be trusted.

    Raised by the shared readers (packages, XML, OLE) and always caught by the format that called them, which
    reports `finding` beside what it saw until then.
    """

    def __init__(self, code: str, where: str = "", detail: str = "") -> None:
        super().__init__(code)
        self.finding = Finding(code, where, detail)
