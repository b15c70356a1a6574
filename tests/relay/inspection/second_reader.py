#!/usr/bin/env python3
"""A second reader of relay logs, written from docs/relay-format.md alone and not from the code.

    second_reader.py DIRECTORY

prints what it finds, one line per event, definition and indexed run; second_reader_test.cpp compares. It checks
every hash on the way. Encrypted logs are not read.
"""

import ctypes
import pathlib
import struct
import sys
import zlib

XXHASH = ctypes.CDLL("libxxhash.so.0")
XXHASH.XXH3_64bits_withSeed.restype = ctypes.c_uint64
XXHASH.XXH3_64bits_withSeed.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]
ZSTD = ctypes.CDLL("libzstd.so.1")
ZSTD.ZSTD_decompress.restype = ctypes.c_size_t
ZSTD.ZSTD_decompress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]


def xxh3(data, seed=0):
    return XXHASH.XXH3_64bits_withSeed(bytes(data), len(data), seed)


def check(holds, what):
    if not holds:
        sys.exit(f"second_reader.py: {what}")


class Cursor:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def take(self, size):
        check(self.at + size <= len(self.data), "cut off")
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "little")

    def u8(self): return self.number(1)
    def u16(self): return self.number(2)
    def u32(self): return self.number(4)
    def u64(self): return self.number(8)
    def text16(self): return self.take(self.u16()).decode()
    def text(self): return self.take(self.u32()).decode()
    def sized(self): return self.take(self.u32())


def header(data, at, magic, version):
    """The cursor behind magic, version, flags and size of a header that ends with its hash; and its end."""
    c = Cursor(data, at)
    check(c.take(len(magic)) == magic, "no " + magic.decode())
    check((c.u16(), c.u16()) == (version, 0), "another version, or encrypted")
    end = at + c.u32()
    check(xxh3(data[at:end - 8]) == Cursor(data, end - 8).u64(), "hash of " + magic.decode())
    return c, end


def frame(data, at):
    c = Cursor(data, at)
    check(c.u32() == 0x4d524655, "no frame")  # "UFRM"
    found = {"header_size": c.u32(), "stored_size": c.u32(), "raw_size": c.u32()}
    for name, size in [("kind", 1), ("codec", 1), ("flags", 2), ("event_count", 4), ("group_count", 4),
                       ("first_event", 4), ("time_min", 4), ("time_max", 4), ("number", 8), ("start", 8), ("end", 8),
                       ("durable", 8)]:
        found[name] = c.number(size)
    found["file"] = c.text16()
    found["gtids"] = c.sized()
    stored = data[at + found["header_size"]:][:found["stored_size"]]
    check(c.at + 8 == at + found["header_size"], "size of a frame header")
    check(c.u64() == xxh3(stored, xxh3(data[at:c.at - 8])), "hash of a frame")
    raw = stored
    if found["codec"] == 1:
        room = ctypes.create_string_buffer(max(found["raw_size"], 1))
        size = ZSTD.ZSTD_decompress(room, found["raw_size"], stored, len(stored))
        check(size == found["raw_size"], "zstd")
        raw = room.raw[:size]
    check(len(raw) == found["raw_size"], "size of a frame")
    return found, raw, at + found["header_size"] + found["stored_size"]


def footer(data):
    """What the index of a sealed segment says of its frames; nothing if it is not sealed."""
    trailer = data[-24:]
    if len(trailer) < 24 or trailer[12:16] != b"UEND" or xxh3(trailer[:16]) != Cursor(trailer, 16).u64():
        return None, len(data)
    c = Cursor(trailer)
    begin, size = c.u64(), c.u32()
    foot = data[begin:begin + size]
    check(xxh3(foot[:-8]) == Cursor(foot, size - 8).u64(), "hash of a footer")
    c, frames = Cursor(foot[:-8]), []
    check(c.take(4) == b"UFOO" and (c.u16(), c.u16()) == (1, 0), "no footer")
    while c.at < len(c.data):
        kind, version, section = c.u16(), c.u16(), Cursor(c.sized())
        if kind != 2:
            continue
        check(version == 1, "version of a section")
        section.u64()
        file = ""
        for _ in range(section.u32()):
            size = section.u16()
            file = file if size == 0xffff else section.take(size).decode()
            offset, one = section.u64(), {}
            for name, size in [("header_size", 4), ("stored_size", 4), ("raw_size", 4), ("kind", 1), ("codec", 1),
                               ("flags", 2), ("event_count", 4), ("group_count", 4), ("first_event", 4),
                               ("time_min", 4), ("time_max", 4), ("start", 8), ("end", 8)]:
                one[name] = section.number(size)
            one["file"], one["gtids"] = file, section.sized()
            frames.append((offset, one))
    return frames, begin


def segment(path, events):
    data = path.read_bytes()
    c, at = header(data, 0, b"UNDRSEGM", 1)
    number, first = c.u64(), c.u64()
    check(path.name == f"{number:012}.segment", "number of a segment")
    index, end = footer(data)
    found = []
    while at < end:
        one, raw, behind = frame(data, at)
        check(one["number"] == first + len(found), "number of a frame")
        found.append((at, {key: one[key] for key in one if key not in ("number", "durable")}))
        if not one["flags"] & 16:
            events.take(one, raw)
        at = behind
    check(index is None or index == found, "the footer says something else than the frames")


class Events:
    """Puts events together that go on over frames, and prints them."""

    def __init__(self):
        self.rest = b""

    def take(self, one, raw):
        data = self.rest + raw
        offset = one["start"] - len(self.rest)
        check(not one["flags"] & 4 or self.rest, "a frame continues nothing")
        while len(data) >= 19 and len(data) >= (size := int.from_bytes(data[9:13], "little")):
            offset += size
            print("event", one["file"], offset, data[4], size, zlib.crc32(data[:size]))
            data = data[size:]
        self.rest = data
        check(bool(data) == bool(one["flags"] & 8), "flag 8 of a frame")


def definitions(data):
    c, at = header(data, 0, b"UNDRDEFS", 1)
    while at < len(data):
        c = Cursor(data, at)
        check(c.take(4) == b"UDEF", "no definition")
        end = at + c.u32()
        check(xxh3(data[at:end - 8]) == Cursor(data, end - 8).u64(), "hash of a definition")
        c.u64()
        where = f"{c.u64()}"
        where = c.text() + ":" + where
        c.text()
        dropped = c.u8()
        table, columns, keys = c.text() + "." + c.text(), [], []
        for _ in range(c.u32()):
            name, kind = c.text(), c.text()
            c.take(4)
            c.text(), c.text()
            columns.append(f"{name} {kind} {[c.text() for _ in range(c.u32())]}")
        for _ in range(c.u32()):
            keys.append(f"{c.text()} {[(c.u32(), c.u32()) for _ in range(c.u32())]}")
        check(c.at + 8 == end, "size of a definition")
        print("definition", where, table, "dropped" if dropped else "; ".join(columns + keys))
        at = end


def keys(data):
    c = Cursor(data)
    check(c.take(8) == b"UNDRKEYS" and (c.u16(), c.u16()) == (2, 0), "no keys, or encrypted ones")
    check(xxh3(data[:-8]) == Cursor(data, len(data) - 8).u64(), "hash of keys")
    c.take(24)
    tables = []
    for _ in range(c.u32()):
        tables.append((c.text(), c.text()))
        c.u32()
        for _ in range(c.u32()):
            c.u32(), c.text(), c.take(5)
    for _ in range(c.u32()):
        first, count, flags = c.u64(), c.u32(), c.u8()
        touched = [tables[c.u32()] for _ in range(c.u32())]
        hashes, bits = c.u8(), c.sized()
        # Which of the rows 1 to 99 it may hold: a four-byte integer as the whole key.
        rows = [row for row in range(1, 100) for database, table in touched
                if may_hold(bits, hashes, database, table, b"\1\4\0\0\0" + struct.pack("<I", row))]
        print("run", first, count, flags, ",".join(".".join(one) for one in touched), rows)
    check(c.at + 8 == len(data), "size of keys")


def may_hold(bits, hashes, database, table, key):
    value = xxh3(database.encode() + b"\0" + table.encode() + b"\0" + key)
    step = (value >> 32 | value << 32 & (1 << 64) - 1) | 1
    places = [((value + i * step) & (1 << 64) - 1) % (8 * len(bits)) for i in range(hashes)]
    return all(bits[place // 8] >> place % 8 & 1 for place in places)


def main():
    where, events = pathlib.Path(sys.argv[1]), Events()
    for path in sorted(where.glob("*.segment")):
        segment(path, events)
    if (where / "definitions").exists():
        definitions((where / "definitions").read_bytes())
    for path in sorted(where.glob("*.keys")):
        keys(path.read_bytes())


main()
