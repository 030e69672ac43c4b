"""TLS in front of a plain server: boto3 speaks another dialect there (checksums as trailers), so tests use it."""

import subprocess
from pathlib import Path

from tests.servers.process import Process, find_program, free_port, listens, wait_until


class TlsFront:
    """socat with a certificate for 127.0.0.1 that signs itself: the client is given it as its authority."""

    def __init__(self, folder: Path, port: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.ca = folder / "ca.pem"
        key, both = folder / "key.pem", folder / "both.pem"
        subprocess.run(
            [
                find_program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                "-keyout", str(key), "-out", str(self.ca),
            ],
            check=True,
            capture_output=True,
        )  # fmt: skip
        both.write_bytes(key.read_bytes() + self.ca.read_bytes())
        self.port = free_port()
        self._process = Process(
            [
                find_program("socat"),
                f"OPENSSL-LISTEN:{self.port},bind=127.0.0.1,cert={both},verify=0,fork,reuseaddr,nodelay",
                f"TCP:127.0.0.1:{port},nodelay",
            ],
            folder / "socat.log",
        )
        wait_until(lambda: listens(self.port), 10, "socat listens", folder / "socat.log")

    @property
    def endpoint(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._process.kill()
