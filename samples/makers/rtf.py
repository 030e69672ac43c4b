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


def by_wordpad(language: str = "nl") -> bytes:
    """Write a letter as WordPad does: line ends of Windows, a zero byte behind the last brace."""
    head = (
        "{\\rtf1\\ansi\\ansicpg1252\\deff0\\nouicompat\\deflang1043{\\fonttbl{\\f0\\fnil\\fcharset0 Calibri;}}\r\n"
        "{\\*\\generator Riched20 10.0.19041}\\viewkind4\\uc1 \r\n\\pard\\sa200\\sl276\\slmult1\\f0\\fs22\\lang19 "
    )
    return (head + "\\par\r\n".join(_escaped(line) for line in LETTERS[language]) + "\\par\r\n}\r\n\0").encode("ascii")


def by_outlook(language: str = "en", more: str = "") -> bytes:
    """Write a mail's text as Outlook does: a page of HTML inside of RTF (MS-OXRTFEX), with a link to the web."""
    tag = "{{\\*\\htmltag{} {}}}".format
    link = (
        tag(84, '<a href="https://shop.example/returns">')
        + '\\htmlrtf {\\field{\\*\\fldinst{HYPERLINK "https://shop.example/returns"}}'
        + "{\\fldrslt\\cf1\\ul \\htmlrtf0 the shop"
        + "\\htmlrtf }\\htmlrtf0 \\htmlrtf }\\htmlrtf0 "
        + tag(92, "</a>")
    )
    lines = "".join(
        f"{tag(64, '<p class=MsoNormal>')}"
        f"\\htmlrtf {{\\htmlrtf0 {_escaped(line)}\\htmlrtf\\par}}\\htmlrtf0\r\n{tag(72, '</p>')}\r\n"
        for line in LETTERS[language]
    )
    head = (
        "{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 \\fbidi \\deff0{\\fonttbl\r\n{\\f0\\fswiss\\fcharset0 Arial;}"
        "{\\f1\\fmodern Courier New;}}\r\n{\\colortbl\\red0\\green0\\blue0;\\red5\\green99\\blue193;}\r\n"
        "\\uc1\\pard\\plain"
        "\\deftab360 \\f0\\fs24 \r\n"
    )
    ends = (tag(19, "<html>"), tag(50, "<body>"), tag(58, "</body>"), tag(27, "</html>"))
    return (head + ends[0] + ends[1] + lines + link + more + ends[2] + ends[3] + "}").encode("ascii")


def with_field() -> bytes:
    """Write a letter with a field that loads a picture from elsewhere, its keyword written in escapes and groups."""
    field = '{\\field{\\*\\fldinst {\\\'49NCLUDE}{PICTURE} "https://pixel.example/seen.png"}{\\fldrslt Logo}}\\par'
    return _document(field + "\n" + _escaped(LETTERS["en"][1]) + "\\par\n")


def with_linked_picture() -> bytes:
    """Write a letter with a shape whose picture is a file of the web."""
    shape = r"{\shp{\*\shpinst{\sp{\sn pibName}{\sv https://pixel.example/seen.png}}}}\par" + "\n"
    return _document(shape + _escaped(LETTERS["en"][1]) + "\\par\n")


def nested(depth: int = 300) -> bytes:
    """Write a letter in as many groups, each in the one before."""
    return _document("{" * depth + "x" + "}" * depth + "\\par\n")


def _counted(data: bytes) -> bytes:
    return len(data).to_bytes(4, "little") + data


def _document(body: str) -> bytes:
    return (HEAD + "\n\\viewkind4\\uc1\\pard\\f0\\fs22 " + body + "}\n").encode("ascii")


def _escaped(text: str) -> str:
    units = text.replace("\\", r"\\").replace("{", r"\{").replace("}", r"\}").encode("utf-16-le")
    codes = (int.from_bytes(units[n : n + 2], "little") for n in range(0, len(units), 2))
    return "".join(chr(code) if code < 128 else f"\\u{code - 65536 if code > 32767 else code}?" for code in codes)
