"""Runs one of MySQL's regression tests (a .test file) against the source."""

import os
import re
import shutil
import subprocess

LIMIT_SECONDS = 60
# It would take from under every replica what the rest of the test makes.
RESET = re.compile(rb"^[ \t]*reset[ \t]+(?:binary[ \t]+logs|master)\b[^\n]*$",
                   re.IGNORECASE | re.MULTILINE)
FORMAT = re.compile(rb"^[ \t]*(?:--[ \t]*)?source[ \t]+include/have_binlog_format_(\w+?)(?:_or_\w+)?\.inc",
                    re.IGNORECASE | re.MULTILINE)


def link_or_copy(file, place):
    try:
        os.link(file, place, follow_symlinks=False)
    except OSError:
        shutil.copy2(file, place, follow_symlinks=False)


class mysqltest:
    def __init__(self, suite_root, source, directory):
        self.tests = suite_root / "usr/lib/mysql-test"
        self.source = source
        self.var = directory / "var"
        for name in ("tmp", "log"):
            (self.var / name).mkdir(parents=True)
        # Tests load files from here and write beside them.
        shutil.copytree(self.tests / "std_data", self.var / "std_data", symlinks=True,
                        copy_function=link_or_copy)
        # As seen from a server's data directory they are two levels up.
        for name in ("std_data", "tmp"):
            (directory / name).symlink_to(self.var / name)
        libraries = sorted(p for p in (source.root / "usr/lib").glob("*-linux-gnu"))
        loader = next(libraries[0].glob("ld-linux-*.so.*"))
        self.loader = [loader, "--library-path",
                       f"{libraries[0]}:{source.root}/usr/lib/mysql/private"]
        self.environment = self._environment()

    def _client(self, name):
        return (f"{self.source.root}/bin/{name} --no-defaults --user=root "
                f"--socket={self.source.socket}")

    def _environment(self):
        share = self.source.root / "usr/share/mysql"
        clients = {"MYSQL": "mysql", "MYSQL_DUMP": "mysqldump", "MYSQLDUMP": "mysqldump",
                   "MYSQL_SHOW": "mysqlshow", "MYSQLADMIN": "mysqladmin",
                   "MYSQL_CHECK": "mysqlcheck", "MYSQL_IMPORT": "mysqlimport",
                   "MYSQL_SLAP": "mysqlslap"}
        return dict(
            os.environ, **{key: self._client(name) for key, name in clients.items()},
            MYSQL_BINLOG=f"{self.source.root}/bin/mysqlbinlog --no-defaults",
            MYSQL_TEST_DIR=str(self.tests), MYSQLTEST_VARDIR=str(self.var),
            MYSQL_TMP_DIR=str(self.var / "tmp"),
            MYSQLD_DATADIR=f"{self.source.directory}/data/",
            MASTER_MYSOCK=self.source.socket, MASTER_MYPORT=str(self.source.port),
            CHARSETSDIR=str(share / "charsets"), MYSQL_CHARSETSDIR=str(share / "charsets"),
            MYSQL_SHAREDIR=str(share), MYSQL_BASEDIR=str(self.source.root / "usr"),
            MYSQL_LIBDIR=str(self.source.root), MYSQLTEST_FILE=str(self.tests / "bin/mysqltest"),
            DEFAULT_STORAGE_ENGINE="InnoDB", USE_RUNNING_SERVER="1", MTR_VERSION="2",
            MYSQL_SERVER_ID="1", LC_ALL="C", TZ="GMT-3")

    def file_of(self, test):
        """"alias" is a test of the main suite, "innodb.alias" one of another."""
        if "." not in test:
            return self.tests / "t" / f"{test}.test"
        suite, name = test.split(".", 1)
        return self.tests / "suite" / suite / "t" / f"{name}.test"

    def binlog_format(self, test):
        """The format of the source's log that the test asks for."""
        wanted = FORMAT.search(self.file_of(test).read_bytes())
        return wanted[1].decode().upper() if wanted else "ROW"

    def prepared(self, test):
        """The test without resets of the source's log, and going on where the server's answer is
        not the expected one: whatever is logged counts, not what a client is told."""
        copy = self.var / "tmp" / (re.sub(r"\W", "-", test) + ".test")
        copy.write_bytes(b"--disable_abort_on_error\n"
                         + RESET.sub(b"# no reset", self.file_of(test).read_bytes()))
        return copy

    def run(self, test):
        """What became of it on the source: "ran", "skipped", or why it ended early. Whatever it did
        until then is in the log, and has to arrive."""
        command = self.loader + [
            self.tests / "bin/mysqltest", "--no-defaults", "--silent",
            f"--socket={self.source.socket}", f"--port={self.source.port}", "--user=root",
            "--database=test", f"--test-file={self.prepared(test)}", f"--basedir={self.tests}/",
            f"--tmpdir={self.var}/tmp", f"--logdir={self.var}/log",
            f"--character-sets-dir={self.source.root}/usr/share/mysql/charsets", "--tail-lines=3"]
        try:
            done = subprocess.run(command, env=self.environment, cwd=self.tests, check=False,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            return "cut off after 60 s"
        if done.returncode == 0:
            return "ran"
        if done.returncode == 62:
            return "skipped itself"
        said = " ".join(done.stderr.decode(errors="replace").split())
        return "ended early: " + said[:160]
