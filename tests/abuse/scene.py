"""One attack beside the honest pair: a server, the pair, the attackers, what is measured, and
whether that is what docs/security.md promises."""
import argparse
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

from server import (PATIENCE, SANITIZED, DiskWatch, MemoryWatch, Server, most_in_one_second,
                    most_of_one_kind)
from wire import Client, Closed, Wire

HERE = Path(__file__).resolve().parent

# What the honest pair may notice, in milliseconds (p99), and the server may take, in bytes.
MESSAGE_LIMIT = PING_LIMIT = 50
ACK_LIMIT = 100
MEMORY_LIMIT = 64 * 1024 * 1024
# Of one offender and kind: ten lines at once of each worker, then one a second.
LINES_AT_ONCE = 20
BUSY = 20  # the pair's own timer is this late: the machine is busy with others
# The disk takes this long (ms) for 4 KB although the server wrote little (bytes): likewise.
BUSY_DISK = 40
LITTLE = 8 * 1024 * 1024

# A line for each login; [limits] new_connections_per_second bounds them.
LOGIN = "c2s authenticated"
PAIR = ("alice", "bob", "carol")


class Attack:
    """`function(attacking)` runs in processes of its own, `processes` of them.

    `prepare(server)`: what the server must have before; in the scene's process.
    `judge(server, told, seconds)`: what else is wrong afterwards, as a list of sentences; `told`
        are the dictionaries the attackers told.
    `offender`: what the log must name, if the server refuses or ends something.
    `seconds`: how many times as long as usual it runs. `settings`: as for Server.
    `short`: whether it is in the short form as well.
    `promised`: whether docs/security.md promises it; else it is only told what happens.
    `background`: started and stopped with the server, such as a name server: a context manager."""

    def __init__(self, title, function, accounts=(), processes=1, prepare=None, judge=None,
                 offender=None, seconds=1.0, settings=None, short=True, promised=True,
                 background=None):
        self.title, self.function, self.accounts = title, function, list(accounts)
        self.processes, self.prepare, self.judge = processes, prepare, judge
        self.offender, self.seconds, self.short = offender, seconds, short
        self.settings = settings or {}
        self.promised, self.background = promised, background


class Attacking:
    """What an attacker's process works with."""

    def __init__(self, server, number, full, ready, go, seconds, told):
        self.server, self.ports = server, server.ports
        self.number, self.full = number, full
        self._ready, self._go, self._seconds, self._told = ready, go, seconds, told
        self.end = 0.0

    def wire(self, kind="c2s-tls", source="127.0.0.1", tls=None):
        return Wire(self.ports[kind], source, kind.endswith("-tls") if tls is None else tls)

    def client(self, name, **more):
        return Client(self.ports["c2s-tls"], name, **more)

    def begin(self):
        """All that must be there is there: waits until the others are ready, too."""
        self._ready.release()
        self._go.wait()
        self.end = time.monotonic() + self._seconds

    def going(self):
        return time.monotonic() < self.end

    def send(self, client, packet, read=True):
        """The same packet again and again; tells how much that was."""
        sent = 0
        try:
            while self.going() and client.pump(packet, self.end, read):
                sent += len(packet)
        finally:
            self.tell(bytes_in=sent)

    def again(self, attempt):
        """Calls `attempt`, and again when the server has put an end to it."""
        ended = 0
        while self.going():
            try:
                attempt()
            except (OSError, PermissionError):
                ended += 1
                time.sleep(0.02)
        self.tell(ended_by_server=ended)

    def tell(self, **what):
        """For the table, and for judge()."""
        self._told.put({**what})


def _run_attacker(attack, attacking):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.nice(10)
    if len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    try:
        attack.function(attacking)
    except (Closed, ConnectionError) as error:
        # The server put an end to it, which it may.
        attacking.tell(ended=str(error)[-200:] or type(error).__name__)
    except Exception:
        attacking.tell(error=traceback.format_exc())


class PairProcess:
    def __init__(self, server):
        self._process = subprocess.Popen(
            [sys.executable, HERE / "pair.py", str(server.ports["c2s-tls"])], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=HERE)
        if self._process.stdout.readline().strip() != "ready":
            raise RuntimeError("the honest pair could not log in")

    def order(self, word):
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def end(self):
        self.order("end")
        told = self._process.stdout.readline()
        self._process.wait(30)
        return json.loads(told) if told.strip() else None

    def remove(self):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


class Row:
    """What came of it."""

    def __init__(self, attack):
        self.attack = attack
        self.failures = []   # sentences
        self.late = False    # some of them are about time
        self.broken = False  # the server did not end by itself and with 0

    def check(self, limit_of_latency):
        pair = self.pair
        for name, limit in (("message", MESSAGE_LIMIT), ("ping", PING_LIMIT), ("ack", ACK_LIMIT)):
            p99 = pair[name]["p99"]
            if p99 is None or p99 > limit * limit_of_latency:
                self.late = True
                self.failures.append(f"{name} p99 {p99} ms")
        if self.growth > MEMORY_LIMIT and not SANITIZED:
            self.failures.append(f"memory grew by {self.growth >> 20} MB")
        self.failures += pair["problems"]
        if pair["failed_logins"]:
            self.failures.append(f"{pair['failed_logins']} honest logins failed")
        (who, kind), lines = self.loudest
        if lines > LINES_AT_ONCE + self.seconds:
            self.failures.append(f"{lines} lines in the log: {kind}, of {who}")
        if self.attack.offender and not self.named:
            self.failures.append(f"the log does not name {self.attack.offender}")
        for told in self.told:
            if "error" in told:
                self.failures.append(f"the attack itself failed:\n{told['error']}")

    def end(self, server):
        """A sanitizer tells of leaks, and of races that harmed nobody, by how the server ends."""
        died = not server.is_alive()
        code = server.stop()
        self.broken = died or code != 0
        if self.broken:
            self.failures.append(f"the server {'died' if died else 'was stopped'}, exit code {code}:"
                                 f"\n{server.last_words()}")

    @property
    def busy(self):
        lag = self.pair["lag"]["p99"]
        return lag is None or lag > BUSY or (self.disk > BUSY_DISK and self.written < LITTLE)

    def print(self):
        def three(name):
            times = self.pair[name]
            return "/".join("-" if times[key] is None else f"{times[key]:.0f}"
                            for key in ("p50", "p99", "max"))
        told = {}
        for one in self.told:
            for key, value in one.items():
                if isinstance(value, (int, float)):
                    told[key] = told.get(key, 0) + value
                elif key != "error":
                    told[key] = value
        verdict = "ok  " if not self.failures else "FAIL" if self.attack.promised or self.broken \
            else "note"
        print(f"{verdict} {self.attack.title}\n"
              f"     message {three('message')}  ping {three('ping')}  ack {three('ack')}  "
              f"lag {three('lag')}  login {three('login')} ms  "
              f"memory +{self.growth / 1048576:.0f} MB  cpu {self.cpu * 100:.0f} %  "
              f"log {self.lines_per_second}/s{', named' if self.named else ''}  "
              f"wrote {self.written / 1048576:.0f} MB  "
              f"disk {self.disk:.0f} ms  load {self.load:.1f}")
        if told:
            print("     " + ", ".join(f"{key} {value}" for key, value in told.items()))
        for failure in self.failures:
            print("     ! " + failure)
        if self.late and self.busy:
            print("     the machine was busy: times say nothing")
        sys.stdout.flush()


def _measure(attack, seconds, full):
    seconds *= attack.seconds
    row = Row(attack)
    row.seconds = seconds
    with attack.background() if attack.background else _Nothing() as background:
        settings = attack.settings(background) if callable(attack.settings) else attack.settings
        server = Server(**settings)
        pair, processes = None, []
        try:
            server.start()
            server.add_accounts([*PAIR, *attack.accounts])
            if attack.prepare:
                attack.prepare(server)
            ready, go = multiprocessing.Semaphore(0), multiprocessing.Event()
            told = multiprocessing.SimpleQueue()
            processes = [multiprocessing.Process(
                target=_run_attacker, daemon=True,
                args=(attack, Attacking(server, number, full, ready, go, seconds, told)))
                for number in range(attack.processes)]
            for process in processes:
                process.start()
            for _ in processes:
                while not ready.acquire(timeout=1):
                    if not all(process.is_alive() for process in processes):
                        said = told.get().get("error", "") if not told.empty() else ""
                        raise RuntimeError(f"an attacker is not ready: {said}")
            pair = PairProcess(server)
            time.sleep(0.3)
            log_before = server.log.stat().st_size
            disk = DiskWatch(server.directory)
            written_before = server.written()
            watch, cpu_before, began = MemoryWatch(server), server.cpu_seconds(), time.monotonic()
            pair.order("begin")
            go.set()
            while any(process.is_alive() for process in processes) \
                    and time.monotonic() < began + seconds + 5 * PATIENCE:
                time.sleep(0.02)
            time.sleep(0.3)  # what the end of it causes
            row.cpu = (server.cpu_seconds() - cpu_before) / (time.monotonic() - began)
            row.written = server.written() - written_before
            row.load = os.getloadavg()[0]
            row.pair = pair.end()
            row.growth, row.disk = watch.stop(), disk.stop()
            row.told = []
            while not told.empty():
                row.told.append(told.get())
            lines = [line for line in server.lines(log_before)
                     if line.kind != LOGIN or line.who.partition("@")[0] not in PAIR]
            row.lines_per_second = most_in_one_second(lines)
            row.loudest = most_of_one_kind(
                [line for line in lines if line.kind != LOGIN])
            row.named = bool(attack.offender) and any(attack.offender in line.text
                                                      for line in lines)
            if row.pair is None:
                raise RuntimeError(f"the honest pair died\n{server.last_words()}")
            if attack.judge and server.is_alive():
                row.failures += attack.judge(server, row.told, seconds)
            row.check(PATIENCE)
            row.end(server)
            if os.environ.get("CLARION_VERBOSE"):
                for line in lines[:8]:
                    print("     | " + line.text[:240])
            return row
        finally:
            for process in processes:
                if process.is_alive():
                    process.kill()
                process.join()
            if pair:
                pair.remove()
            server.remove()


class _Nothing:
    def __enter__(self):
        return None

    def __exit__(self, *_):
        return None


def main(attacks):
    """The attacks of one file; the program ends with 1 if one of them is not held off."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=float, default=1.5, help="of each attack")
    arguments.add_argument("--full", action="store_true", help="all of them, with all they can")
    arguments.add_argument("--only", default="", help="those whose title has this")
    chosen = arguments.parse_args()
    # A child must not have the parent's threads: all are forked before any is started.
    multiprocessing.set_start_method("fork")
    # Who ends us ends the server and all others as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    failed = 0
    for attack in attacks:
        if chosen.only not in attack.title or not (attack.short or chosen.full or chosen.only):
            continue
        try:
            row = _measure(attack, chosen.seconds, chosen.full)
            if row.late and not row.broken:  # what the server does, it does again
                row = _measure(attack, chosen.seconds, chosen.full)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            print(f"FAIL {attack.title}\n     ! {error}", flush=True)
            failed += 1
            continue
        row.print()
        only_late = len(row.failures) == sum(" p99 " in failure for failure in row.failures)
        held_off = not row.failures or not attack.promised or (only_late and row.busy)
        failed += row.broken or not held_off
    sys.exit(1 if failed else 0)
