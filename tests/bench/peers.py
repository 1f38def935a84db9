#!/usr/bin/env python3
"""Measures clariond, Prosody and ejabberd with the same load and prints a table with the ratios.

usage: tests/bench/peers.py --build BUILD/bin [--servers clarion,ejabberd] [--scenarios chat-4,mam]
       --build      where clariond, clarionctl and clarion-bench are (default build/release/bin)
       --sessions   sessions of the idle scenarios (2000)
       --chatters   sessions of the chat scenarios (200)
       --archive    messages in each archive of the mam scenarios (1000)
       --phones     phones of the push scenarios (2000), each an account of its own; Prosody has 450 that
                    are offline or 900 that sleep, because it keeps the sizes of 1,000 archives in
                    memory, and each push costs it several times as much with more of them
       --registered phones of clariond in the pushmax and outage scenarios (100000), where the others
                    have as many as in the push scenarios
       --rate       messages/s of the push and chat-rate scenarios, publishes/s of pep-rate (1000)
       --contacts   contacts that hear of each publish of the pep-notify scenario (1000)
       --items      items of each node of the items scenario (10000); Prosody's have 200
       --occupants  sessions in the room of the room scenarios (1000)
       --outage     seconds that everything waits for the gateway in the outage scenario (70)
       --duration   seconds each chat or push is measured (10)
       --repeat     runs of everything, of which the best counts (1)
       --quiet      seconds to wait before each run until nobody else uses the machine (0)
       --sqlite-directory DIR  where SQLite keeps its files; /dev/shm takes a slow disk out of what is
                    measured of those servers (CPU time, not how fast they wait for fsync)
       --realtime   servers and clarion-bench go before everything else on the machine (chrt, needs
                    root): latencies of a busy one; Linux still pauses them 50 ms each second
       --unpinned   servers may use every core; otherwise each has core 0, clarion-bench core 1
       --no-archive without message archives
       --prosody-plugins DIR   a directory with mod_cloud_notify, which Prosody's push needs; without
                    it the one of Debian's prosody-modules is downloaded, for this run only
       --json FILE  keeps every figure of every run

Scenarios: what `--scenarios list` prints; a name without its last part stands for all of that name
("push"). push-* send at a fixed rate to phones that are offline or asleep, each at most every
phones/rate seconds; pushmax-* send as fast as publishes come out, so many in flight; outage-* send to
every phone while the gateway is away. pep-notify: an account publishes as fast as all its contacts hear of
it; pep-rate: accounts publish at a fixed rate, and nobody is told; items-4: nodes are paged through;
room-50: all sessions are in one room, in which 50 messages/s are said.

Servers: clarion (fsync on), prosody-files (its default storage, never fsynced), prosody-sqlite,
ejabberd (SQLite). Each scenario meets a freshly started server with nothing but its accounts. Needs
Debian's prosody (with lua-dbi-sqlite3) and ejabberd; no service of the system is started or touched.
"""
import argparse
import functools
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time

from servers import (Clarion, COMPONENT, DOMAIN, Ejabberd, PASSWORD, Prosody, ROOMS, ROOT, SECRET,
                     Server, fetch_cloud_notify)

FEATURES = ["--sm", "--carbons"]
SERVER_CORE, BENCH_CORE = 0, 1
SERVERS = ("clarion", "prosody-files", "prosody-sqlite", "ejabberd")
PROSODY_PHONES = {"offline": 450, "asleep": 900}
PROSODY_ITEMS = 200  # of each node: filled at 20 items/s, more take hours
SENDERS = 4  # clarion-bench's own number, in the push scenarios
MANY_READERS = 20  # few wait for round trips (and delayed ACKs), many keep a server busy
QUIET_SHARE = 0.05  # of the machine's time that others may use for it to count as quiet


def scenarios(options, server="clarion"):
    """name -> (TLS, clarion-bench's arguments)."""
    idle = ["idle", "-n", str(options.sessions), *FEATURES]
    chat = ["chat", "-n", str(options.chatters), "--duration", str(options.duration), "--body",
            "100", *FEATURES]
    mam = ["mam", "--duration", str(options.duration), "--fill",
           str(options.archive), "--sm"]
    pep = ["pep", "--duration", str(options.duration)]
    items = ["items", "--duration", str(options.duration), "--fill", 
             str(PROSODY_ITEMS if server.startswith("prosody") else options.items)]
    room = ["room", "--service", ROOMS, "--duration", str(options.duration), "-n",
            str(options.occupants)]
    gateway = ["--component", COMPONENT, "--component-secret", SECRET, "--source-addresses", "16"]
    push = ["push", *gateway, "--duration", str(options.duration), "--rate", str(options.rate)]
    pushmax = ["push", *gateway, "--duration", str(options.duration), "--rate", "0"]
    outage = ["outage", *gateway, "--settle", "15", "--outage", str(options.outage)]

    def phones(name):
        return ["-n", str(phone_count(options, name, server)), "--phones", name.split("-")[1]]

    return {
        "idle-plain": ("none", idle),
        "idle-tls": ("starttls", idle),
        "chat-1": ("none", [*chat, "--in-flight", "1"]),
        "chat-4": ("none", [*chat, "--in-flight", "4"]),
        "chat-rate": ("none", [*chat, "--rate", str(options.rate)]),
        "chat-tls-1": ("starttls", [*chat, "--in-flight", "1"]),
        "mam-4": ("none", [*mam, "-n", "4"]),
        "mam-20": ("none", [*mam, "-n", str(MANY_READERS)]),
        "pep-notify": ("none", [*pep, "-n", str(options.contacts + 1), "--publishers", "1"]),
        "pep-rate": ("none", [*pep, "-n", str(options.chatters), "--publishers",
                              str(options.chatters), "--rate", str(options.rate)]),
        "items-4": ("none", [*items, "-n", "4"]),
        "room-50": ("none", [*room, "--rate", "50"]),
        "room-1": ("none", [*room, "--rate", "1"]),
        **{name: ("none", [*arguments, *phones(name)]) for name, arguments in {
            "push-offline": push, "push-asleep": push,
            "pushmax-offline": pushmax, "pushmax-asleep": pushmax,
            "outage-offline": outage, "outage-asleep": outage}.items()},
    }


def phone_count(options, scenario, server):
    if server.startswith("prosody"):
        return PROSODY_PHONES[scenario.split("-")[1]]
    if server == "clarion" and family(scenario) != "push":
        return options.registered
    return options.phones


# What of each scenario goes into the table: (key of clarion-bench, what it is, more is better).
# The first decides which of several runs is the best.
FIGURES = {
    "idle": [("anonymous_kb_per_session", "KB per idle session", False),
             ("login_cpu_ms_per_session", "CPU ms per login", False),
             ("logins_per_second", "logins/s", True)],
    "chat": [("server_cpu_seconds_per_1000_messages", "CPU s per 1,000 messages", False),
             ("messages_per_second", "messages/s", True),
             ("latency_p50_ms", "latency p50 ms", False),
             ("latency_p99_ms", "latency p99 ms", False),
             ("latency_max_ms", "latency max ms", False),
             ("undelivered", "not delivered after 10 s more", False)],
    "mam": [("server_cpu_seconds_per_1000_messages", "CPU s per 1,000 messages", False),
            ("messages_per_second", "messages/s", True),
            ("page_p50_ms", "page p50 ms", False),
            ("page_p99_ms", "page p99 ms", False),
            ("page_max_ms", "page max ms", False),
            ("archive_messages_least", "messages found in the smallest archive", True)],
    "pep": [("publish_p99_ms", "publish to answer p99 ms", False),
            ("publish_p50_ms", "publish to answer p50 ms", False),
            ("publish_max_ms", "publish to answer max ms", False),
            ("notification_p50_ms", "publish to notification p50 ms", False),
            ("notification_p99_ms", "publish to notification p99 ms", False),
            ("publishes_per_second", "publishes/s", True),
            ("notifications_per_second", "notifications/s", True),
            ("notifications_per_cpu_second", "notifications per CPU second", True),
            ("server_cpu_us_per_publish", "CPU us per publish", False),
            ("server_cpu_percent", "CPU %", False),
            ("publishes_without_answer", "publishes without answer after 10 s more", False),
            ("missing_notifications", "notifications missing after 10 s more", False)],
    "items": [("page_p99_ms", "page p99 ms", False),
              ("page_p50_ms", "page p50 ms", False),
              ("items_per_second", "items/s", True),
              ("server_cpu_us_per_page", "CPU us per page", False),
              ("fill_items_per_second", "items/s published to fill", True),
              ("walks_of_another_length", "walks that missed items", False)],
    "room": [("server_cpu_us_per_delivery", "CPU us per delivery", False),
             ("deliveries_per_second", "deliveries/s", True),
             ("deliveries_per_cpu_second", "deliveries per CPU second", True),
             ("delivery_p50_ms", "message to delivery p50 ms", False),
             ("delivery_p99_ms", "message to delivery p99 ms", False),
             ("server_cpu_percent", "CPU %", False),
             ("enter_seconds", "s until all are in the room", False),
             ("memory_bytes_per_occupant", "bytes per occupant", False),
             ("missing_deliveries", "deliveries missing after 10 s more", False)],
    "push": [("latency_p99_ms", "message to publish p99 ms", False),
             ("latency_p50_ms", "message to publish p50 ms", False),
             ("latency_max_ms", "message to publish max ms", False),
             ("sent_late_p99_ms", "... sent late by clarion-bench p99 ms", False),
             ("messages_per_second", "messages/s", True),
             ("publishes_per_second", "publishes/s", True),
             ("server_cpu_seconds_per_1000_publishes", "CPU s per 1,000 publishes", False),
             ("missing", "messages without publish in 10 s", False),
             ("unexpected_publishes", "publishes without message", False),
             ("sessions", "registered accounts", True)],
    "pushmax": [("publishes_per_cpu_second", "publishes per CPU second", True),
                ("publishes_per_second", "publishes/s", True),
                ("server_cpu_percent", "CPU %", False),
                ("bench_cpu_percent", "CPU % of clarion-bench", False),
                ("latency_p50_ms", "message to publish p50 ms", False),
                ("latency_p99_ms", "message to publish p99 ms", False),
                ("missing", "messages without publish in 10 s", False),
                ("unexpected_publishes", "publishes without message", False),
                ("sessions", "registered accounts", True)],
    "outage": [("memory_waiting_mb", "MB while one notification waits for each phone", False),
               ("memory_before_mb", "MB before", False),
               ("memory_after_messages_mb", "MB right after the messages", False),
               ("memory_after_publishes_mb", "MB after the publishes", False),
               ("messages_per_second", "messages/s into the outage", True),
               ("server_cpu_percent_while_waiting", "CPU % while they wait", False),
               ("seconds_until_all_were_published", "s from attaching to the last publish", False),
               ("publishes_per_second", "publishes/s then", True),
               ("server_cpu_seconds_for_publishes", "CPU s for them", False),
               ("missing", "missing", False),
               ("repeated", "repeated", False),
               ("sessions", "registered accounts", True)],
}


def family(scenario):
    return scenario.split("-")[0]


def makers(options, scenario):
    """server name -> what makes one."""
    archive = not options.no_archive
    core = None if options.unpinned else SERVER_CORE
    sqlite = options.sqlite_directory
    prosody = functools.partial(Prosody, archive, core, sqlite, options.prosody_plugins)
    return dict(zip(SERVERS, (functools.partial(Clarion, archive, options.build, core,
                                                server_table(scenario), more_tables(scenario)),
                              functools.partial(prosody, storage="internal"),
                              functools.partial(prosody, storage="sql"),
                              functools.partial(Ejabberd, archive, core, sqlite))))


def idle_jiffies():
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(field) for field in file.readline().split()[1:]]
    return fields[3] + fields[4], sum(fields[:8])


def wait_for_quiet(patience):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        before = idle_jiffies()
        time.sleep(2)
        idle, total = (now - then for now, then in zip(idle_jiffies(), before))
        if total and 1 - idle / total < QUIET_SHARE:
            return


def run_bench(options, server, tls, arguments):
    pinned = [] if options.unpinned else ["taskset", "-c", str(BENCH_CORE)]
    first = ["chrt", "-r", "1"] if options.realtime else []
    command = [*first, *pinned, str(options.build_dir / "clarion-bench"), *arguments, "--json", "--domain",
               DOMAIN, "--password", PASSWORD, "--port", str(server.ports["c2s"]), "--tls", tls,
               "--server-pid", str(server.process.pid)]
    if arguments[0] in ("push", "outage"):
        command += ["--component-port", str(server.ports["component"])]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=options.timeout)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"not done after {options.timeout:.0f} s") from None
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}{server.log_tail()}")
    return json.loads(done.stdout)


def accounts_for(options, scenario, server):
    if family(scenario) in ("push", "pushmax", "outage"):
        return phone_count(options, scenario, server) + SENDERS
    if scenario == "pep-notify":
        return options.contacts + 1
    return {"idle": options.sessions, "chat": options.chatters, "mam": MANY_READERS,
            "pep": options.chatters, "items": MANY_READERS, "room": options.occupants}[family(scenario)]


def more_tables(scenario):
    """TOML for clariond: without limits that the others do not have."""
    if family(scenario) != "room":
        return ""
    return f'[muc."{ROOMS}"]\nmax_occupants = 100000\njoins_per_second = 0\nmessages_per_second = 0\n'


def server_table(scenario):
    """TOML for clariond's [server]."""
    return "account_idle_time = 1" if family(scenario) == "outage" else ""


def measure(options, name, scenario):
    """The figures of one run, or None: what went wrong has been said."""
    tls, arguments = scenarios(options, name)[scenario]
    server = makers(options, scenario)[name]()
    try:
        server.add_accounts(accounts_for(options, scenario, name))
        server.start()
        wait_for_quiet(options.quiet)
        busy = os.getloadavg()[0]
        return {**run_bench(options, server, tls, arguments), "load_average_before": busy}
    except (RuntimeError, OSError) as error:
        print(f"{server.name}: {scenario} failed: {error}", file=sys.stderr)
        return None
    finally:
        server.remove()


def best(scenario, runs):
    key, _, more_is_better = FIGURES[family(scenario)][0]
    runs = [run for run in runs if key in run]
    choose = max if more_is_better else min
    return choose(runs, key=lambda run: run[key]) if runs else {}


def measure_all(options, names, chosen):
    """server -> scenario -> its runs. Servers take turns, so that noise meets all of them."""
    runs = {name: {scenario: [] for scenario in chosen} for name in names}
    for scenario in chosen:
        for turn in range(options.repeat):
            for name in names:
                figures = measure(options, name, scenario)
                if figures is None:
                    continue
                runs[name][scenario].append(figures)
                key, title, _ = FIGURES[family(scenario)][0]
                print(f"{scenario} {turn + 1}/{options.repeat} {name}: "
                      f"{figures.get(key, '?')} {title}", file=sys.stderr, flush=True)
                if options.json:
                    with open(options.json, "w", encoding="utf-8") as file:
                        json.dump(runs, file, indent=1)
    return runs


def cell(value, ours, server, more_is_better):
    if value is None:
        return "-"
    text = f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
    if server == "clarion" or not ours or not value:
        return text
    ratio = ours / value if more_is_better else value / ours
    return f"{text} ({ratio:.1f} x)"


def print_table(runs, versions, chosen):
    names = list(runs)
    print("\n| scenario | figure | " + " | ".join(f"{name} {versions[name]}" for name in names) +
          " |")
    print("|---|---|" + "---:|" * len(names))
    for scenario in chosen:
        results = {name: best(scenario, runs[name][scenario]) for name in names}
        for key, title, more_is_better in FIGURES[family(scenario)]:
            ours = results.get("clarion", {}).get(key)
            cells = [cell(results[name].get(key), ours, name, more_is_better) for name in names]
            print(f"| {scenario} | {title} | " + " | ".join(cells) + " |")
    if "clarion" in names and len(names) > 1:
        print("\n(3.0 x: clarion does three times better)")


def choose_scenarios(options):
    known = list(scenarios(options))
    wanted = [name for name in options.scenarios.split(",") if name] or known
    chosen = []
    for name in wanted:
        meant = [each for each in known if name in (each, family(each))]
        if not meant:
            sys.exit(f"scenarios: {', '.join(known)}")
        chosen += meant
    return chosen


def needs_cloud_notify(options, names, chosen):
    is_push = {"push", "pushmax", "outage"} & {family(scenario) for scenario in chosen}
    is_prosody = any(name.startswith("prosody") for name in names)
    return is_push and is_prosody and not options.prosody_plugins


def choose_servers(options):
    """server -> its version; those that are not installed are named and left out."""
    wanted = options.servers.split(",")
    if unknown := set(wanted) - set(SERVERS):
        sys.exit(f"unknown server: {', '.join(unknown)}; known: {', '.join(SERVERS)}")
    kinds = dict(zip(SERVERS, (Clarion, Prosody, Prosody, Ejabberd)))
    versions = {}
    for name in wanted:
        try:
            versions[name] = kinds[name].version(options.build)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
    return versions


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build/release/bin"))
    parser.add_argument("--servers", default=",".join(SERVERS))
    parser.add_argument("--scenarios", default="")
    parser.add_argument("--sessions", type=int, default=2000)
    parser.add_argument("--chatters", type=int, default=200)
    parser.add_argument("--archive", type=int, default=1000)
    parser.add_argument("--phones", type=int, default=2000)
    parser.add_argument("--registered", type=int, default=100000)
    parser.add_argument("--outage", type=float, default=70)
    parser.add_argument("--contacts", type=int, default=1000)
    parser.add_argument("--items", type=int, default=10000)
    parser.add_argument("--occupants", type=int, default=1000)
    parser.add_argument("--duration", type=float, default=10)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--quiet", type=float, default=0)
    parser.add_argument("--timeout", type=float, default=600, help="seconds each run may take")
    parser.add_argument("--sqlite-directory")
    parser.add_argument("--realtime", action="store_true")
    parser.add_argument("--unpinned", action="store_true")
    parser.add_argument("--no-archive", action="store_true")
    parser.add_argument("--prosody-plugins")
    parser.add_argument("--json")
    return parser.parse_args()


def main():
    options = parse()
    Server.realtime = options.realtime
    options.build_dir = type(ROOT)(options.build).resolve()
    if not options.unpinned and os.cpu_count() <= BENCH_CORE:
        sys.exit("only one core: use --unpinned")
    chosen = choose_scenarios(options)
    versions = choose_servers(options)
    with tempfile.TemporaryDirectory(prefix="bench-plugins-") as directory:
        if needs_cloud_notify(options, versions, chosen):
            options.prosody_plugins = fetch_cloud_notify(directory)
        runs = measure_all(options, list(versions), chosen)
    print_table(runs, versions, chosen)
    print("\n" + shlex.join(["tests/bench/peers.py", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
