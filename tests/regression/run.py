#!/usr/bin/env python3
"""MySQL's own regression tests on a source that Understudy follows; then source and target compare.

  tests/regression/run.py [--binary build/release/understudy] [--report FILE] TEST...
  tests/regression/run.py @tests/regression/sample.txt
  tests/regression/run.py --late 3 TEST...      Understudy starts, and copies, while the test runs

A TEST is a name of the main suite ("alias") or SUITE.NAME ("innodb.alter_rename"); @FILE is a list,
one a line. Every test that is not equal is run once more with a native replica in Understudy's
place. The verdicts:

  equal           everything on the source is on the target, and nothing else
  skipped         the test wants another kind of server, and did nothing
  not applicable  the test took from the source what any replica needs; the reason is told
  as native       a native replica stops or differs on this test too; how is told
  STOPPED         Understudy ended, a native replica does not
  DIFFERS         the target is not the source, a native replica is
  TIMEOUT         the target did not get there, a native replica does

The exit code is 1 where one of the last three was met.
"""

import argparse
import concurrent.futures
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time

import dictionary
import followers
from mysqltest import mysqltest
from servers import fetched, literal, quoted, server, server_error

SENTINEL = "sentinel"
ARRIVAL_SECONDS = 120
OURS = ("STOPPED", "DIFFERS", "TIMEOUT")


class rig:
    """A source, a target, and one follower between them."""

    def __init__(self, binary, directory):
        root = fetched("mysql-9.7")
        self.source = server(root, directory, "source")
        self.target = server(root, directory, "target")
        for one in (self.source, self.target):
            one.make_account()
        self.tool = mysqltest(fetched("mysql-testsuite"), self.source, directory)
        self.understudy = followers.understudy(binary, directory, self.source, self.target)
        self.native = followers.native_replica(self.source, self.target)
        self.follower = None
        self.number = 0
        self.settings = self.read_settings()

    def read_settings(self):
        return dict(self.source.rows(
            "select variable_name, replace(replace(variable_value, '\\t', ' '), '\\n', ' ') from "
            "performance_schema.global_variables where variable_name not like 'gtid%' and "
            "variable_name not in ('timestamp', 'pseudo_thread_id')"))

    def restore_settings(self):
        """Global variables as they were at first; a test may end with any of them changed."""
        for name, value in self.read_settings().items():
            wanted = self.settings.get(name, value)
            if wanted == value:
                continue
            for text in (wanted, literal(wanted)):
                try:
                    self.source.sql(f"set global {name} = {text}")
                    break
                except server_error:
                    pass  # a number or a text; or what cannot be set

    def begin(self, follower, now=True):
        """Both servers empty, logs anew, the follower in place; not yet, where it is to be late."""
        if self.follower is not None:
            self.follower.end()
        if not self.source.answers():
            self.source.start()
        self.restore_settings()
        for one in (self.source, self.target):
            one.clear()
        self.source.sql(
            "set global enforce_gtid_consistency = ON; set global binlog_format = ROW; "
            "set global binlog_row_image = FULL; set global read_only = OFF")
        for mode in ("OFF_PERMISSIVE", "ON_PERMISSIVE", "ON"):
            try:
                self.source.sql(f"set global gtid_mode = {mode}")
            except server_error:
                pass  # only steps to a neighbouring mode are allowed
        self.source.sql(
            "create database test; create database mtr; "
            "create procedure mtr.add_suppression(pattern text) set @dummy = 1; "
            f"create database {SENTINEL}; create table {SENTINEL}.t (n bigint primary key); "
            "reset binary logs and gtids")
        self.target.sql(f"create database test; create database {SENTINEL}; create table "
                        f"{SENTINEL}.t (n bigint primary key)" if follower is self.native else "")
        self.follower = follower
        if now:
            follower.begin()

    def clean_up(self):
        """What a test left behind, while the follower goes on."""
        for database in self.source.databases():
            if database not in ("test", "mtr", SENTINEL):
                self.source.sql("set foreign_key_checks = 0; drop database if exists "
                                + quoted(database))
        self.source.sql("set foreign_key_checks = 0; drop database if exists test; "
                        "create database test; create database if not exists mtr")
        self.restore_settings()

    def arrives(self):
        """Sends a row behind everything else. None once it is there, or what went wrong."""
        self.number += 1
        try:
            self.source.sql(f"insert into {SENTINEL}.t values ({self.number})")
        except server_error as error:
            return "STOPPED", f"the source refuses a row: {error}"
        deadline = time.monotonic() + ARRIVAL_SECONDS
        while time.monotonic() < deadline:
            failure = self.follower.failed()
            if failure is not None:
                return "STOPPED", failure
            try:
                found = self.target.sql(
                    f"select count(*) from {SENTINEL}.t where n = {self.number}")
                if found.strip() == b"1":
                    return None
            except server_error:
                pass  # it made the table anew
            time.sleep(0.05)
        return "TIMEOUT", (f"the last row did not arrive within {ARRIVAL_SECONDS} s\n"
                           + self.follower.doing())

    def differences(self):
        left_out = (followers.LEFT_OUT, SENTINEL, "understudy")
        # The database `test` of the target is made by hand for the native replica.
        return [one for one in dictionary.differences(dictionary.read(self.source, left_out),
                                                      dictionary.read(self.target, left_out))
                if one[0] != ("database", "test", "")]

    def one(self, test, late=0.0):
        """(verdict, details, what became of the test on the source). With `late` the follower
        starts so many seconds after the test."""
        before = self.source.value("select @@global.gtid_executed")
        self.source.sql(f"set global binlog_format = {self.tool.binlog_format(test)}")
        with concurrent.futures.ThreadPoolExecutor(1) as beside:
            running = beside.submit(self.tool.run, test)
            if late:
                time.sleep(late)
                self.follower.begin()
            ended = running.result()
        if self.source.answers():
            self.source.sql("set global binlog_format = ROW")
        reason = self.inapplicable(before)
        if reason:
            return "not applicable", reason, ended
        trouble = self.arrives()
        if trouble:
            return *trouble, ended
        found = self.differences()
        # Connections that the test left open may have ended only now.
        if found and self.arrives() is None:
            found = self.differences()
        if found:
            return "DIFFERS", "\n".join(
                f"{key}\n  source {there[:1500]!r}\n  target {here[:1500]!r}"
                for key, there, here in found[:4]), ended
        return ("skipped" if ended == "skipped itself" else "equal"), "", ended

    def inapplicable(self, before):
        """What no replica survives, asked of the source itself."""
        if not self.source.answers():
            return "the test shuts the source down"
        state = self.source.rows("select @@global.gtid_mode, @@global.log_bin, gtid_subset("
                                 f"'{before}', @@global.gtid_executed)")[0]
        if state[2] != "1":
            return "the test resets the source's log"
        if state[0] != "ON":
            return "the test leaves the source without GTIDs"
        if state[1] != "1":
            return "the test leaves the source without a log"
        return None


def judge(rig_, test, late):
    if late:
        rig_.begin(rig_.understudy, now=False)
    verdict, details, ended = rig_.one(test, late)
    if verdict in ("equal", "skipped"):
        try:
            rig_.clean_up()
        except server_error:
            rig_.begin(rig_.understudy)
        return verdict, details, ended
    if verdict in OURS:
        rig_.begin(rig_.native)
        native, how, _ = rig_.one(test)
        if native == "not applicable":
            verdict, details = native, how
        elif native not in ("equal", "skipped"):
            verdict, details = "as native", (f"Understudy {verdict}: {details}\n"
                                             f"native {native}: {how}")
    rig_.begin(rig_.understudy)
    return verdict, details, ended


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter,
                                     fromfile_prefix_chars="@")
    parser.add_argument("--binary", default="build/release/understudy", type=pathlib.Path)
    parser.add_argument("--report", type=argparse.FileType("a"), default=sys.stdout)
    parser.add_argument("--late", default=0.0, type=float, metavar="SECONDS",
                        help="each test gets a head start of up to so much, by chance")
    parser.add_argument("--seed", default=int(time.time()), type=int)
    parser.add_argument("tests", nargs="+", metavar="TEST")
    return parser.parse_args()


def main():
    wanted = arguments()
    binary = wanted.binary.resolve(strict=True)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="regression."))
    counts = {}
    rig_ = None
    chance = random.Random(wanted.seed)
    if wanted.late:
        print(f"seed {wanted.seed}", file=wanted.report)
    try:
        rig_ = rig(binary, directory)
        rig_.begin(rig_.understudy)
        for test in wanted.tests:
            if not rig_.tool.file_of(test).exists():
                sys.exit(f"there is no test {test}")
            begun = time.monotonic()
            late = chance.uniform(0.1, wanted.late) if wanted.late else 0.0
            verdict, details, ended = judge(rig_, test, late)
            counts[verdict] = counts.get(verdict, 0) + 1
            print(f"{test}: {verdict} ({ended}) {time.monotonic() - begun:.1f} s",
                  file=wanted.report)
            for line in details.splitlines():
                print("   " + line, file=wanted.report)
            wanted.report.flush()
        print("total " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()),
              file=wanted.report)
    finally:
        # The servers end with this process.
        if rig_ is not None:
            rig_.understudy.end()
        shutil.rmtree(directory, ignore_errors=True)
    return 1 if any(verdict in OURS for verdict in counts) else 0


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C.UTF-8"
    sys.exit(main())
