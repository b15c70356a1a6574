#!/usr/bin/env python3
"""Random definitions and changes by several writers, while Understudy copies, follows and is killed;
then source and target compare.

  tests/regression/random_run.py [--binary build/release/understudy] [--seed N] [--runs 1]
      [--writers 3] [--statements 600] [--kills 3]
      [--copying]          the writers begin before the copy is through

Each run has a seed of its own, which is printed; the order in which the writers come to the source
is not part of it. Exit code 1: Understudy stopped or the servers differ. The binary log is then in
the directory that is told, and stays there.
"""

import argparse
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import dictionary
import followers
from random_statements import random_statements
from servers import fetched, quoted, server, server_error

DATABASES = ("r1", "r2", "r3")
ARRIVAL_SECONDS = 300


class writer(threading.Thread):
    """One client of the source, statement by statement; what fails is passed over."""

    def __init__(self, source, seed, count, images):
        super().__init__()
        self.statements = random_statements(random.Random(seed), DATABASES, True, images)
        self.count = count
        self.home = DATABASES[seed % 2]
        self.log = open(source.directory.parent / f"writer.{seed}.sql", "w", encoding="utf8")
        self.client = subprocess.Popen(
            [source.root / "bin/mysql", "--no-defaults", "--user=root",
                f"--socket={source.socket}", "-fN",
             "--default-character-set=utf8mb4", "--delimiter=//"], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=self.log, text=True, encoding="utf8")

    def run(self):
        self.send("set session lock_wait_timeout = 3, innodb_lock_wait_timeout = 3; ")
        self.send("use " + self.home)
        for number in range(self.count):
            self.send(self.statements.next())
            if number % 60 == 59:
                self.send("use " + self.home)
        for last in ("unlock tables", "xa end 'x\\'1',X'01ff',7", "xa rollback 'x\\'1',X'01ff',7",
        "rollback"):
            self.send(last)
        self.client.stdin.close()
        self.client.wait()

    def send(self, text):
        self.log.write(text + " //\n")
        self.log.flush()
        self.client.stdin.write(text + " //\n")
        self.client.stdin.flush()


def arrives(source, target, task, number):
    source.sql(f"insert into sentinel.t values ({number})")
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while time.monotonic() < deadline:
        if task.failed() is not None:
            return task.failed()
        try:
            if target.value(f"select count(*) from sentinel.t where n = {number}") == "1":
                return None
        except server_error:
            pass  # not copied yet
        time.sleep(0.2)
    return "the last row did not arrive: " + task.doing()


def one(wanted, seed, directory):
    """None, or what is wrong."""
    source = server(fetched("mysql-9.7"), directory, "source")
    target = server(fetched("mysql-9.7"), directory, "target")
    for each in (source, target):
        each.make_account()
    source.sql("create database sentinel; create table sentinel.t (n int primary key);"
               + "".join(f"create database {name};" for name in DATABASES))
    task = followers.understudy(wanted.binary.resolve(strict=True), directory, source, target)
    chance = random.Random(seed)
    writers = [writer(source, seed * 10 + i, wanted.statements,
                      not wanted.copying) for i in range(wanted.writers)]
    try:
        task.begin(anew=not wanted.copying)
        trouble = None if wanted.copying else arrives(source, target, task, 0)
        if trouble is not None:
            return trouble
        for each in writers:
            each.start()
        for _ in range(wanted.kills):
            time.sleep(chance.uniform(1, 8))
            if task.failed() is not None:
                return task.failed()
            task.end()
            task.begin(anew=False)
        for each in writers:
            each.join()
        trouble = arrives(source, target, task, 1)
        if trouble is None:
            left_out = ("understudy", followers.LEFT_OUT)
            found = dictionary.differences(dictionary.read(source, left_out),
                                           dictionary.read(target, left_out))
            trouble = "\n".join(f"{key}\n  source {there[:1500]!r}\n  target {here[:1500]!r}"
                                for key, there, here in found[:4]) or None
        return trouble
    finally:
        task.end()
        for each in writers:
            each.client.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="build/release/understudy", type=pathlib.Path)
    parser.add_argument("--seed", default=int(time.time()), type=int)
    parser.add_argument("--copying", action="store_true")
    for name, usual in (("runs", 1), ("writers", 3), ("statements", 600), ("kills", 3)):
        parser.add_argument("--" + name, default=usual, type=int)
    wanted = parser.parse_args()
    bad = 0
    for seed in range(wanted.seed, wanted.seed + wanted.runs):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="random."))
        begun = time.monotonic()
        trouble = one(wanted, seed, directory)
        print(f"seed {seed}: {'equal' if trouble is None else 'NOT EQUAL'} {time.monotonic() - begun:.0f} s", flush=True)
        if trouble is None:
            shutil.rmtree(directory, ignore_errors=True)
        else:
            bad += 1
            print(trouble + f"\n  in {directory}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
