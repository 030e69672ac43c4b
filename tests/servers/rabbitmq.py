"""A RabbitMQ node of its own, on loopback, with its data in a private folder."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from tests.servers.process import Process, find_program, free_port, listens, wait_until

FOLDER = "/usr/lib/rabbitmq/bin"


class RabbitMq:
    """One node."""

    def __init__(self) -> None:
        self._server = find_program("rabbitmq-server", FOLDER)
        self._ctl = find_program("rabbitmqctl", FOLDER)
        if Path(FOLDER).exists():  # Debian's wrappers change user and home
            self._server, self._ctl = f"{FOLDER}/rabbitmq-server", f"{FOLDER}/rabbitmqctl"
        self.folder = Path(tempfile.mkdtemp(prefix="attachguard-rabbit-"))
        self.port = free_port()
        (self.folder / "plugins").write_text("[].\n")
        (self.folder / "rabbitmq.conf").write_text(
            "vm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.absolute = 50MB\n"
        )
        self._environment = {
            "RABBITMQ_NODENAME": f"ag{self.port}@localhost",
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "HOME": str(self.folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(free_port()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        self._process: Process | None = None

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> None:
        self._process = Process([self._server], self.folder / "out", environment=self._environment)
        wait_until(lambda: listens(self.port), 90, "RabbitMQ listens", self.folder / "out")

    def control(self, *arguments: str) -> str:
        done = subprocess.run(
            [self._ctl, "-n", self._environment["RABBITMQ_NODENAME"], *arguments],
            env={**os.environ, **self._environment},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            wait_until(lambda: not listens(self.port), 20, "RabbitMQ is gone")

    def pause(self) -> None:
        """Have it hang: connections are taken, nothing is answered."""
        if self._process:
            self._process.send_all(signal.SIGSTOP)

    def resume(self) -> None:
        if self._process:
            self._process.send_all(signal.SIGCONT)

    def close(self) -> None:
        self.kill()
        epmd = self._environment["ERL_EPMD_PORT"]
        subprocess.run(
            [find_program("epmd"), "-port", epmd, "-kill"], capture_output=True, check=False,
            env={**os.environ, **self._environment},
        )  # fmt: skip
        shutil.rmtree(self.folder, ignore_errors=True)
