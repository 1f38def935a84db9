#!/usr/bin/env python3
"""How long clariond takes to start with many stored rooms, what it then keeps in memory, and what the first room that
somebody makes, the list of rooms and a search cost, for who asks and for others.

usage: tests/bench/rooms_start.py --build BUILD/bin [--rooms 100000]
       --build      where clariond, clarionctl and clarion-bench are (default build/release/bin)
       --rooms      rooms that are stored (100000), made through the admin socket
       --creators   users who made them (1000)
       --hidden     they are in no list: the worst case for who asks for one
       --json FILE  keeps every figure

While each of the three is done, another client pings the server again and again: the longest wait is what others see of it.
"""
import argparse
import base64
import http.client
import json
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from restart import anonymous_bytes, file_bytes, show
from servers import Clarion, DOMAIN, PASSWORD, ROOMS, ROOT

AT_ONCE = 24  # rooms that are made at a time, so that they share commits; the admin socket takes 32
STREAM = (f"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='{DOMAIN}' "
          "version='1.0'>")
SEARCH = ("<search xmlns='urn:xmpp:channel-search:0:search'><x xmlns='jabber:x:data' type='submit'>"
          "<field var='FORM_TYPE'><value>urn:xmpp:channel-search:0:search-params</value></field>"
          "<field var='all'><value>1</value></field></x></search>")


class AdminConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.unix_path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.unix_path)


class Client:
    """As little of XMPP as is needed."""

    def __init__(self, server, user):
        self.socket = socket.create_connection(("127.0.0.1", server.ports["c2s"]))
        self.socket.settimeout(600)
        self.received = ""
        token = base64.b64encode(f"\0{user}\0{PASSWORD}".encode()).decode()
        self.ask(STREAM, "</stream:features>")
        self.ask(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{token}</auth>", "<success")
        self.ask(STREAM, "</stream:features>")
        self.ask("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", "</jid>")

    def ask(self, text, answer):
        """Seconds until the answer was there."""
        self.received = ""
        began = time.monotonic()
        self.socket.sendall(text.encode())
        while answer not in self.received:
            more = self.socket.recv(65536)
            if not more:
                raise RuntimeError(f"the stream ended: {self.received[-500:]}")
            self.received += more.decode(errors="replace")
            if "type='error'" in self.received or "<failure" in self.received:
                raise RuntimeError(self.received[-500:])
        return time.monotonic() - began

    def iq(self, kind, number, to, payload):
        to = f" to='{to}'" if to else ""
        return self.ask(f"<iq type='{kind}' id='{number}'{to}>{payload}</iq>", f"id='{number}'")

    def ping(self):
        return self.ask(f"<iq type='get' id='p' to='{DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>", "id='p'")


def make_rooms(options, server):
    connections = threading.local()

    def make(number):
        body = json.dumps({"room": f"room{number}@{ROOMS}",
                           "owner": f"maker{number % options.creators}@elsewhere.example"})
        for attempt in (1, 2):
            try:
                if not hasattr(connections, "one"):
                    connections.one = AdminConnection(server.path("admin.sock"))
                connections.one.request("POST", "/v1/room/create", body)
                answer = connections.one.getresponse()
                text = answer.read()
                break
            except (http.client.HTTPException, OSError):
                del connections.one
                if attempt == 2:
                    raise
        if answer.status != 200:
            raise RuntimeError(f"room {number}: {answer.status} {text}")

    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(make, range(options.rooms)):
            pass
    return options.rooms / (time.monotonic() - began)


def while_pinging(client, work):
    """What `work` returns, and the longest that a ping took meanwhile."""
    stopped, longest = threading.Event(), [0.0]

    def ping():
        while not stopped.is_set():
            longest[0] = max(longest[0], client.ping())

    thread = threading.Thread(target=ping)
    thread.start()
    time.sleep(0.2)
    try:
        took = work()
    finally:
        time.sleep(0.2)
        stopped.set()
        thread.join()
    return took, longest[0]


def measure(options):
    more = f"[muc.\"{ROOMS}\"]\nlock_new_rooms = false\n" + ("public_rooms = false\n" if options.hidden else "")
    server = Clarion(build=options.build, server="account_idle_time = 1", more=more)
    figures = {"rooms": options.rooms, "hidden": options.hidden}
    try:
        server.add_accounts(2)
        server.start()
        figures["ready_seconds_without_rooms"] = server.ready_seconds
        figures["anonymous_mb_without_rooms"] = anonymous_bytes(server) / 2**20
        before = file_bytes(server)
        figures["made_per_second"] = make_rooms(options, server)
        server.stop()
        figures["file_bytes_per_room"] = (file_bytes(server) - before) / max(options.rooms, 1)
        server.start()
        figures["ready_seconds"] = server.ready_seconds
        figures["anonymous_mb_when_ready"] = anonymous_bytes(server) / 2**20
        maker, other = Client(server, "user0"), Client(server, "user1")
        enter = f"<presence to='new@{ROOMS}/me'><x xmlns='http://jabber.org/protocol/muc'/></presence>"
        for name, work in (
                ("first_room", lambda: maker.ask(enter, "code='201'")),
                ("list", lambda: maker.iq("get", "l", ROOMS,
                                          "<query xmlns='http://jabber.org/protocol/disco#items'/>")),
                ("search", lambda: maker.iq("get", "s", ROOMS, SEARCH)),
                ("search_again", lambda: maker.iq("get", "t", ROOMS, SEARCH))):
            figures[f"{name}_seconds"], figures[f"{name}_longest_ping_seconds"] = while_pinging(other, work)
        figures["anonymous_mb_after_search"] = anonymous_bytes(server) / 2**20
    finally:
        server.remove()
    return figures


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build/release/bin"))
    parser.add_argument("--rooms", type=int, default=100000)
    parser.add_argument("--creators", type=int, default=1000)
    parser.add_argument("--hidden", action="store_true")
    parser.add_argument("--json")
    return parser.parse_args()


def main():
    options = parse()
    figures = measure(options)
    show(figures)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=1)
    sys.exit(0 if figures["ready_seconds"] < 1 else 1)


if __name__ == "__main__":
    main()
