"""From the name a sender gave a file to one that can't harm: pure, and never a path to anything.

The delivered name says what the file is called, nothing else: storage keys never contain it. Sources of the rules:
UTR #36 and #39 (characters that deceive), UAX #15 (normal forms), Microsoft's "Naming Files, Paths, and Namespaces"
(reserved names, forbidden characters, streams after a colon), and the habit of shells and spreadsheet programs to
read a leading `-`, `=`, `+`, `@` or `~` as more than a character.
"""

import re
import unicodedata
from dataclasses import dataclass

from attachguard.kinds import WINMAIL, Kind, named
from attachguard.model import Finding

UNNAMED = "unnamed"
"""What a file is called when its name has nothing usable; it has no extension, so no kind accepts it."""

BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""The controls of the bidirectional algorithm (UAX #9 section 2): `annual<RLO>fdp.exe` reads `annualexe.pdf`."""

FORBIDDEN = frozenset('<>:"|?*')
"""Characters Windows has a use for in paths; a colon names an alternate data stream or a drive."""

SEPARATORS = frozenset("/\\")

LEADING = frozenset("-=+@~")
"""First characters that shells take for an option or a home directory and spreadsheets for a formula."""

RESERVED = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{device}{digit}" for device in ("com", "lpt") for digit in "0123456789\u00b9\u00b2\u00b3"}
)
"""Stems that Windows takes for a device, whatever extension follows (superscript digits count)."""

_DANGEROUS_BY_FAMILY = (
    # programs and what starts them
    "exe com scr pif cpl dll sys drv ocx msi msp mst msix msixbundle appx appxbundle appinstaller gadget hta app",
    "application jar jnlp class apk ipa deb rpm run bin elf so dylib dmg pkg command workflow",
    # scripts
    "bat cmd ps1 ps1xml ps2 ps2xml psc1 psc2 psd1 psm1 vb vbs vbe vbscript js jse mjs ws wsf wsc wsh sct sh bash zsh",
    "csh ksh fish py pyc pyw pyz pl rb php php3 php4 php5 phtml phar asp aspx ashx jsp jspx cgi lua tcl scpt",
    # shortcuts, settings and help that act when opened
    "lnk url desktop scf inf reg rdp theme themepack library-ms search-ms searchconnector-ms settingcontent-ms",
    "diagcab website webloc chm hlp msc iqy oqy dqy rqy slk wll xll",
    # documents with macros, or that other programs open as code
    "docm dotm dot dotx xlsm xlsb xltm xltx xlt xlam xla xlw xlm pptm potm ppam ppsm sldm svg svgz mht mhtml xsl",
    "xslt swf onepkg mdb accdb accde mde ade adp",
    # containers
    "zip zipx rar 7z gz tgz bz2 xz tar cab arj lzh ace z zst iso img vhd vhdx udf wim",
)

DANGEROUS = frozenset(extension for family in _DANGEROUS_BY_FAMILY for extension in family.split())
"""Extensions that deceive when they stand before the last one: `invoice.exe.pdf`."""

_READ = 4096
"""Characters of a name that are looked at, from its end: normal forms take quadratic time on endless accents."""

_NOT_SHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanName:
    """A name that is safe to show, to write and to send, and what was wrong with the sender's."""

    name: str
    """NFC, one line, no path, at most the asked length in UTF-8; its extension is lower case."""
    findings: tuple[Finding, ...] = ()


def clean(untrusted_name: str, length: int) -> CleanName:
    """Make a sender's name harmless; `length` is in bytes of UTF-8.

    Says `name.extension` when the name does not end in an accepted extension, and then nobody need read the file.
    White space at the ends, the letter case of the extension and the normal form are changed without a finding:
    they are the same name, written tidily.
    """
    codes: dict[str, str] = {}
    name = untrusted_name
    if len(name) > _READ:
        codes["name.too_long"] = f"{len(name)} characters, only the last {_READ} were read"
        name = name[-_READ:]
    if "\0" in name:
        name = name.partition("\0")[0]
        codes["name.control"] = "a NUL, at which many programs stop reading"
        codes["name.extension"] = "nothing after a NUL counts"
    name = _base_name(_visible(name, codes), codes)
    name = _plain(unicodedata.normalize("NFC", name), codes)
    name = _trim(name, codes)
    stem, extension = _split(name)
    if "." in stem and any(inner.strip().lower() in DANGEROUS for inner in stem.split(".")[1:]):
        codes["name.double_extension"] = f"inside {stem}"
        stem = stem.replace(".", "_")
    stem = _guard_start(stem, extension, codes)
    name = _fit(stem, extension, length, codes)
    if named(name) is None:
        codes.setdefault("name.extension", f".{extension}" if extension else "no extension")
    return CleanName(name=name, findings=tuple(Finding(code, detail=codes[code]) for code in sorted(codes)))


def retitle(safe_name: str, kind: Kind, length: int) -> str:
    """Give a safe name the extension of what the file really is; `length` as in `clean`."""
    stem, _ = _split(safe_name)
    return _fit(stem, kind.extension, length, {})


def _visible(name: str, codes: dict[str, str]) -> str:
    """Drop what is not shown (Unicode categories Cc, Cf, Cs, Co, Cn, Zl, Zp); a lone surrogate leaves a `_`."""
    if name.isascii() and name.isprintable():
        return name
    shown = []
    for char in name:
        category = unicodedata.category(char)
        if category not in _NOT_SHOWN:
            shown.append(char)
        elif char in BIDI:
            codes["name.bidi"] = f"U+{ord(char):04X}"
        else:
            codes["name.control"] = f"U+{ord(char):04X}"
            shown.append("_" if category == "Cs" else "")
    return "".join(shown)


def _base_name(name: str, codes: dict[str, str]) -> str:
    """Keep what follows the last separator of either world; the rest is somebody's directory."""
    last = max(name.rfind(separator) for separator in SEPARATORS)
    if last < 0:
        return name
    codes["name.path"] = "directories were taken away"
    return name[last + 1 :]


def _plain(name: str, codes: dict[str, str]) -> str:
    """Replace forbidden characters and every look-alike of a character that has a meaning in names (NFKC)."""
    plain = []
    for char in name:
        meaning = char if char.isascii() else unicodedata.normalize("NFKC", char)
        if char in FORBIDDEN:
            codes["name.cleaned"] = f"{char} replaced"
            plain.append("_")
        elif not char.isascii() and FORBIDDEN.union(SEPARATORS).intersection(meaning):
            codes["name.cleaned"] = f"U+{ord(char):04X} looks like {meaning}"
            plain.append("_")
        elif not char.isascii() and "." in meaning:
            codes["name.cleaned"] = f"U+{ord(char):04X} looks like {meaning}"
            plain.append(meaning)
        else:
            plain.append(char)
    return _BLANKS.sub(" ", "".join(plain)).strip()


def _trim(name: str, codes: dict[str, str]) -> str:
    """Take dots off both ends: Windows drops trailing ones, Unix hides what starts with one."""
    if name.startswith("."):
        codes["name.cleaned"] = "leading dots taken away"
    if name.endswith("."):
        codes["name.cleaned"] = "trailing dots taken away"
    return name.strip(". ")


def _split(name: str) -> tuple[str, str]:
    """Part a name at its last dot; the extension in lower case, and as its look-alikes read (NFKC)."""
    stem, dot, extension = name.rpartition(".")
    if not dot:
        return name, ""
    return stem.rstrip(". "), unicodedata.normalize("NFKC", extension).strip().lower()


def _guard_start(stem: str, extension: str, codes: dict[str, str]) -> str:
    """Disarm a first character or a whole stem that a program would take for something else."""
    if not stem:
        codes["name.missing"] = "nothing usable is left"
        return UNNAMED
    if stem[0] in LEADING:
        codes["name.cleaned"] = f"leading {stem[0]} replaced"
        return "_" + stem[1:]
    if f"{stem}.{extension}".partition(".")[0].rstrip().lower() in RESERVED:
        codes["name.reserved"] = stem
        return "_" + stem
    return stem


def _fit(stem: str, extension: str, length: int, codes: dict[str, str]) -> str:
    """Put the name together, the stem cut at a whole character so that all of it fits."""
    tail = f".{extension}" if extension else ""
    whole = (stem + tail).encode()
    if len(whole) <= length:
        return WINMAIL if (stem + tail).lower() == WINMAIL else stem + tail
    codes["name.too_long"] = f"{len(whole)} bytes, limit {length}"
    room = max(1, length - len(tail.encode()))
    stem = stem.encode()[:room].decode(errors="ignore").rstrip(". ") or "_"
    return (stem + tail).encode()[:length].decode(errors="ignore")
