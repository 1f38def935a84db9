"""A server whose calendar is set anew, between its lives and while it runs, by libfaketime (Debian:
faketime). Its steady clock goes on as it is."""
import glob
import os

HOUR = 3600
# What a server needs whose calendar is set. Nobody may hibernate too long for one that is a day ahead
# when the server starts. libfaketime takes an absolute timer of the steady clock for one of the
# calendar's: those that are due when they are set may be lost, and with them the end of a rest.
SETTINGS = {"smacks": "hibernation_time = 259200", "c2s": "max_work_percent = 0"}
# Seconds off the truth, one after the other: back and forward, an hour and a day.
STEPS = [0, -2 * HOUR, HOUR, 24 * HOUR, -24 * HOUR]


def library():
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    return found[0] if found else None


def usable():
    """Why it is not; empty: it is."""
    if os.environ.get("CLARION_SANITIZED"):
        return "a sanitizer's runtime wants to be loaded first"
    return "" if library() else "there is no libfaketime (Debian: faketime)"


class WallClock:
    """The calendar of one Server, from its next start on."""

    def __init__(self, server, random):
        self._random = random
        self._file = server.directory / "clock"
        self._set(0)
        server.environment.update({
            "LD_PRELOAD": library(), "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"})

    def step(self):
        self._set(self._random.choice([step for step in STEPS if step != self.offset]))

    def _set(self, offset):
        self.offset = offset
        ready = self._file.with_suffix(".new")  # it is read at any moment
        ready.write_text(f"{offset:+d}")
        ready.replace(self._file)
