"""Ceph's RADOS gateway from the system's packages: monitor, one disk in a file, gateway; TLS in front."""

import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

import urllib3

from tests.servers.process import Process, find_program, free_block, wait_until
from tests.servers.tls import TlsFront

PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "ceph-authtool", "monmaptool", "radosgw", "radosgw-admin")


class Ceph:
    """The server; `access_key` and `secret_key` own the buckets."""

    access_key = "test"
    secret_key = "testing"

    def __init__(self) -> None:
        self._programs = {name: find_program(name) for name in PROGRAMS}
        self.folder = Path(tempfile.mkdtemp(prefix="attachguard-ceph-"))
        for name in ("mon", "osd", "log", "run", "rgw"):
            (self.folder / name).mkdir()
        self._port = free_block(3)
        self._conf = self.folder / "ceph.conf"
        self._conf.write_text(self._configuration())
        self._processes: list[Process] = []
        self._new = True
        self.front = TlsFront(self.folder / "tls", self._port)

    def place(self, bucket: str, more: str = "") -> str:
        """Give the URL of a bucket: this gateway refuses checksum trailers over TLS."""
        return (
            f"s3://{bucket}/at?endpoint={self.front.endpoint}&region=default&ca={self.front.ca}"
            f"&checksums=when_required{more}"
        )

    def start(self) -> None:
        if self._new:
            self._make_monitor()
        self._run_server("ceph-mon", "-i", "a")
        wait_until(lambda: self._asks("mon", "stat"), 60, "Ceph's monitor", self.folder / "ceph-mon.log")
        if self._new:
            self._make_disk()
        self._run_server("ceph-osd", "-i", "0")
        wait_until(lambda: "1 up" in self._says("osd", "stat"), 60, "Ceph's disk", self.folder / "ceph-osd.log")
        self._run_server("radosgw", "-n", "client.rgw")
        wait_until(self._answers, 120, "Ceph's gateway", self.folder / "radosgw.log")
        if self._new:
            self.add_user("owner", self.access_key, self.secret_key)
            self._new = False

    def add_user(self, name: str, access_key: str, secret_key: str) -> None:
        self._run(
            "radosgw-admin", "-n", "client.rgw", "user", "create", f"--uid={name}", f"--display-name={name}",
            f"--access-key={access_key}", f"--secret-key={secret_key}",
        )  # fmt: skip

    def kill(self) -> None:
        """End all of it at once."""
        for process in self._processes:
            process.kill()
        self._processes.clear()

    def close(self) -> None:
        self.kill()
        self.front.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> str:
        command = [self._programs[program], *arguments]
        if program not in {"ceph-authtool", "monmaptool"}:
            command[1:1] = ["-c", str(self._conf)]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout

    def _run_server(self, program: str, *arguments: str) -> None:
        command = [self._programs[program], "-c", str(self._conf), *arguments, "-f"]
        self._processes.append(Process(command, self.folder / f"{program}.log", environment={"TMPDIR": "/tmp"}))

    def _says(self, *arguments: str) -> str:
        try:
            return self._run("ceph", "--connect-timeout", "5", *arguments)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return ""

    def _asks(self, *arguments: str) -> bool:
        return self._says(*arguments) != ""

    def _answers(self) -> bool:
        try:
            with urllib3.PoolManager(retries=False, timeout=2) as pool:
                return pool.request("GET", f"http://127.0.0.1:{self._port}/").status < 500
        except urllib3.exceptions.HTTPError:
            return False

    def _make_monitor(self) -> None:
        keyring, monmap = str(self.folder / "keyring"), str(self.folder / "monmap")
        addresses = f"[v2:127.0.0.1:{self._port + 1},v1:127.0.0.1:{self._port + 2}]"
        self._run("monmaptool", "--create", "--clobber", "--fsid", self._fsid, "--addv", "a", addresses, monmap)
        self._run("ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
        for name, capabilities in {
            "client.admin": ("mon", "allow *", "osd", "allow *", "mgr", "allow *"),
            "client.rgw": ("mon", "allow rwx", "osd", "allow rwx"),
            "osd.0": ("mon", "allow profile osd", "osd", "allow *"),
        }.items():
            caps = [
                part for pair in zip(capabilities[::2], capabilities[1::2], strict=True) for part in ("--cap", *pair)
            ]
            self._run("ceph-authtool", keyring, "--gen-key", "-n", name, *caps)
        self._run("ceph-mon", "-i", "a", "--mkfs", "--monmap", monmap, "--keyring", keyring)

    def _make_disk(self) -> None:
        identity = str(uuid.uuid4())
        self._run("ceph", "osd", "new", identity, "0")
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", identity)

    def _configuration(self) -> str:
        self._fsid = str(uuid.uuid4())
        folder, port = self.folder, self._port
        return f"""[global]
fsid = {self._fsid}
mon_host = v2:127.0.0.1:{port + 1},v1:127.0.0.1:{port + 2}
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
keyring = {folder}/keyring
auth_allow_insecure_global_id_reclaim = false
run_dir = {folder}/run
admin_socket = {folder}/run/$name.$pid.asok
log_file = {folder}/log/$name.log
pid_file = {folder}/run/$name.pid
crash_dir = {folder}/run
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pg_autoscale_mode = off
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
osd_crush_chooseleaf_type = 0
ms_bind_msgr2 = true
mon_data_avail_crit = 1
mon_data_avail_warn = 1
[mon.a]
mon_data = {folder}/mon
[osd.0]
osd_data = {folder}/osd
osd_objectstore = bluestore
bluestore_block_size = 10737418240
bluestore_block_create = true
osd_memory_target = 939524096
bdev_enable_discard = false
[client.rgw]
rgw_data = {folder}/rgw
rgw_frontends = beast endpoint=127.0.0.1:{port}
rgw_dns_name = 127.0.0.1
rgw_enable_usage_log = false
rgw_thread_pool_size = 64
rgw_lc_debug_interval = 5
# Takes requests to encrypt also from behind our TLS; having no keys for it, it then does not encrypt.
rgw_crypt_require_ssl = false
"""
