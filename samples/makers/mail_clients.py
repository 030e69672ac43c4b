"""Mail as the programs write it that most people use: their fields, trees and HTML, and a picture in the text."""

import base64
from html import escape

from samples.makers import pictures
from samples.makers.goods import LETTERS

DATE = "Mon, 16 Mar 2026 09:30:00 +0000"
Part = tuple[str, bytes]
"""A part's fields, without the empty line, and its body."""


def by_outlook(language: str = "nl", pixel: str = "") -> bytes:
    """Write a mail of Outlook for Windows: Word's HTML, a picture called image001.png@..., conditional comments.

    A `pixel` is an address of a picture that tells when the mail is read: then it needs a copy.
    """
    head = (
        '<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
        'xmlns:w="urn:schemas-microsoft-com:office:word" xmlns="http://www.w3.org/TR/REC-html40"><head>'
        '<meta http-equiv="Content-Type" content="text/html; charset=utf-8"><meta name="Generator" content="Microsoft '
        'Word 15 (filtered medium)"><!--[if !mso]><style>v\\:* {behavior:url(#default#VML);}</style><![endif]--><style>'
        "<!-- @font-face {font-family:Calibri;} p.MsoNormal {margin:0cm;font-size:11.0pt;} @page WordSection1 "
        '{size:612.0pt 792.0pt;} --></style></head><body lang="NL" link="#0563C1"><div class="WordSection1">'
    )
    name = "image001.png@01DC1234.56789ABC"
    picture = f'<p class="MsoNormal"><img width="64" height="48" id="Afbeelding_x0020_1" src="cid:{name}">'
    picture += "<o:p></o:p></p>"
    page = (
        head
        + _paragraphs(language, "<p class=MsoNormal>{}<o:p></o:p></p>")
        + picture
        + _pixel(pixel)
        + "</div></body></html>"
    )
    texts = _alternative("000_outlook_text", language, page, "base64")
    fields = (
        "From: =?utf-8?B?U2VydmljZSDigJMgd2lua2Vs?= <service@shop.example>",
        'To: "customer@mail.example" <customer@mail.example>',
        f"Subject: {_word(LETTERS[language][0])}",
        "Thread-Topic: Retour",
        "Thread-Index: AdxLb0cAAAAAAAAAQQ==",
        f"Date: {DATE}",
        "Message-ID: <AM0PR0.20260316@EURPRD.PROD.OUTLOOK.EXAMPLE>",
        "Accept-Language: nl-NL, en-US",
        "Content-Language: nl-NL",
        "X-MS-Has-Attach: yes",
        "X-MS-TNEF-Correlator:",
        "MIME-Version: 1.0",
    )
    inline = (
        (
            f'Content-Type: image/png; name="image001.png"\r\nContent-Description: image001.png\r\nContent-'
            "Disposition: inline; "
            f'filename="image001.png"; size=1; creation-date="{DATE}"\r\nContent-ID: <{name}>\r\n'
            "Content-Transfer-Encoding: base64"
        ),
        _encoded(pictures.png()),
    )
    return _mail(fields, "related", "000_outlook", [texts, inline], '; type="multipart/alternative"')


def by_gmail(language: str = "en", pixel: str = "") -> bytes:
    """Write a mail of Gmail: a picture called ii_..., the text quoted-printable, addresses that received it on top."""
    page = '<div dir="ltr">' + _paragraphs(language, "<div>{}</div>")
    page += (
        f'<div><img src="cid:ii_mb1c2d3e4" alt="logo.png" width="64" height="48"><br></div></div>{_pixel(pixel)}\r\n'
    )
    fields = (
        "Delivered-To: customer@mail.example",
        "Received: by 2002:a05:6402:0 with SMTP id a1csp1; Mon, 16 Mar 2026 02:30:01 -0700 (PDT)",
        "MIME-Version: 1.0",
        "From: Service <service@shop.example>",
        f"Date: {DATE}",
        "Message-ID: <CAF1234567890=abc@mail.shop.example>",
        f"Subject: {_word(LETTERS[language][0])}",
        "To: customer@mail.example",
    )
    inline = (
        (
            'Content-Type: image/png; name="logo.png"\r\nContent-Disposition: inline; filename="logo.png"\r\n'
            "Content-Transfer-Encoding: base64\r\nContent-ID: <ii_mb1c2d3e4>\r\nX-Attachment-Id: ii_mb1c2d3e4"
        ),
        _encoded(pictures.png()),
    )
    texts = _alternative("000000000000a1", language, page, "quoted-printable")
    return _mail(fields, "related", "000000000000a2", [texts, inline])


def by_apple(language: str = "fr", pixel: str = "") -> bytes:
    """Write a mail of Apple Mail: the picture belongs to the HTML alternative, plain text is format=flowed."""
    page = (
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head>'
        '<body style="overflow-wrap: '
        f'break-word; -webkit-nbsp-mode: space;">{_paragraphs(language, "<div>{}</div>")}<div><br></div>'
        f'<img alt="photo.jpeg" src="cid:5F1B7A52-0417@mail.example">{_pixel(pixel)}</body></html>'
    )
    inline = (
        (
            "Content-Transfer-Encoding: base64\r\nContent-Disposition: inline;\r\n\tfilename=photo.jpeg\r\n"
            "Content-Type: "
            'image/jpeg;\r\n\tx-unix-mode=0644;\r\n\tname="photo.jpeg"\r\nContent-Id: <5F1B7A52-0417@mail.example>'
        ),
        _encoded(pictures.jpeg()),
    )
    shown = ("Content-Transfer-Encoding: 7bit\r\nContent-Type: text/html;\r\n\tcharset=us-ascii", _ascii(page))
    related = _multipart("related", "Apple-Mail=_0417-B", [shown, inline], ';\r\n\ttype="text/html"')
    text = (
        (
            "Content-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain;\r\n\tcharset=utf-8;"
            "\r\n\tformat=flowed;"
            "\r\n\tdelsp=yes"
        ),
        _quoted(" \r\n".join(LETTERS[language][1:])),
    )
    fields = (
        "From: Service <service@shop.example>",
        "Mime-Version: 1.0 (Mac OS X Mail 16.0 \\(3774.600.62\\))",
        f"Subject: {_word(LETTERS[language][0])}",
        "Message-Id: <0417ABCD-0000-4000-8000-5F1B7A52@mail.example>",
        f"Date: {DATE}",
        "To: customer@mail.example",
        "X-Mailer: Apple Mail (2.3774.600.62)",
    )
    return _mail(fields, "alternative", "Apple-Mail=_0417-A", [text, related])


def by_exchange(language: str = "de", pixel: str = "") -> bytes:
    """Write a mail as Exchange relays it: base64 throughout, names of companies and hosts in its fields."""
    page = (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1"><style type="text/css" '
        'style="display:none;"> P {margin-top:0;margin-bottom:0;} </style></head><body dir="ltr">'
        f'{_paragraphs(language, "<div>{}</div>")}<div><img style="max-width:100%" src="cid:0417-logo"></div>'
        f"{_pixel(pixel)}</body></html>"
    )
    name = "=?iso-8859-1?Q?Gr=FC=DFe.png?="
    inline = (
        (
            f'Content-Type: image/png; name="{name}"\r\nContent-Disposition: inline; filename="{name}"\r\n'
            "Content-ID: <0417-logo>"
            "\r\nContent-Transfer-Encoding: base64"
        ),
        _encoded(pictures.png()),
    )
    fields = (
        "Received: from AM0PR0.EURPRD.PROD.OUTLOOK.EXAMPLE (::1) by AM0PR1.EURPRD.PROD.OUTLOOK.EXAMPLE with HTTPS;",
        f" {DATE}",
        'From: "Service, Laden" <service@shop.example>',
        'To: "customer@mail.example" <customer@mail.example>',
        f"Subject: {_word(LETTERS[language][0])}",
        f"Date: {DATE}",
        "Message-ID: <20260316093000.0417@shop.example>",
        "X-MS-Exchange-Organization-SCL: 1",
        "X-MS-Exchange-CrossTenant-Id: 5f1b7a52-0000-4000-8000-000000000417",
        "MIME-Version: 1.0",
    )
    texts = _alternative("_000_exchange_text_", language, page, "base64")
    return _mail(fields, "related", "_004_exchange_", [texts, inline], '; type="multipart/alternative"')


def signed(language: str = "en") -> bytes:
    """Write a signed mail (multipart/signed, RFC 8551); the signature is DER of no key."""
    text = (
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable",
        _quoted("\r\n".join(LETTERS[language])),
    )
    signature = (
        (
            'Content-Type: application/pkcs7-signature; name="smime.p7s"\r\nContent-Transfer-Encoding: base64\r\n'
            'Content-Disposition: attachment; filename="smime.p7s"'
        ),
        _encoded(b"\x30\x82\x04\x17" + bytes((n * 73 + 5) % 256 for n in range(0x417))),
    )
    return _mail(
        _plain_fields(language),
        "signed",
        "sig_0417",
        [text, signature],
        '; protocol="application/pkcs7-signature"; micalg=sha-256',
    )


def with_part_elsewhere(language: str = "en") -> bytes:
    """Write a mail of which a part lies on a server (message/external-body, RFC 2046 section 5.2.3)."""
    text = (
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable",
        _quoted("\r\n".join(LETTERS[language])),
    )
    elsewhere = (
        'Content-Type: message/external-body; access-type=URL; URL="https://files.example/list.exe"',
        b"Content-Type: application/octet-stream\r\n\r\n",
    )
    return _mail(_plain_fields(language), "mixed", "mixed_0417", [text, elsewhere])


def with_parts_behind_the_end(language: str = "en") -> bytes:
    """Write a mail with a part behind the delimiter that closes it: some programs show it, some do not."""
    text = (
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable",
        _quoted("\r\n".join(LETTERS[language])),
    )
    whole = _mail(_plain_fields(language), "mixed", "mixed_0417", [text])
    return whole + b"--mixed_0417\r\nContent-Type: text/plain\r\n\r\nmore\r\n--mixed_0417--\r\n"


def _plain_fields(language: str) -> tuple[str, ...]:
    return (
        "From: Service <service@shop.example>",
        "To: customer@mail.example",
        f"Subject: {_word(LETTERS[language][0])}",
        f"Date: {DATE}",
        "Message-ID: <20260316.0417@shop.example>",
        "MIME-Version: 1.0",
    )


def _paragraphs(language: str, pattern: str) -> str:
    return "".join(pattern.format(escape(line)) for line in LETTERS[language][1:])


def _pixel(address: str) -> str:
    return f'<img src="{address}" width="1" height="1">' if address else ""


def _alternative(boundary: str, language: str, page: str, encoding: str) -> Part:
    encode = (lambda text: _encoded(text.encode())) if encoding == "base64" else _quoted
    return _multipart(
        "alternative",
        boundary,
        [
            (
                f'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}',
                encode("\r\n".join(LETTERS[language][1:])),
            ),
            (f'Content-Type: text/html; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}', encode(page)),
        ],
    )


def _multipart(kind: str, boundary: str, parts: list[Part], parameters: str = "") -> Part:
    edge = f"--{boundary}".encode()
    body = b"".join(edge + b"\r\n" + fields.encode() + b"\r\n\r\n" + content + b"\r\n" for fields, content in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"{parameters}', body + edge + b"--\r\n"


def _mail(fields: tuple[str, ...], kind: str, boundary: str, parts: list[Part], parameters: str = "") -> bytes:
    described, body = _multipart(kind, boundary, parts, parameters)
    return "\r\n".join((*fields, described)).encode() + b"\r\n\r\n" + body


def _encoded(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def _quoted(text: str) -> bytes:
    """Write quoted-printable with soft line ends, everything but letters and figures escaped."""
    out, line = [], ""
    for byte in text.replace("\r\n", "\n").encode():
        if byte == 0x0A:
            out.append(line)
            line = ""
            continue
        piece = chr(byte) if chr(byte).isalnum() and byte < 0x80 else f"={byte:02X}"
        if len(line) + len(piece) > 72:
            out.append(f"{line}=")
            line = ""
        line += piece
    return "\r\n".join((*out, line)).encode("ascii")


def _word(text: str) -> str:
    return text if text.isascii() else f"=?utf-8?B?{base64.b64encode(text.encode()).decode()}?="


def _ascii(page: str) -> bytes:
    return page.encode("ascii", "xmlcharrefreplace")
