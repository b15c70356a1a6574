"""Everything in a server's databases that a follower has to reproduce, as texts that compare."""

import re

from servers import literal, quoted, server_error

# (how often each kind is called in SHOW CREATE, the query for its names)
PROGRAMS = (
    ("procedure", "select routine_name from information_schema.routines where routine_type = "
                  "'PROCEDURE' and routine_schema = {}"),
    ("function", "select routine_name from information_schema.routines where routine_type = "
                 "'FUNCTION' and routine_schema = {}"),
    ("trigger", "select trigger_name from information_schema.triggers where trigger_schema = {}"),
    ("event", "select event_name from information_schema.events where event_schema = {}"),
)


def read(server, left_out):
    """{(kind, database, name): definition or checksum}"""
    found = {}
    for database in server.databases():
        if database in left_out:
            continue
        found["database", database, ""] = shown(server, "database", quoted(database))
        names = server.rows("select table_name, table_type from information_schema.tables where "
                            f"table_schema = {literal(database)}")
        for name, kind in names:
            full = quoted(database) + "." + quoted(name)
            if kind == "BASE TABLE":
                found["table", database, name] = shown(server, "table", full)
                found["rows", database, name] = checksum(server, full)
            else:
                found["view", database, name] = shown(server, "view", full)
        for kind, query in PROGRAMS:
            for (name,) in server.rows(query.format(literal(database))):
                full = quoted(database) + "." + quoted(name)
                found[kind, database, name] = shown(server, kind, full)
    return found


def shown(server, kind, full):
    try:
        text = server.sql(f"show create {kind} {full}").decode(errors="replace")
    except server_error as error:
        return re.sub(r" at line \d+", "", str(error))
    text = re.sub(r" AUTO_INCREMENT=\d+", "", text)
    # When a trigger was made is the server's own time.
    text = re.sub(r"\t\d{4}-\d\d-\d\d [\d:.]+\n?$", "", text) if kind == "trigger" else text
    # A replica's events are off (docs/limitations.md).
    text = text.replace("DISABLE ON REPLICA", "ENABLE") if kind == "event" else text
    # The log has a program's text without the semicolon that the client may have sent.
    return re.sub(r";\s*(?=\t|$)", "", text)


def checksum(server, full):
    try:
        return server.sql(f"checksum table {full}").decode().split("\t")[-1].strip()
    except server_error as error:
        return str(error)


def differences(source, target):
    """[(key, on the source, on the target)]"""
    return [(key, source.get(key, "(absent)"), target.get(key, "(absent)"))
            for key in sorted(set(source) | set(target)) if source.get(key) != target.get(key)]
