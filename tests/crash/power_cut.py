"""The disk between LMDB and its file, as tests/fault/fault_layer.cpp shows it: what it holds when
the power goes, and faults on order.

    power_cut.py BASE JOURNAL IMAGE [SEED]     makes the file as a power cut may leave it"""
import collections
import mmap
import os
import random
import struct
import sys
from pathlib import Path

from server import FAULT_LAYER

SECTOR = 512
HEADER = struct.Struct("<cQI")
# struct Control of fault_layer.cpp
CONTROL = struct.Struct("<IiiiiII")
FIELDS = ["sync_delay_us", "write_errno", "sync_errno", "header_errno", "open_errno", "writes",
          "syncs"]

Record = collections.namedtuple("Record", "kind offset data")


def usable():
    """Why the layer cannot be used here, or an empty text."""
    if not FAULT_LAYER or not os.path.exists(FAULT_LAYER):
        return "CLARION_FAULT_LAYER does not name the built fault_layer"
    if os.environ.get("CLARION_SANITIZED"):
        return "a sanitizer's runtime wants to be loaded before the fault layer"
    return ""


def read_journal(data):
    """The complete records; a kill may have cut off the last."""
    position, records = 0, []
    while position + HEADER.size <= len(data):
        kind, offset, length = HEADER.unpack_from(data, position)
        position += HEADER.size
        if position + length > len(data):
            break
        records.append(Record(kind.decode(), offset, data[position:position + length]))
        position += length
    return records


class Image:
    """A file being written."""

    def __init__(self, base):
        self.bytes = bytearray(base)

    def write(self, offset, data):
        if offset > len(self.bytes):
            self.bytes.extend(bytes(offset - len(self.bytes)))
        self.bytes[offset:offset + len(data)] = data

    def set_size(self, size):
        del self.bytes[size:]
        self.bytes.extend(bytes(size - len(self.bytes)))

    def apply(self, record):
        if record.kind == "T":
            self.set_size(record.offset)
        elif record.kind != "S":
            self.write(record.offset, record.data)

    def apply_torn(self, record, chance):
        """Some of its sectors only."""
        for start in range(0, len(record.data), SECTOR):
            if chance.random() < 0.5:
                self.write(record.offset + start, record.data[start:start + SECTOR])


def after_power_cut(base, journal, chance, keep=None):
    """The file's bytes, and what became of the unsynced writes. All up to the last sync is there,
    and what was written synchronously; of the rest anything may be. `keep`: of every such write
    the same ("kept", "dropped", "torn"), else a mix."""
    records = read_journal(journal)
    synced = max((i for i, record in enumerate(records) if record.kind == "S"), default=-1)
    image, fates = Image(base), collections.Counter()
    for record in records[:synced + 1]:
        image.apply(record)
    weights = [chance.random() for _ in range(3)]
    for record in records[synced + 1:]:
        if record.kind == "D":
            image.apply(record)
            continue
        fate = keep or chance.choices(["kept", "dropped", "torn"], weights)[0]
        fates[fate] += 1
        if fate == "kept" or (fate == "torn" and record.kind == "T"):
            image.apply(record)
        elif fate == "torn":
            image.apply_torn(record, chance)
    fates["synced"] = synced + 1
    return bytes(image.bytes), fates


class Disk:
    """The disk of one Server: give `environment()` to each start, then `power_cut()` after its
    death. Faults by name, at any time: disk.write_errno = errno.ENOSPC."""

    def __init__(self, server):
        self.__dict__.update(server=server, journal=server.directory / "journal", base=b"")
        path = server.directory / "control"
        path.write_bytes(bytes(CONTROL.size))
        self.__dict__["_file"] = open(path, "r+b")
        self.__dict__["_map"] = mmap.mmap(self._file.fileno(), CONTROL.size)
        server.environment.update({
            "LD_PRELOAD": FAULT_LAYER, "CLARION_FAULT_DIR": str(server.database),
            "CLARION_FAULT_CONTROL": str(path)})

    def __getattr__(self, name):
        if name not in FIELDS:
            raise AttributeError(name)
        return CONTROL.unpack(self._map)[FIELDS.index(name)]

    def __setattr__(self, name, value):
        position = 4 * FIELDS.index(name)
        self._map[position:position + 4] = struct.pack("<i", value)

    @property
    def file(self):
        return self.server.database / "data.mdb"

    def keep_journal(self):
        """Before a start: what is on the disk now is the base."""
        self.__dict__["base"] = self.file.read_bytes() if self.file.exists() else b""
        self.journal.unlink(missing_ok=True)
        self.server.environment["CLARION_FAULT_JOURNAL"] = str(self.journal)

    def power_cut(self, chance, keep=None):
        """After a kill: the file becomes what the disk had."""
        # Killed before it had even loaded the layer, there is none.
        journal = self.journal.read_bytes() if self.journal.exists() else b""
        image, fates = after_power_cut(self.base, journal, chance, keep)
        if image or self.file.exists():
            self.file.write_bytes(image)
        if chance.random() < 0.5:  # it is on the same disk, but nobody syncs it
            (self.server.database / "lock.mdb").unlink(missing_ok=True)
        return fates


if __name__ == "__main__":
    base, journal, out = (Path(name) for name in sys.argv[1:4])
    made, told = after_power_cut(base.read_bytes(), journal.read_bytes(),
                                 random.Random(*sys.argv[4:5]))
    out.write_bytes(made)
    print(dict(told))
