#!/usr/bin/env python3
"""The web side of clariond, Prosody and ejabberd, and files beside nginx, all in one run.

usage: tests/bench/web.py [--build BUILD/bin] [--sessions 1000] [--megabytes 100] [--servers clarion,prosody]

Sessions over WebSocket with TLS, stream management and carbons: memory of each that is idle, CPU time of a login. A
file in the clear: how fast it is uploaded and downloaded, CPU time of that, and by how much the server's memory
(RssAnon) grew at most meanwhile. Each server has the first core, this and clarion-bench the others. TMPDIR=/dev/shm
takes the disk out. Needs Debian's prosody and ejabberd; nginx is unpacked for the run. No service of the system is started or
touched.
"""
import argparse
import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from servers import Clarion, DOMAIN, Ejabberd, PASSWORD, Prosody, ROOT, Server, ports_for

sys.path.insert(0, str(ROOT / "tests/administration"))
from xmpp_client import Client

SERVER_CORE = 0
CHUNK = 1 << 20
DOWNLOADS = 5


class ClarionWeb(Clarion):
    websocket, upload = "/ws", DOMAIN

    def __init__(self, build):
        ports = ports_for("https", "http")
        super().__init__(build=build, core=SERVER_CORE, more=f"""
[[listen]]
type = "https"
address = "127.0.0.1"
port = {ports['https']}
[[listen]]
type = "http"
address = "127.0.0.1"
port = {ports['http']}
[http]
external_url = "http://127.0.0.1:{ports['http']}"
connections_per_address = 0
[upload]
max_file_size = 1000000000
""")
        self.ports.update(ports)


class ProsodyWeb(Prosody):
    websocket, upload = "/xmpp-websocket", f"upload.{DOMAIN}"

    def __init__(self, _build):
        super().__init__(core=SERVER_CORE, storage="internal")
        self.ports.update(ports_for("https"))
        text = self.path("prosody.cfg.lua").read_text()
        text = text.replace("http_ports = { }", f"http_ports = {{ {self.ports['http']} }}")
        text = text.replace("https_ports = { }", f"https_ports = {{ {self.ports['https']} }}")
        text = text.replace('"roster";', '"roster"; "websocket";')
        self.write("prosody.cfg.lua", f"""
https_ssl = {{ certificate = "{self.path('cert.pem')}"; key = "{self.path('key.pem')}" }}
http_interfaces = {{ "127.0.0.1" }}
https_interfaces = {{ "127.0.0.1" }}
consider_websocket_secure = true
http_external_url = "http://127.0.0.1:{self.ports['http']}/"
http_default_host = "{self.upload}"
{text}
Component "{self.upload}" "http_file_share"
    http_file_share_size_limit = 1000000000
    http_file_share_daily_quota = 10000000000
""")


class EjabberdWeb(Ejabberd):
    websocket, upload = "/ws", f"upload.{DOMAIN}"

    def __init__(self, _build):
        super().__init__(core=SERVER_CORE)
        self.ports.update(ports_for("https"))
        text = self.path("ejabberd.yml").read_text()
        text = text.replace("request_handlers: {/api: mod_http_api}}",
                            "request_handlers: {/api: mod_http_api, /upload: mod_http_upload}}\n"
                            f"  - {{port: {self.ports['https']}, ip: \"127.0.0.1\", module: ejabberd_http, tls: true,\n"
                            "     request_handlers: {/ws: ejabberd_http_ws}}")
        text = text.replace("modules:\n", f"""modules:
  mod_http_upload:
    host: "{self.upload}"
    docroot: "{self.path('files')}"
    put_url: "http://127.0.0.1:{self.ports['http']}/upload"
    max_size: 1000000000
    access: everybody
""", 1)
        self.write("ejabberd.yml", text)


class Nginx(Server):
    """What a web server that does nothing else needs for the same file."""
    name = "nginx"
    websocket = None

    def __init__(self, _build):
        super().__init__(core=SERVER_CORE)
        subprocess.run(["apt-get", "download", "-q", "nginx"], cwd=self.directory, check=True, capture_output=True)
        package, = self.directory.glob("nginx_*.deb")
        subprocess.run(["dpkg", "-x", package, self.path("unpacked")], check=True)
        self.path("files").mkdir()
        self.path("temporary").mkdir()
        self.write("nginx.conf", f"""
daemon off; worker_processes 1; pid {self.path('pid')}; error_log {self.path('error.log')};
user root;
events {{ }}
http {{
    access_log off; sendfile on; client_max_body_size 0; client_body_temp_path {self.path('temporary')};
    proxy_temp_path {self.path('temporary')}; fastcgi_temp_path {self.path('temporary')};
    uwsgi_temp_path {self.path('temporary')}; scgi_temp_path {self.path('temporary')};
    server {{
        listen 127.0.0.1:{self.ports['c2s']};
        location / {{ root {self.path('files')}; dav_methods PUT; create_full_put_path on; }}
    }}
}}
""")

    def command(self):
        return [self.path("unpacked/usr/sbin/nginx"), "-c", self.path("nginx.conf")]

    def add_accounts(self, _count):
        pass

    def slot(self, _size):
        url = f"http://127.0.0.1:{self.ports['c2s']}/file"
        return url, {}, url


SERVERS = {"clarion": ClarionWeb, "prosody": ProsodyWeb, "ejabberd": EjabberdWeb, "nginx": Nginx}


def slot(server, size):
    """Where a file is put, with which header fields, and where it is got."""
    if isinstance(server, Nginx):
        return server.slot(size)
    client = Client(server.ports["c2s"], "user0", 1, domain=DOMAIN, password=PASSWORD).bind("bench")
    client.send(f"<iq type='get' id='slot' to='{server.upload}'><request xmlns='urn:xmpp:http:upload:0' "
                f"filename='file.bin' size='{size}' content-type='application/octet-stream'/></iq>")
    answer = client.expect(r"<slot.*?</slot>")
    client.cut()
    text = answer if isinstance(answer, str) else answer.group(0)
    put, get = (re.search(rf"<{kind}[^>]*url=['\"]([^'\"]*)", text).group(1).replace("&amp;", "&")
                for kind in ("put", "get"))
    fields = dict(re.findall(r"<header name=['\"]([^'\"]*)['\"]>([^<]*)</header>", text))
    return put, fields, get


def processes(server):
    """Its own and its children's."""
    found, todo = [], [server.process.pid]
    while todo:
        pid = todo.pop()
        found.append(pid)
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            todo += map(int, task.read_text().split())
    return found


def anonymous_mb(server):
    total = 0
    for pid in processes(server):
        match = re.search(r"RssAnon:\s*(\d+)", Path(f"/proc/{pid}/status").read_text())
        total += int(match.group(1)) if match else 0
    return total / 1024


def cpu_seconds(server):
    ticks = 0
    for pid in processes(server):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Watch:
    """How a server's memory grows while something happens, how long that takes, and what CPU time."""

    def __init__(self, server):
        self.server = server

    def __enter__(self):
        self.before = self.most = anonymous_mb(self.server)
        self.cpu, self.began = cpu_seconds(self.server), time.monotonic()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()
        return self

    def look(self):
        while not self.over.wait(0.01):
            self.most = max(self.most, anonymous_mb(self.server))

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.began
        self.cpu = cpu_seconds(self.server) - self.cpu
        self.over.set()
        self.thread.join()
        self.grew = self.most - self.before


def connect(url):
    parts = urlsplit(url)
    return http.client.HTTPConnection("127.0.0.1", parts.port, timeout=300), parts.path + ("?" + parts.query if parts.query else "")


def upload(url, fields, megabytes):
    connection, path = connect(url)
    piece = os.urandom(CHUNK)
    connection.putrequest("PUT", path)
    for name, value in {**fields, "Content-Type": "application/octet-stream",
                        "Content-Length": str(megabytes * CHUNK)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    for _ in range(megabytes):
        connection.send(piece)
    status = connection.getresponse().status
    assert status in (200, 201, 204), status


def download(url, megabytes):
    connection, path = connect(url)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.status == 200, answer.status
    into, size = bytearray(CHUNK), 0
    while count := answer.readinto(into):
        size += count
    assert size == megabytes * CHUNK, size


def files(server, megabytes):
    put, fields, get = slot(server, megabytes * CHUNK)
    with Watch(server) as up:
        upload(put, fields, megabytes)
    with Watch(server) as down:
        for _ in range(DOWNLOADS):
            download(get, megabytes)
    return {"upload MB/s": megabytes / up.seconds, "upload CPU ms/MB": up.cpu * 1000 / megabytes,
            "upload grew MB": up.grew, "download MB/s": DOWNLOADS * megabytes / down.seconds,
            "download CPU ms/MB": down.cpu * 1000 / megabytes / DOWNLOADS, "download grew MB": down.grew}


def sessions(server, build, count):
    done = subprocess.run(["taskset", "-c", "1", build / "clarion-bench", "idle", "-n", str(count), "--sm", "--carbons",
                           "--tls", "direct", "--websocket", server.websocket, "--port", str(server.ports["https"]),
                           "--domain", DOMAIN, "--password", PASSWORD, "--server-pid", str(server.process.pid), "--json"],
                          check=True, capture_output=True, text=True)
    told = json.loads(done.stdout)
    return {"idle KB/session": told["anonymous_kb_per_session"], "login CPU ms": told["login_cpu_ms_per_session"],
            "logins/CPU s": 1000 / told["login_cpu_ms_per_session"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", default=ROOT / "build/release/bin", type=Path)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--servers", default=",".join(SERVERS))
    arguments = parser.parse_args()
    os.sched_setaffinity(0, range(1, os.cpu_count()))
    for name in arguments.servers.split(","):
        server = SERVERS[name](arguments.build)
        try:
            server.add_accounts(arguments.sessions)
            server.start()
            found = files(server, arguments.megabytes)
            if server.websocket:
                found |= sessions(server, arguments.build.resolve(), arguments.sessions)
        finally:
            server.remove()
        print(f"{name:10}" + "  ".join(f"{what} {value:.4g}" for what, value in found.items()), flush=True)


if __name__ == "__main__":
    main()
