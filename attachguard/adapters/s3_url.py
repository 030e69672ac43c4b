"""`s3://bucket/prefix?option=value`: where a bucket is and how its server wants to be spoken to."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from attachguard.errors import UsageError

OPTIONS: Mapping[str, str] = {
    "endpoint": "https://host:port of a server that is not Amazon's",
    "region": "as the server knows it",
    "path_style": "yes | no: bucket in the path instead of the host name; yes unless the server is Amazon's",
    "sse": "AES256 | aws:kms: encryption on the server",
    "kms_key": "key id for aws:kms",
    "checksums": "auto | when_required: CRC trailers on every request, or only where S3 demands a checksum. "
    "Ceph before 17 refuses the trailers over TLS (measured)",
    "ca": "path of the certificate authority of the endpoint",
    "profile": "profile of the AWS configuration files",
    "insecure": "allow: speak http to another machine",
}
"""What may stand in the query. Credentials may not: URLs are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Place:
    """One bucket, as its URL describes it."""

    bucket: str
    prefix: str
    """Empty, or ends in a slash."""
    endpoint: str | None = None
    region: str | None = None
    path_style: bool = False
    sse: str | None = None
    kms_key: str | None = None
    when_required: bool = False
    """Send checksums of S3's newer kinds only where a request demands one. Content-MD5 is always sent."""
    ca: Path | None = None
    profile: str | None = None


def parse_place(url: str, variable: str) -> S3Place:
    """Read the URL of a bucket. Raises UsageError that names the variable and says what to change."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))

    def wrong(why: str) -> UsageError:
        return UsageError(f"{variable}: {why}; write s3://bucket/prefix?endpoint=https://host&region=name")

    if not parts.hostname or parts.username or parts.port:
        raise wrong("there is no bucket in it")
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise wrong(f"there is no option {unknown[0]!r}, there are {', '.join(OPTIONS)}")
    for name, values in {
        "path_style": ("yes", "no"),
        "sse": ("AES256", "aws:kms"),
        "checksums": ("auto", "when_required"),
        "insecure": ("allow",),
    }.items():
        if name in options and options[name] not in values:
            raise wrong(f"{name} is one of {', '.join(values)}")
    endpoint = options.get("endpoint")
    if endpoint:
        _check_endpoint(endpoint, options.get("insecure") == "allow", variable)
    prefix = unquote(parts.path).strip("/")
    return S3Place(
        bucket=parts.hostname,
        prefix=f"{prefix}/" if prefix else "",
        endpoint=endpoint,
        region=options.get("region"),
        path_style=options.get("path_style", "yes" if endpoint else "no") == "yes",
        sse=options.get("sse"),
        kms_key=options.get("kms_key"),
        when_required=options.get("checksums") == "when_required",
        ca=Path(options["ca"]) if "ca" in options else None,
        profile=options.get("profile"),
    )


def _check_endpoint(endpoint: str, insecure: bool, variable: str) -> None:
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{variable}: the endpoint {endpoint!r} must be https://host or https://host:port")
    if parts.scheme == "http" and not insecure and not _is_loopback(parts.hostname):
        raise UsageError(
            f"{variable}: {endpoint!r} is another machine, and http is neither encrypted nor signed in full; "
            f"use https, or add insecure=allow if the network in between is yours"
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
