#!/usr/bin/env python3
"""Measures clariond, Prosody and ejabberd with the same load and prints a table with the ratios.

usage: tests/bench/peers.py --build BUILD/bin [--servers clarion,prosody] [--scenarios idle-plain]
       --build      where clariond, clarionctl and clarion-bench are (default build/release/bin)
       --sessions   sessions of the idle scenarios (2000)
       --chatters   sessions of the chat scenarios (200)
       --phones     sleeping phones of the push scenario (500)
       --duration   seconds each chat is measured (10)
       --no-archive without message archives
       --prosody-plugins DIR   a directory with mod_cloud_notify, which Prosody's push needs
       --json FILE  keeps every figure

Each scenario meets a freshly started server with nothing but its accounts. Needs Debian's prosody (with
lua-dbi-sqlite3) and ejabberd for those two; no service of the system is started or touched.
"""
import argparse
import json
import subprocess
import sys

from servers import Clarion, COMPONENT, DOMAIN, Ejabberd, PASSWORD, Prosody, ROOT, SECRET

FEATURES = ["--sm", "--carbons"]


def scenarios(options):
    """name -> (TLS, clarion-bench's arguments)."""
    idle = ["idle", "-n", str(options.sessions), *FEATURES]
    chat = ["chat", "-n", str(options.chatters), "--duration", str(options.duration), *FEATURES]
    push = ["push", "-n", str(options.phones), "--component", COMPONENT, "--component-secret",
            SECRET]
    return {
        "idle-plain": ("none", idle),
        "idle-tls": ("starttls", idle),
        "chat-1": ("none", [*chat, "--in-flight", "1"]),
        "chat-8": ("none", [*chat, "--in-flight", "8"]),
        "chat-rate": ("none", [*chat, "--rate", str(options.rate)]),
        "chat-tls-1": ("starttls", [*chat, "--in-flight", "1"]),
        "push": ("none", push),
    }


# What of each scenario goes into the table: (key of clarion-bench, what it is, more is better)
FIGURES = {
    "idle": [("anonymous_kb_per_session", "KB per idle session", False),
             ("login_cpu_ms_per_session", "CPU ms per login", False),
             ("logins_per_second", "logins/s", True)],
    "chat": [("messages_per_second", "messages/s", True),
             ("server_cpu_seconds_per_1000_messages", "CPU s per 1,000 messages", False),
             ("latency_p50_ms", "latency p50 ms", False),
             ("latency_p99_ms", "latency p99 ms", False),
             ("latency_max_ms", "latency max ms", False),
             ("undelivered", "not delivered after 10 s more", False)],
    "push": [("latency_p50_ms", "message to publish p50 ms", False),
             ("latency_p99_ms", "message to publish p99 ms", False),
             ("latency_max_ms", "message to publish max ms", False),
             ("server_cpu_us_per_message", "CPU us per message", False),
             ("missing", "messages without publish", False)],
}


def run_bench(options, server, tls, arguments):
    command = [str(options.build_dir / "clarion-bench"), *arguments, "--json", "--domain", DOMAIN,
               "--password", PASSWORD, "--port", str(server.ports["c2s"]), "--tls", tls,
               "--server-pid", str(server.process.pid)]
    if arguments[0] == "push":
        command += ["--component-port", str(server.ports["component"])]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}{server.log_tail()}")
    return json.loads(done.stdout)


def accounts_for(options, scenario):
    return {"idle": options.sessions, "chat": options.chatters,
            "push": options.phones + 1}[scenario.split("-")[0]]


def measure(options, make_server, chosen):
    """scenario -> figures; a scenario that fails is reported and left out."""
    results = {}
    for name in chosen:
        tls, arguments = scenarios(options)[name]
        server = make_server()
        print(f"{server.name}: {name}", file=sys.stderr)
        try:
            server.add_accounts(accounts_for(options, name))
            server.start()
            results[name] = run_bench(options, server, tls, arguments)
        except RuntimeError as error:
            print(f"{server.name}: {name} failed: {error}", file=sys.stderr)
        finally:
            server.remove()
    return results


def cell(value, ours, server, more_is_better):
    if value is None:
        return "-"
    text = f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
    if server == "clarion" or not ours or not value:
        return text
    ratio = ours / value if more_is_better else value / ours
    return f"{text} ({ratio:.1f} x)"


def print_table(results, chosen):
    names = list(results)
    print("\n| scenario | figure | " + " | ".join(names) + " |")
    print("|---|---|" + "---:|" * len(names))
    for scenario in chosen:
        for key, title, more_is_better in FIGURES[scenario.split("-")[0]]:
            values = {name: results[name].get(scenario, {}).get(key) for name in names}
            ours = values.get("clarion")
            cells = [cell(values[name], ours, name, more_is_better) for name in names]
            print(f"| {scenario} | {title} | " + " | ".join(cells) + " |")
    if "clarion" in names and len(names) > 1:
        print("\n(3.0 x: clarion does three times better)")


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build/release/bin"))
    parser.add_argument("--servers", default="clarion,prosody,ejabberd")
    parser.add_argument("--scenarios", default="")
    parser.add_argument("--sessions", type=int, default=2000)
    parser.add_argument("--chatters", type=int, default=200)
    parser.add_argument("--phones", type=int, default=500)
    parser.add_argument("--duration", type=float, default=10)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--no-archive", action="store_true")
    parser.add_argument("--prosody-plugins")
    parser.add_argument("--json")
    return parser.parse_args()


def main():
    options = parse()
    kinds = {"clarion": lambda: Clarion(not options.no_archive, options.build),
             "prosody": lambda: Prosody(not options.no_archive, options.prosody_plugins),
             "ejabberd": lambda: Ejabberd(not options.no_archive)}
    options.build_dir = type(ROOT)(options.build).resolve()
    chosen = [name for name in options.scenarios.split(",") if name] or list(scenarios(options))
    results = {}
    for name in options.servers.split(","):
        results[name] = measure(options, kinds[name], chosen)
        if options.json:
            with open(options.json, "w", encoding="utf-8") as file:
                json.dump(results, file, indent=1)
    print_table(results, chosen)


if __name__ == "__main__":
    main()
