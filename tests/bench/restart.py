#!/usr/bin/env python3
"""Sessions fall asleep, clariond is restarted, and all of them are resumed: what each step takes.

usage: tests/bench/restart.py --build BUILD/bin [--sessions 5000] [--stops term,kill,live]
       --build      where clariond, clarionctl and clarion-bench are (default build/release/bin)
       --sessions   sessions that sleep (5000)
       --messages   messages to each of them while they sleep (1)
       --parallel   logins and resumptions under way at a time (64)
       --rolling    connections are cut one by one as they become ready: needed for more sessions
                    than there are descriptors
       --stops      how the server goes down: term (planned), kill (SIGKILL), live (planned, while all
                    are still connected; without messages), or several in turn
       --json FILE  keeps every figure

Every message must come once and every session must be resumed; the exit status says so.
"""
import argparse
import json
import subprocess
import sys
import time

from servers import Clarion, DOMAIN, PASSWORD, ROOT

SETTLE = 15  # seconds: longer than the server takes to notice that accounts are idle
SERVER = "account_idle_time = 1"
SLEEP = '[smacks]\nhibernation_time = "1d"'


def anonymous_bytes(server):
    with open(f"/proc/{server.process.pid}/smaps_rollup", encoding="ascii") as file:
        for line in file:
            if line.startswith("Pss_Anon:"):
                return int(line.split()[1]) * 1024
    raise RuntimeError("no Pss_Anon in smaps_rollup")


def file_bytes(server):
    return sum(file.stat().st_blocks * 512 for file in server.path("data").rglob("*")
               if file.is_file())


def wait_until_put_away(server, patience=180):
    """Accounts that are still loaded after that: 0 if all is well. What they leave free goes back to
    the system some seconds later, so this waits for two looks at the same memory too."""
    end = time.monotonic() + patience
    memory = 0
    while True:
        loaded = json.loads(server.ctl("--json", "status"))["accounts_loaded"]
        before, memory = memory, anonymous_bytes(server)
        if time.monotonic() > end or loaded == 0 and abs(memory - before) < 2**17:
            return loaded
        time.sleep(SETTLE)


def bench_command(options, server, mode, *arguments):
    return [str(options.build_dir / "clarion-bench"), mode, "--json", "--domain", DOMAIN,
               "--password", PASSWORD, "--port", str(server.ports["c2s"]),
               "--parallel-logins", str(options.parallel), "--server-pid", str(server.process.pid),
               "--source-addresses", "16", "--state-file", str(server.path("sleepers.txt")),
               *(["--rolling"] if options.rolling else []), *arguments]


def bench(options, server, mode, *arguments):
    command = bench_command(options, server, mode, *arguments)
    done = subprocess.run(command, capture_output=True, text=True, timeout=options.timeout)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}{server.log_tail()}")
    return json.loads(done.stdout)


def stop(server, how):
    """Seconds until its process was gone."""
    began = time.monotonic()
    server.kill() if how == "kill" else server.stop()
    return time.monotonic() - began


def stop_when_all_sleep(options, server, how, figures):
    before, file_before = anonymous_bytes(server), file_bytes(server)
    asleep = bench(options, server, "sleep", "-n", str(options.sessions), "--messages",
                   str(options.messages))
    figures["logins_per_second"] = asleep["logins_per_second"]
    figures["loaded_accounts_asleep"] = wait_until_put_away(server)
    memory, size = anonymous_bytes(server), file_bytes(server)
    figures["anonymous_mb_before_login"] = before / 2**20
    figures["anonymous_mb_all_asleep"] = memory / 2**20
    figures["memory_bytes_per_sleeper"] = (memory - before) / options.sessions
    figures["file_bytes_per_sleeper"] = (size - file_before) / options.sessions
    figures["stop_seconds"] = stop(server, how)


def stop_when_all_are_live(options, server, figures):
    noted = server.path("sleepers.txt")
    noted.unlink(missing_ok=True)
    command = bench_command(options, server, "sleep", "-n", str(options.sessions),
                            "--until-stopped")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as process:
        while not noted.exists() and process.poll() is None:
            time.sleep(0.1)
        time.sleep(1)
        figures["anonymous_mb_all_live"] = anonymous_bytes(server) / 2**20
        figures["stop_seconds"] = stop(server, "live")
        output = process.communicate(timeout=options.timeout)[0]
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{output}{server.log_tail()}")


def run(options, server, how):
    figures = {"stop": how, "sessions": options.sessions}
    server.start()
    time.sleep(1)
    if how == "live":
        stop_when_all_are_live(options, server, figures)
    else:
        stop_when_all_sleep(options, server, how, figures)
    server.start()
    figures["ready_seconds"] = server.ready_seconds
    figures["anonymous_mb_when_ready"] = anonymous_bytes(server) / 2**20
    resumed = bench(options, server, "resume")
    for key in ("resumed", "failed", "first_failure", "wrong_counts", "messages_expected",
                "messages_missing", "messages_repeated", "resume_seconds", "resumes_per_second",
                "resume_p50_ms", "resume_p99_ms", "resume_max_ms", "server_cpu_ms_per_resume"):
        if key in resumed:
            figures[key] = resumed[key]
    figures["anonymous_mb_after_restart_and_end"] = anonymous_bytes(server) / 2**20
    server.stop()
    return figures


def is_sound(figures):
    return (figures["resumed"] == figures["sessions"] and figures["messages_missing"] == 0 and
            figures["messages_repeated"] == 0 and figures["wrong_counts"] == 0 and
            figures.get("loaded_accounts_asleep", 0) == 0)


def show(figures):
    width = max(len(key) for key in figures)
    for key, value in figures.items():
        text = f"{value:,.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else value
        print(f"{key.replace('_', ' '):{width}}  {text}")
    print(flush=True)


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build/release/bin"))
    parser.add_argument("--sessions", type=int, default=5000)
    parser.add_argument("--messages", type=int, default=1)
    parser.add_argument("--parallel", type=int, default=64)
    parser.add_argument("--rolling", action="store_true")
    parser.add_argument("--stops", default="term,kill,live")
    parser.add_argument("--timeout", type=float, default=1800, help="seconds each half may take")
    parser.add_argument("--json")
    return parser.parse_args()


def main():
    options = parse()
    options.build_dir = type(ROOT)(options.build).resolve()
    server = Clarion(build=options.build, server=SERVER, more=SLEEP)
    results = []
    try:
        server.add_accounts(options.sessions + 1)
        for how in options.stops.split(","):
            results.append(run(options, server, how))
            show(results[-1])
    finally:
        server.remove()
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    sys.exit(0 if results and all(is_sound(figures) for figures in results) else 1)


if __name__ == "__main__":
    main()
