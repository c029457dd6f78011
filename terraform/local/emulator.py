"""MiniStack as a child process: started on a free port of the loopback, and ended with every function
that it started. Not in here: what it does otherwise than MiniStack alone (launcher.py)."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import boto3
from botocore.config import Config

REGION = "us-east-1"
# Those of the emulator's own administrator, who may do everything.
KEY, SECRET = "test", "test"
READY_SECONDS_MAX = 60
END_SECONDS_MAX = 10


class Emulator:
    """A running MiniStack. Use it by `with`."""

    def __init__(self, log_file: pathlib.Path):
        self.log_file = log_file
        self.folder = tempfile.TemporaryDirectory(prefix="emulator-", dir=log_file.resolve().parent)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def __enter__(self):
        launcher = pathlib.Path(__file__).with_name("launcher.py")
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(launcher)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment(),
                start_new_session=True,
            )
        try:
            self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        # The group is the emulator's own: it and its functions.
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(END_SECONDS_MAX)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        self.process.stdin.close()
        self.process.wait()
        self.folder.cleanup()

    def environment(self):
        """Nothing of who runs this gets to the functions but where programs are."""
        return {
            "PATH": os.environ["PATH"],
            "TMPDIR": self.folder.name,
            "HOME": self.folder.name,
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "localhost",
            "MINISTACK_REGION": REGION,
            # Every function is told this one.
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            # Roles and policies are enforced.
            "AUTH": "true",
            # Both would listen on every address of the machine.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.2",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def wait_until_ready(self):
        until = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/_ministack/ready", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"MiniStack did not start; it said:\n{self.log_file.read_text()[-4000:]}")

    def client(self, service: str):
        """A client of one service of AWS, with the administrator's rights."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            config=Config(retries={"max_attempts": 1}, read_timeout=60),
        )


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
