"""Which addresses in an office document are plain links, and which lead out of a package by themselves."""

from urllib.parse import unquote

PLAIN_SCHEMES = ("http:", "https:", "mailto:", "tel:")
"""What a reader may click on: the web, mail, telephone. Everything else starts a program or opens a file."""

_SPACES = "".join(map(chr, range(0x21))) + "\x7f\xa0\u2028\u2029\u3000\ufeff"
"""What programs pass over before an address begins."""


def is_plain_link(target: str) -> bool:
    """Say whether a link leads to the web, a mail address, a telephone, or a place in the same document."""
    bare = target.strip(_SPACES).lower()
    return not bare or bare.startswith(("#", *PLAIN_SCHEMES))


def scheme_of(address: str) -> str:
    """Give an address' scheme in lower case, empty when it has none (RFC 3986 section 3.1)."""
    head, colon, _ = address.strip(_SPACES).partition(":")
    plausible = head[:1].isalpha() and all(char.isalnum() or char in "+-." for char in head)
    return head.lower() if colon and plausible else ""


def is_elsewhere(address: str) -> bool:
    """Say whether a file (a template) lies on another computer: a web address, a share; not a drive or a folder."""
    bare = unquote(address).strip(_SPACES).replace("\\", "/")
    scheme = scheme_of(bare)
    if scheme == "file":
        bare = bare.partition(":")[2].removeprefix("///")
        return bare.startswith("/") or "//" in bare
    return len(scheme) > 1 or bare.startswith("//")  # one letter is a drive


def leads_nowhere_inside(address: str) -> bool:
    """Say whether an address can't be that of a part of the same package: it has a scheme, or names another host."""
    bare = unquote(address).strip(_SPACES).replace("\\", "/")
    return bool(scheme_of(bare)) or bare.startswith("//")


def leads_outside(address: str) -> bool:
    """Say whether an address that a package loads lies outside of it: another scheme, host, share or folder."""
    bare = unquote(address).strip(_SPACES).replace("\\", "/")
    return bool(scheme_of(bare)) or bare.startswith(("../", "/")) or "/../" in bare
