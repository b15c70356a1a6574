"""What follows the source while a test runs on it: Understudy, or a native replica as the referee."""

import shutil
import subprocess
import time

from servers import ACCOUNT, PASSWORD, server_error

# The test tool's own database; its tables differ by design.
LEFT_OUT = "mtr"

TASK = """name = "regression"
[source]
host = "127.0.0.1"
port = {source}
user = "{account}"
password = "{password}"
tls.mode = "required"
[target]
host = "127.0.0.1"
port = {target}
user = "{account}"
password = "{password}"
tls.mode = "required"
[objects]
include = ["*"]
exclude = ["{left_out}.*"]
"""


class understudy:
    def __init__(self, binary, directory, source, target):
        self.binary = binary
        self.data = directory / "data"
        self.output = directory / "understudy.out"
        self.task = directory / "regression.toml"
        self.target = target
        self.process = None
        self.task.write_text(TASK.format(source=source.port, target=target.port, account=ACCOUNT,
                                         password=PASSWORD, left_out=LEFT_OUT), encoding="utf8")
        self.task.chmod(0o600)

    def begin(self, anew=True):
        """Waits until it streams; not where it goes on with what is there."""
        if anew:
            shutil.rmtree(self.data, ignore_errors=True)
        with open(self.output, "wb") as out:
            self.process = subprocess.Popen(
                [self.binary, "run", self.task, "--data-dir", self.data], stdout=out,
                stderr=subprocess.STDOUT)
        deadline = time.monotonic() + (60 if anew else 0)
        while "streaming" not in self.said() and time.monotonic() < deadline and self.failed() is None:
            time.sleep(0.05)

    def said(self):
        return self.output.read_text(encoding="utf8", errors="replace")

    def failed(self):
        """Why it stopped; None while it runs."""
        if self.process.poll() is None:
            return None
        said = self.said().strip()
        at = said.find("regression failed:")
        return said[at:] if at >= 0 else said[-1500:]

    def doing(self):
        """What was last heard of it."""
        return self.said().strip()[-600:]

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class native_replica:
    def __init__(self, source, target):
        self.source = source
        self.target = target

    def begin(self):
        self.target.sql(
            "reset binary logs and gtids; "
            "change replication source to source_host = '127.0.0.1', source_port = "
            f"{self.source.port}, source_user = '{ACCOUNT}', source_password = '{PASSWORD}', "
            "source_ssl = 1, source_auto_position = 1; "
            f"change replication filter replicate_wild_ignore_table = ('{LEFT_OUT}.%'); "
            "start replica")

    def failed(self):
        try:
            for number, message in self.target.rows(
                    "select last_error_number, last_error_message from "
                    "performance_schema.replication_applier_status_by_worker union all select "
                    "last_error_number, last_error_message from "
                    "performance_schema.replication_connection_status"):
                if number not in ("0", "2003"):
                    return f"error {number}: {message}"
        except server_error as error:
            return str(error)
        return None

    def doing(self):
        return self.target.value("select group_concat(processlist_state) from performance_schema."
                                 "threads where name like 'thread/sql/replica%'")

    def end(self):
        self.target.sql("stop replica; reset replica all")
