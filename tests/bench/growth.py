#!/usr/bin/env python3
"""What clariond costs as what it holds grows tenfold and again: a drawing for each kind of thing.

usage: tests/bench/growth.py --build BUILD/bin [--only sessions,accounts,archive,rooms,nodes] [--full]
       --build      where clariond, clarionctl, clarion-bench and archive_bench are (default build/release/bin)
       --only       some of the kinds
       --full       the last step of each, too: 19,500 sessions (with 20,000 descriptors), 1,000,000 accounts, 10,000,000 messages, 100,000 rooms and nodes
       --json FILE  where figures are kept; kinds that are not measured now stay (tests/bench/growth.json)
       --draw DIR   where drawings go (docs/images)

archive_bench is built by `cmake --build build/release --target archive_bench`. Each step has a server of its own. Times are the
median of many tries; where each try is the first of its kind, of one.
"""
import argparse
import contextlib
import json
import os
import resource
import statistics
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from restart import anonymous_bytes, bench, file_bytes
from rooms_start import AT_ONCE, Client, make_rooms
from servers import Clarion, DOMAIN, PASSWORD, ROOMS, ROOT

STEPS = {"sessions": [1000, 2000, 5000, 10000, 19500], "accounts": [1000, 10**4, 10**5, 10**6],
         "archive": [10**4, 10**5, 10**6, 10**7], "rooms": [100, 1000, 10**4, 10**5],
         "nodes": [100, 1000, 10**4, 10**5]}
TRIES = 100
NODES_OF_ONE = 100  # of an account: [pubsub] max_nodes is above it


def milliseconds(work, tries=TRIES):
    return statistics.median(work() for _ in range(tries)) * 1000


def megabytes(server):
    return anonymous_bytes(server) / 2**20


# ---- What is measured ----------------------------------------------------------------------------

def sessions(server, count, options):
    server.add_accounts(count + 1)  # who sends them something
    server.start()
    idle = json.loads(subprocess.run(
        [options.build / "clarion-bench", "idle", "--json", "--domain", DOMAIN, "--password", PASSWORD, "--port",
         str(server.ports["c2s"]), "--server-pid", str(server.process.pid), "--source-addresses", "16", "-n", str(count),
         "--sm", "--carbons"], check=True, capture_output=True, text=True).stdout)
    server.stop()
    server.start()
    figures = {"KB for each session": idle["anonymous_kb_per_session"],
               "CPU while nobody says anything, %": idle["idle_cpu_percent"]}
    asleep = bench(options, server, "sleep", "-n", str(count), "--rolling")
    server.stop()
    server.start()
    resumed = bench(options, server, "resume", "--rolling")
    assert resumed["resumed"] == count and resumed["messages_missing"] == 0, resumed
    figures |= {"seconds to be ready with all asleep": server.ready_seconds,
                "CPU ms for each that resumes": resumed["server_cpu_ms_per_resume"],
                "logins a second": asleep["logins_per_second"]}
    return figures


def accounts(server, count, _):
    server.add_accounts(count)
    server.start()
    numbers = iter(range(count))
    return {"seconds to be ready": server.ready_seconds, "MB when ready": megabytes(server),
            "bytes on disk for each": file_bytes(server) / count,
            "ms for a login": milliseconds(lambda: timed(lambda: Client(server, f"user{next(numbers)}"))),
            "ms to list 50": milliseconds(lambda: timed(lambda: server.ctl("user", "list", "--limit", "50")), 20)}


def archive(server, count, options):
    server.add_accounts(1)
    subprocess.run([options.build / "archive_bench", "fill", server.path("data") / "db", f"user0@{DOMAIN}",
                    str(count)], check=True, stdout=subprocess.DEVNULL)
    size = file_bytes(server)
    os.sync()  # what was filled in is not to be written by the start
    server.start()
    client = Client(server, "user0")

    def page(rsm, fields=""):
        form = ("<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>urn:xmpp:mam:2</value>"
                f"</field>{fields}</x>")
        return lambda: client.iq("set", "m", f"user0@{DOMAIN}",
                                 f"<query xmlns='urn:xmpp:mam:2'>{form}<set xmlns='http://jabber.org/protocol/rsm'>"
                                 f"<max>50</max>{rsm}</set></query>")

    rare = "<field var='with'><value>rare@example.net</value></field>"
    return {"ms for the first page": milliseconds(page("")),
            "ms for the last page": milliseconds(page("<before/>")),
            "ms for the last page with a rare contact": milliseconds(page("<before/>", rare)),
            "seconds to be ready": server.ready_seconds, "bytes on disk for each": size / count}


def rooms(server, count, options):
    server.add_accounts(2)
    server.start()
    options.rooms, options.creators = count, 1000
    made = make_rooms(options, server)
    server.stop()
    server.start()
    maker = Client(server, "user0")
    numbers = iter(range(count))

    def enter():
        return maker.ask(f"<presence to='room{next(numbers)}@{ROOMS}/me'><x xmlns='http://jabber.org/protocol/muc'>"
                         "<history maxstanzas='0'/></x></presence>", "code='110'")

    return {"seconds to be ready": server.ready_seconds, "MB when ready": megabytes(server),
            "ms to make one": 1000 / made, "ms to enter one": milliseconds(enter)}


def nodes(server, count, _):
    owners = max(1, count // NODES_OF_ONE)
    server.add_accounts(owners + 1)
    server.start()

    def publish(client, node):
        return client.iq("set", "n", "", "<pubsub xmlns='http://jabber.org/protocol/pubsub'>"
                         f"<publish node='{node}'><item id='current'><thing xmlns='urn:example:thing'/></item>"
                         "</publish></pubsub>")

    def fill(owner):
        client = Client(server, f"user{owner}")
        for node in range(min(count, NODES_OF_ONE)):
            publish(client, f"node{node}")
        client.socket.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(fill, range(owners)))
    server.stop()
    size = file_bytes(server)
    server.start()
    one, other = Client(server, "user0"), Client(server, f"user{owners}")
    fresh = iter(range(TRIES))
    return {"seconds to be ready": server.ready_seconds, "MB when ready": megabytes(server),
            "bytes on disk for each": size / count,
            "ms to publish again": milliseconds(lambda: publish(one, "node0")),
            "ms to make a node": milliseconds(lambda: publish(other, f"new{next(fresh)}"), TRIES // 2)}


KINDS = {"sessions": sessions, "accounts": accounts, "archive": archive, "rooms": rooms, "nodes": nodes}
TABLES = {"rooms": f'[muc."{ROOMS}"]\nlock_new_rooms = false\n', "sessions": '[smacks]\nhibernation_time = "1d"\n',
          "nodes": "[pubsub]\nmax_nodes = 1000\n"}


def timed(work):
    began = time.monotonic()
    work()
    return time.monotonic() - began


def measure(kind, count, options):
    server = Clarion(build=options.build, server="account_idle_time = 1", more=TABLES.get(kind, ""))
    try:
        return KINDS[kind](server, count, options)
    finally:
        server.remove()


# ---- Drawing -------------------------------------------------------------------------------------

WIDTH, HEIGHT, MARGIN = 300, 170, 44


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def curve(title, points, left):
    """From nothing upwards, so that what grows is seen to grow; what is counted goes up tenfold."""
    counts = [count for count, _ in points]
    top = max(value for _, value in points) * 1.15 or 1
    place = {count: left + MARGIN + index * (WIDTH - 2 * MARGIN) / max(1, len(counts) - 1)
             for index, count in enumerate(counts)}
    heights = {count: HEIGHT - MARGIN - value / top * (HEIGHT - 2 * MARGIN) for count, value in points}
    line = " ".join(f"{place[count]:.0f},{heights[count]:.0f}" for count in counts)
    parts = [f'<text x="{left + WIDTH / 2:.0f}" y="18" class="title">{title}</text>',
             f'<path d="M{left + MARGIN - 8},{HEIGHT - MARGIN}h{WIDTH - 2 * MARGIN + 16}" class="axis"/>',
             f'<polyline points="{line}"/>']
    for count, value in points:
        parts += [f'<circle cx="{place[count]:.0f}" cy="{heights[count]:.0f}" r="3"/>',
                  f'<text x="{place[count]:.0f}" y="{heights[count] - 8:.0f}">{number(value)}</text>',
                  f'<text x="{place[count]:.0f}" y="{HEIGHT - MARGIN + 16}">{count:,}</text>']
    return "\n".join(parts)


def draw(kind, steps):
    counts = sorted(steps, key=int)
    titles = list(steps[counts[0]])
    curves = [curve(title, [(int(count), steps[count][title]) for count in counts], index * WIDTH)
              for index, title in enumerate(titles)]
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH * len(titles)} {HEIGHT}" '
            f'width="{WIDTH * len(titles)}" role="img">\n<title>Cost by the number of {kind}</title>\n'
            "<style>text{font:11px sans-serif;text-anchor:middle;fill:#444}.title{font-weight:bold}"
            "polyline{fill:none;stroke:#0a6ebd;stroke-width:2}circle{fill:#0a6ebd}.axis{stroke:#999}"
            "@media(prefers-color-scheme:dark){text{fill:#ccc}}</style>\n" + "\n".join(curves) + "\n</svg>\n")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release/bin")
    parser.add_argument("--only", default=",".join(KINDS))
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--json", type=Path, default=ROOT / "tests/bench/growth.json")
    parser.add_argument("--draw", type=Path, default=ROOT / "docs/images")
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.build_dir, options.parallel, options.rolling, options.timeout = options.build, 64, False, 3600
    return options


def raise_limits():
    """For as many connections, of the server and of who connects; needs the right to."""
    wanted = 65536
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))


def main():
    options = parse()
    raise_limits()
    figures = json.loads(options.json.read_text()) if options.json.exists() else {}
    for kind in options.only.split(","):
        steps = STEPS[kind] if options.full else STEPS[kind][:-1]
        measured = figures.setdefault(kind, {})
        for count in steps:
            measured[str(count)] = measure(kind, count, options)
            print(kind, count, measured[str(count)], flush=True)
            options.json.write_text(json.dumps(figures, indent=1) + "\n")
        (options.draw / f"growth-{kind}.svg").write_text(draw(kind, measured))


if __name__ == "__main__":
    main()
