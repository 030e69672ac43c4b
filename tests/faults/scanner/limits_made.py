"""Files that clamd was measured to pass as "OK" without having looked, and their relatives that it does look into.

All are made here; the worst that is in one of them is the EICAR test file.
"""

import base64
import bz2
import gzip
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO

import pikepdf

from attachguard.adapters.clamd_probes import eicar
from samples.makers import malware, odf, ooxml, pdf, pdf_carriers, pdf_file, pictures, vba, word97

MIB = 1024 * 1024


def packed(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Make a zip of these members, always the same bytes."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", method, compresslevel=1) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return made.getvalue()


def nested(depth: int) -> bytes:
    """Put EICAR `depth` zips deep."""
    data = eicar()
    for _ in range(depth):
        data = packed(("inner.zip", data))
    return data


def at_the_end(size: int) -> bytes:
    """Make a file of so many bytes that ends in EICAR."""
    return bytes(size - len(eicar())) + eicar()


def member_of(size: int) -> bytes:
    """Make a zip whose one member inflates to `size` bytes and ends in EICAR."""
    return packed(("large.bin", at_the_end(size)))


def document_with_member_of(size: int) -> bytes:
    """Make a Word document with such a member."""
    return _with_member(ooxml.docx(), "word/media/image1.png", at_the_end(size))


def _with_member(package: bytes, name: str, data: bytes) -> bytes:
    made = BytesIO(package)
    with zipfile.ZipFile(made, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), data, compress_type=zipfile.ZIP_DEFLATED)
    return made.getvalue()


def files(count: int) -> bytes:
    """Make a zip of so many small files and EICAR."""
    small = ((f"{number}.txt", b"good morning") for number in range(count - 1))
    return packed(*small, ("last.txt", eicar()))


def large_files(count: int) -> bytes:
    """Make a zip of so many files of 10 MiB and EICAR; each differs, so none is skipped as known."""
    large = ((f"{number}.bin", bytes([number]) * (10 * MIB)) for number in range(count))
    return packed(*large, ("last.txt", eicar()))


def two_level_bomb() -> bytes:
    """Make a zip of 26 zips that inflate to 100 MiB each."""
    inner = packed(*((f"{number}.bin", bytes([number]) * (10 * MIB)) for number in range(10)))
    return packed(*((f"{number}.zip", inner + bytes([number])) for number in range(26)))


def gz_of(size: int) -> bytes:
    return gzip.compress(at_the_end(size), 1, mtime=0)


def xz_of(size: int) -> bytes:
    return lzma.compress(at_the_end(size), preset=0)


def bz2_of(size: int) -> bytes:
    return bz2.compress(at_the_end(size), 1)


def tgz_of(size: int) -> bytes:
    return gzip.compress(tar(at_the_end(size)), 1, mtime=0)


def tar(data: bytes) -> bytes:
    made = BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        member = tarfile.TarInfo("eicar.com")
        member.size = len(data)
        archive.addfile(member, BytesIO(data))
    return made.getvalue()


def thrice_gzipped() -> bytes:
    return gzip.compress(gzip.compress(gzip.compress(eicar(), mtime=0), mtime=0), mtime=0)


def pdf_with_stream(data: bytes, filters: int) -> bytes:
    """Make a PDF with a stream of these bytes, deflated so many times."""
    for _ in range(filters):
        data = zlib.compress(data, 1)
    names = b" ".join([b"/FlateDecode"] * filters)
    return pdf.invoice_with(pdf_file.stream(data, b"/Filter [" + names + b"]"))


def pdf_with_attachment() -> bytes:
    """Attach EICAR the way pikepdf writes it, which ClamAV 1.4 loses the filter of."""
    made = BytesIO()
    with pikepdf.open(BytesIO(pdf.invoice())) as document:
        document.attachments["eicar.txt"] = pikepdf.AttachedFileSpec(
            document, eicar(), description="", filename="eicar.txt", mime_type="", creation_date="", mod_date=""
        )
        document.save(made, deterministic_id=True)
    return made.getvalue()


def mail() -> bytes:
    """Make a mail with EICAR attached."""
    body = base64.encodebytes(eicar())
    return (
        b"From: a@example.org\r\nTo: b@example.org\r\nSubject: hello\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n'
        b'--b\r\nContent-Type: application/octet-stream; name="e.com"\r\nContent-Transfer-Encoding: base64\r\n'
        b'Content-Disposition: attachment; filename="e.com"\r\n\r\n' + body + b"\r\n--b--\r\n"
    )


def page() -> bytes:
    """Make a page with EICAR in a data: address (RFC 2397)."""
    data = base64.b64encode(eicar()).decode()
    picture = f'<img src="data:application/octet-stream;base64,{data}" alt="x">'
    return f"<!DOCTYPE html><html><head><title>x</title></head><body>{picture}</body></html>".encode()


def _locked(package: bytes) -> bytes:
    """Say of every member that it is encrypted (APPNOTE 4.4.4, bit 0), in both places."""
    made = bytearray(package)
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        found = made.find(signature)
        while found >= 0:
            made[found + at] |= 1
            found = made.find(signature, found + 4)
    return bytes(made)


def locked_zip() -> bytes:
    return _locked(packed(("secret.txt", b"nobody can look into this"), method=zipfile.ZIP_STORED))


def locked_in_a_zip() -> bytes:
    return packed(("locked.zip", locked_zip()))


def locked_7z() -> bytes:
    """Make a 7z (7zFormat.txt) of one file that is encrypted by AES (method 06F10701); the bytes are random enough."""
    cipher = bytes(range(64))
    coder = b"\x24\x06\xf1\x07\x01" + b"\x02\x53\x07" + b""  # 4-byte id with properties: cycles, no salt
    folder = b"\x01" + coder
    streams = (
        b"\x04\x06\x00\x01\x09" + bytes([len(cipher)]) + b"\x00"
        b"\x07\x0b\x01\x00" + folder + b"\x0c" + bytes([len(cipher)]) + b"\x00\x08\x00\x00"
    )
    name = b"\x00" + "s.txt\0".encode("utf-16-le")
    listed = b"\x05\x01\x11" + bytes([len(name)]) + name + b"\x00"
    header = b"\x01" + streams + listed + b"\x00"
    start = struct.pack("<QQI", len(cipher), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<I", zlib.crc32(start)) + start + cipher + header


def document_with_eicar() -> bytes:
    return _with_member(ooxml.docx(), "word/media/image1.bin", eicar())


def _document_cut(keep: Callable[[bytes], bytes]) -> bytes:
    return keep(_with_member(ooxml.docx(), "word/media/image1.bin", eicar()))


def without_end_record() -> bytes:
    """Cut off the end of central directory record (APPNOTE 4.3.16): some readers still open it."""
    return _document_cut(lambda whole: whole[: whole.rfind(b"PK\x05\x06")])


def without_directory() -> bytes:
    """Cut off the whole central directory (APPNOTE 4.3.12): a repair finds the files all the same."""
    return _document_cut(lambda whole: whole[: whole.find(b"PK\x01\x02")])


def without_first_signature() -> bytes:
    """Overwrite the first local header's signature (APPNOTE 4.3.7): who reads by the directory does not see it."""
    return _document_cut(lambda whole: bytes(4) + whole[4:])


def with_unknown_method() -> bytes:
    """Say of the last member that it is packed by method 93 (Zstandard, APPNOTE 4.4.5)."""

    def relabel(whole: bytes) -> bytes:
        made = bytearray(whole)
        local, central = made.rfind(b"PK\x03\x04"), made.rfind(b"PK\x01\x02")
        struct.pack_into("<H", made, local + 8, 93)
        struct.pack_into("<H", made, central + 10, 93)
        return bytes(made)

    return _document_cut(relabel)


def broken_program() -> bytes:
    """Make a Windows program whose section lies beyond its end."""
    return malware.program()[:0x180]


def broken_jpeg() -> bytes:
    whole = pictures.jpeg()
    return whole[: len(whole) // 2]


def broken_gif() -> bytes:
    whole = pictures.gif()
    return whole[: len(whole) // 2]


def broken_png() -> bytes:
    whole = pictures.png()
    return whole[: len(whole) // 2]


def lines_of(text: bytes) -> Iterator[bytes]:
    yield from (text[at : at + 60] for at in range(0, len(text), 60))


def in_base64() -> bytes:
    return b"\n".join(lines_of(base64.b64encode(eicar()))) + b"\n"


def in_utf_16() -> bytes:
    return eicar().decode().encode("utf-16")


def backwards() -> bytes:
    return eicar()[::-1]


def document_with_macros() -> bytes:
    return ooxml.docx_with_macros()


def old_document_with_macros() -> bytes:
    return word97.letter_with_macros()


def open_document_with_macros() -> bytes:
    return odf.odt_with_event()


def vba_project() -> bytes:
    return vba.project()


def pdf_and_zip() -> bytes:
    return pdf.invoice() + packed(("eicar.com", eicar()))


def zip_behind_two_mib() -> bytes:
    return b"\x01" * (2 * MIB) + packed(("eicar.com", eicar()))


def tar_xz() -> bytes:
    return lzma.compress(tar(eicar()))


def tar_bz2() -> bytes:
    return bz2.compress(tar(eicar()))


def user_password() -> bytes:
    return pdf_carriers.user_password()


def owner_password() -> bytes:
    return pdf_carriers.owner_password()
