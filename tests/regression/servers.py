"""Private servers of MySQL 9.7 for the regression tests, and SQL on them."""

import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
SERVERS = HERE.parent / "servers"
ACCOUNT = "follower"
PASSWORD = "follower"


def fetched(kind):
    """The root that tests/servers/fetch.sh makes for KIND."""
    return pathlib.Path(subprocess.check_output([SERVERS / "fetch.sh", kind], text=True).strip())


class server:
    """One server in a directory of its own; it is killed when this process ends, however it does."""

    def __init__(self, root, directory, name):
        self.root = root
        self.directory = directory / name
        self.start()

    def start(self):
        environment = dict(os.environ, UNDERSTUDY_OWNER=str(os.getpid()))
        answer = subprocess.check_output(
            [SERVERS / "private_server.sh", "start", "mysql-9.7", self.directory,
             "--sync-binlog=0", "--innodb-flush-log-at-trx-commit=2",
             "--log-bin-trust-function-creators=1", "--secure-file-priv=",
             "--log-error-verbosity=1"], text=True, env=environment)
        port, self.socket = answer.split()
        self.port = int(port)

    def answers(self):
        try:
            return self.sql("select 1").strip() == b"1"
        except (server_error, subprocess.TimeoutExpired):
            return False

    def sql(self, text, timeout=120):
        """The answer's bytes, a row a line, tabs between fields."""
        done = subprocess.run(
            [self.root / "bin/mysql", "--no-defaults", "--user=root", f"--socket={self.socket}",
             "-BN", "--raw", "--default-character-set=utf8mb4", "--binary-as-hex=0"],
            input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
            check=False)
        if done.returncode:
            raise server_error(done.stderr.decode(errors="replace")[:300])
        return done.stdout

    def rows(self, text):
        answer = self.sql(text).decode(errors="replace")
        return [line.split("\t") for line in answer.split("\n")[:-1]]

    def value(self, text):
        return self.sql(text).decode(errors="replace").strip()

    def databases(self):
        return [row[0] for row in self.rows(
            "select schema_name from information_schema.schemata where schema_name not in "
            "('mysql','sys','information_schema','performance_schema')")]

    def clear(self, kept=()):
        """Without the databases and accounts that a test made, and without other sessions."""
        sessions = self.rows("select id from information_schema.processlist where id <> "
                             "connection_id() and command not in ('Daemon')")
        for (session,) in sessions:
            try:
                self.sql("kill " + session)
            except server_error:
                pass  # it has ended by itself
        for database in self.databases():
            if database not in kept:
                self.sql("set foreign_key_checks = 0; drop database if exists " + quoted(database))
        accounts = self.rows(
            "select concat(quote(user), '@', quote(host)) from mysql.user where user not in "
            f"('root', '{ACCOUNT}', 'mysql.sys', 'mysql.session', 'mysql.infoschema')")
        for (account,) in accounts:
            self.sql("drop user if exists " + account)

    def make_account(self):
        self.sql(f"create user if not exists {ACCOUNT}@'%' identified by '{PASSWORD}'; "
                 f"grant all on *.* to {ACCOUNT}@'%' with grant option; create user if not exists "
                 "root@'127.0.0.1'; grant all on *.* to root@'127.0.0.1' with grant option")


class server_error(RuntimeError):
    pass


def quoted(name):
    return "`" + name.replace("`", "``") + "`"


def literal(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
