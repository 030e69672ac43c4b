"""OpenStack Swift with its S3 interface: one node in one folder, no root, no memcached, TLS in front.

It is a program here (an environment of its own, requirements-swift.txt): tools/setup-tests makes it.
"""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from tests.servers.process import MissingServerError, Process, free_block, listens, wait_until
from tests.servers.tls import TlsFront

ROOT = Path(__file__).parents[2]
SERVERS = ("account", "container", "object")
PLAIN_FILTERS = (
    "catch_errors", "gatekeeper", "healthcheck", "proxy-logging", "listing_formats", "bulk", "tempurl", "copy", "slo",
    "dlo", "symlink",
)  # fmt: skip


class Swift:
    """The server; `access_key` and `secret_key` may do everything."""

    access_key = "test:tester"
    secret_key = "testing"

    def __init__(self) -> None:
        self._bin = Path(os.environ.get("SWIFT_BIN", ROOT / ".venv-swift" / "bin"))
        if not (self._bin / "swift-proxy-server").exists():
            raise MissingServerError(f"there is no Swift in {self._bin}; run tools/setup-tests")
        self.folder = Path(tempfile.mkdtemp(prefix="attachguard-swift-"))
        self._etc = self.folder / "etc"
        self._port = free_block(4)
        self._ports = {name: self._port + 1 + number for number, name in enumerate(SERVERS)}
        self._processes: list[Process] = []
        self._configure()
        self.front = TlsFront(self.folder / "tls", self._port)

    def place(self, bucket: str, more: str = "") -> str:
        """Give the URL of a bucket, with boto3's own defaults for checksums."""
        return f"s3://{bucket}/at?endpoint={self.front.endpoint}&region=us-east-1&ca={self.front.ca}{more}"

    def start(self) -> None:
        for name in (*SERVERS, "proxy"):
            self._processes.append(
                Process(
                    [str(self._bin / f"swift-{name}-server"), str(self._etc / f"{name}-server.conf")],
                    self.folder / f"{name}.log",
                    environment={"TMPDIR": str(self.folder / "run"), "PYTHONWARNINGS": "ignore"},
                )
            )
        for name, port in {**self._ports, "proxy": self._port}.items():
            wait_until(lambda port=port: listens(port), 60, f"Swift's {name}", self.folder / f"{name}.log")  # type: ignore[misc]

    @property
    def object_port(self) -> int:
        """Where the server listens that writes the bytes of objects."""
        return self._ports["object"]

    def pause_objects(self) -> None:
        """Have every put hang in the middle: its bytes are taken by the network, and written by nobody."""
        self._processes[SERVERS.index("object")].send_all(signal.SIGSTOP)

    def kill(self) -> None:
        """End all of it at once."""
        for process in self._processes:
            process.kill()
        self._processes.clear()

    def close(self) -> None:
        self.kill()
        self.front.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _configure(self) -> None:
        for name in ("etc", "dev/d1", "run"):
            (self.folder / name).mkdir(parents=True)
        (self._etc / "mime.types").touch()
        (self._etc / "swift.conf").write_text(
            f"[swift-hash]\nswift_hash_path_suffix = {secrets.token_hex(8)}\nswift_hash_path_prefix = ag\n"
            "[storage-policy:0]\nname = gold\ndefault = yes\n"
        )
        for name, port in self._ports.items():
            self._ring(name, port)
            (self._etc / f"{name}-server.conf").write_text(self._storage_conf(name, port))
        (self._etc / "proxy-server.conf").write_text(self._proxy_conf())

    def _ring(self, name: str, port: int) -> None:
        builder = [str(self._bin / "swift-ring-builder"), str(self._etc / f"{name}.builder")]
        for arguments in (
            ["create", "4", "1", "0"],
            ["add", "--region", "1", "--zone", "1", "--ip", "127.0.0.1", "--port", str(port), "--device", "d1",
             "--weight", "1"],
            ["rebalance"],
        ):  # fmt: skip
            subprocess.run([*builder, *arguments], check=True, capture_output=True)

    def _common(self, port: int) -> str:
        user = "root" if os.geteuid() == 0 else os.environ.get("USER", "nobody")
        return (
            f"[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = {port}\nworkers = 1\nswift_dir = {self._etc}\n"
            f"user = {user}\nlog_level = WARNING\n"
        )

    def _storage_conf(self, name: str, port: int) -> str:
        return (
            f"{self._common(port)}devices = {self.folder}/dev\nmount_check = false\n"
            f"recon_cache_path = {self.folder}/run\nfallocate_reserve = 0\n"
            f"[pipeline:main]\npipeline = {name}-server\n[app:{name}-server]\nuse = egg:swift#{name}\n"
        ) + (
            "allowed_headers = Content-Disposition, Content-Encoding, X-Delete-At, X-Object-Manifest, "
            "X-Static-Large-Object, Cache-Control, Content-Language, Expires, X-Robots-Tag\n"
            if name == "object"
            else ""
        )

    def _proxy_conf(self) -> str:
        return (
            f"{self._common(self._port)}client_timeout = 60\n"
            "[pipeline:main]\npipeline = catch_errors gatekeeper healthcheck proxy-logging cache listing_formats bulk "
            "tempurl s3api tempauth copy slo dlo versioned_writes symlink proxy-logging proxy-server\n"
            "[app:proxy-server]\nuse = egg:swift#proxy\nallow_account_management = true\naccount_autocreate = true\n"
            "[filter:tempauth]\nuse = egg:swift#tempauth\nuser_test_tester = testing .admin\n"
            "[filter:s3api]\nuse = egg:swift#s3api\nlocation = us-east-1\ns3_acl = no\ncheck_bucket_owner = false\n"
            "[filter:versioned_writes]\nuse = egg:swift#versioned_writes\nallow_object_versioning = true\n"
            "[filter:cache]\nuse = egg:swift#memcache\nmemcache_servers = 127.0.0.1:1\n"
        ) + "".join(f"[filter:{name}]\nuse = egg:swift#{name.replace('-', '_')}\n" for name in PLAIN_FILTERS)
