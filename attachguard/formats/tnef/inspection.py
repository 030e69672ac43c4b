"""What a winmail.dat carries: its formatted bodies and its files, each as a part to be judged by itself."""

from collections.abc import Iterator

from attachguard.formats.structures import tnef as attributes
from attachguard.formats.tnef.compressed_rtf import BrokenRtfError, TooLargeError, decompress
from attachguard.formats.tnef.content import File, Mail, page
from attachguard.formats.tnef.content import read as read_content
from attachguard.model import Finding, Inspection, Limits, Part

HTML_WHERE, RTF_WHERE = "HTML body", "RTF body"
"""The places of the formatted bodies."""


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report files and formatted bodies, and hand them out as `file 1`, `HTML body`, `RTF body`.

    A mail inside is handed out whole, as the TNEF stream it is. Broken attributes are file.malformed.
    """
    stream = attributes.read(data)
    if stream is None:
        return Inspection(findings=(Finding("file.malformed", detail="no TNEF stream"),))
    mail = read_content(stream)
    findings = [Finding("file.malformed", where, why) for where, why in mail.broken]
    parts: list[Part] = []
    size = 0
    for item in contents(mail, limits):
        if isinstance(item, Finding):
            findings.append(item)
            continue
        size += len(item.data)
        if len(parts) >= limits.parts:
            findings.append(Finding("limit.parts", detail=f"more than {limits.parts} files"))
            break
        if size > limits.parts_size:
            findings.append(Finding("limit.parts_size", detail=f"more than {limits.parts_size} bytes in files"))
            break
        parts.append(item)
        code = "tnef.body" if item.where in (HTML_WHERE, RTF_WHERE) else "tnef.attachment"
        findings.append(Finding(code, item.where, item.untrusted_name))
    return Inspection(findings=tuple(findings), parts=tuple(parts))


def file_where(number: int) -> str:
    """Name the place of a file, counted from one."""
    return f"file {number}"


def contents(mail: Mail, limits: Limits) -> Iterator[Part | Finding]:
    """Yield everything in the mail that is judged by itself, or what kept it from being handed out."""
    if mail.html:
        yield Part(where=HTML_WHERE, untrusted_name="body.html", declared_type="text/html", data=page(mail))
    if mail.rtf:
        yield _rtf(mail.rtf, limits)
    for number, file in enumerate(mail.files, 1):
        yield Part(
            where=file_where(number),
            untrusted_name=_name(file, number),
            declared_type=file.declared_type or None,
            data=file.data,
        )


def _rtf(compressed: bytes, limits: Limits) -> Part | Finding:
    try:
        rtf = decompress(compressed, limits.member_size).rstrip(b"\0")
    except BrokenRtfError as broken:
        return Finding("file.malformed", RTF_WHERE, str(broken))
    except TooLargeError as large:
        return Finding("limit.inflated_size", RTF_WHERE, str(large))
    return Part(where=RTF_WHERE, untrusted_name="body.rtf", declared_type="application/rtf", data=rtf)


def _name(file: File, number: int) -> str:
    name = file.name or f"file {number}.bin"
    if file.is_message and not name.lower().endswith(".tnef"):
        return f"{name}.tnef"
    return name
