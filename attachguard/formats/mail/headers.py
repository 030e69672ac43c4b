"""A mail's header block: where it ends, and what its fields say (RFC 5322 section 2.2, RFC 2045, RFC 2231)."""

import re
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import HeaderParser
from email.policy import compat32

HEADER_BYTES = 1024 * 1024
"""A header block longer than this is not read on (real ones: at most some 50 KiB of Received and ARC fields)."""

HEADER_LINES = 10_000
"""A header block of more lines is not read on."""

FIELD_LENGTH = 4096
"""Characters of a field about the part itself that are read; the standard library takes quadratic time."""

DECODED_LENGTH = 16 * 1024
"""Characters of a field that are decoded; the standard library takes quadratic time."""

_NEWLINE = rb"(?:\r\n|\n|\r(?!\n))"
_BLANK_LINES = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*+" + _NEWLINE + rb"){0,1000}")
_POSTMARK = re.compile(rb">?From [^\r\n]*" + _NEWLINE)
# RFC 5322 section 2.2: a name of printable ASCII without colon; white space before the colon is obsolete (4.5)
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:[^\r\n]*(?:" + _NEWLINE + rb"|\Z)")
_FOLDED = re.compile(rb"[ \t][^\r\n]*(?:" + _NEWLINE + rb"|\Z)")
_BLANK = re.compile(_NEWLINE)

DESCRIBING = ("content-type", "content-transfer-encoding", "content-disposition")
"""The fields that say what a part is (RFC 2045, RFC 2183)."""

_PARSER = HeaderParser(policy=compat32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Where a header block lies in its bytes."""

    start: int
    """Behind blank lines and an mbox postmark."""
    stop: int
    """Behind the last field."""
    body: int
    """Where the body begins, behind the empty line if there is one."""
    names: tuple[str, ...]
    """Names of the fields in order, lower case."""


def find_block(data: bytes, at: int = 0, *, preamble: bool = False) -> Block:
    """Find the header block that begins at an offset; linear, and it ends at the first line that is no field.

    With `preamble`, a byte order mark, blank lines and an mbox `From ` line before it are stepped over: mail that
    was saved by hand has them.
    """
    if preamble:
        blank = _BLANK_LINES.match(data, at)
        at = blank.end() if blank else at
        postmark = _POSTMARK.match(data, at)
        at = postmark.end() if postmark else at
    start, names = at, list[str]()
    for _ in range(HEADER_LINES):
        field = _FIELD.match(data, at) or (_FOLDED.match(data, at) if names else None)
        if field is None or field.end() - start > HEADER_BYTES:
            break
        if field.re is _FIELD:
            names.append(field.group(1).decode("ascii").lower())
        at = field.end()
    blank = _BLANK.match(data, at)
    return Block(start=start, stop=at, body=blank.end() if blank else at, names=tuple(names))


def parse(data: bytes, block: Block) -> Message:
    """Parse the fields of a block; bytes above ASCII are read as UTF-8 (RFC 6532), else as Latin-1."""
    raw = data[block.start : block.stop]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    fields = _PARSER.parsestr(text, headersonly=True)
    for name in DESCRIBING:
        values = fields.get_all(name, [])
        if any(len(value) > FIELD_LENGTH for value in values):
            del fields[name]
            for value in values:
                fields[name] = value[:FIELD_LENGTH]
    return fields


def doubtful(fields: Message, name: str) -> str:
    """Say why readers may differ in what a field says about the part; empty when they can't.

    Of a field that stands there more than once the first word of the value, a boundary and a file name count; a
    different charset misleads nobody. One field may name one boundary, without a comment (RFC 2045 section 5.1).
    """
    values = [str(value).lower() for value in fields.get_all(name, ())]
    telling = {
        (
            value.split(";")[0].strip(),
            value.partition("boundary=")[2],
            value.partition("name=")[2],
        )
        for value in values
    }
    if any(len(value) >= FIELD_LENGTH for value in values):
        return f"{name} is longer than {FIELD_LENGTH} characters"
    if len(telling) > 1:
        return f"{name} stands there twice, with different values"
    unquoted = [_QUOTED.sub('""', value) for value in values]
    if any(len(_BOUNDARIES.findall(value)) > 1 for value in unquoted):
        return f"{name} names two boundaries"
    if any(_COMMENTED.search(value) for value in unquoted):
        return f"{name} names a boundary with a comment, which some readers take for a part of it"
    return ""


_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BOUNDARIES = re.compile(r";\s{0,99}boundary(?:\*0?\*?)?\s{0,99}=")
_COMMENTED = re.compile(r";\s{0,99}boundary\s{0,99}=[^;]{0,200}\(")


def decoded(value: str) -> str:
    """Decode a field with encoded words (RFC 2047); what can't be decoded, or is too long, stays as it is."""
    if "=?" not in value or len(value) > DECODED_LENGTH:
        return value
    try:
        return str(make_header(decode_header(value)))
    except (MessageError, LookupError, UnicodeError, ValueError):
        return value


def file_name(fields: Message) -> str:
    """Tell the name a part claims, of Content-Disposition or Content-Type (RFC 2183, 2231); empty for none."""
    try:
        return decoded(fields.get_filename("")).strip()
    except (MessageError, LookupError, UnicodeError, ValueError, TypeError):
        return ""


def parameter(fields: Message, name: str) -> str:
    """Tell a parameter of Content-Type; empty when it is not there or can't be read."""
    try:
        value = fields.get_param(name, "")
    except (LookupError, UnicodeError, ValueError, TypeError):
        return ""
    if isinstance(value, tuple):
        value = value[2]
    return value if isinstance(value, str) else ""
