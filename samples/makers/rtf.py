"""RTF documents (Rich Text Format specification 1.9.1): a letter, and the two classic ways to load more with it."""

from samples.makers.goods import LETTERS

HEAD = r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss\fcharset0 Arial;}}{\colortbl;\red38\green92\blue77;}"


def letter(language: str = "pl") -> bytes:
    """Write a letter; what is outside ASCII is written as \\u with a question mark for old readers."""
    return _document("".join(f"{_escaped(line)}\\par\n" for line in LETTERS[language]))


def with_template() -> bytes:
    """Write a letter that fetches its template from elsewhere when it is opened."""
    return _document(r"{\*\template http://templates.example/t.dotm}" + _escaped(LETTERS["en"][1]) + "\\par\n")


def with_object() -> bytes:
    """Write a letter with an embedded OLE 1.0 Package (MS-OLEDS 2.2.5) that would be dropped on the disk."""
    native = b"\x02\x00rekening.txt\x00C:\\rekening.txt\x00\x00\x00\x03\x00\x05\x00\x00\x00x.txt\x05\x00\x00\x00hallo"
    header = b"\x01\x05\x00\x00\x02\x00\x00\x00" + _counted(b"Package\x00") + _counted(b"") + _counted(b"")
    data = (header + _counted(native)).hex()
    return _document(
        r"{\object\objemb\objw2000\objh800{\*\objclass Package}{\*\objdata " + data + r"}{\result rekening}}\par" + "\n"
    )


def _counted(data: bytes) -> bytes:
    return len(data).to_bytes(4, "little") + data


def _document(body: str) -> bytes:
    return (HEAD + "\n\\viewkind4\\uc1\\pard\\f0\\fs22 " + body + "}\n").encode("ascii")


def _escaped(text: str) -> str:
    units = text.replace("\\", r"\\").replace("{", r"\{").replace("}", r"\}").encode("utf-16-le")
    codes = (int.from_bytes(units[n : n + 2], "little") for n in range(0, len(units), 2))
    return "".join(chr(code) if code < 128 else f"\\u{code - 65536 if code > 32767 else code}?" for code in codes)
