"""Uploads (XEP-0363) as clients meet them: a slot over XMPP, files over HTTP. Python's standard library,
and curl where it is there."""
import contextlib
import html
import http.client
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent.parent / "administration"))
from test_administration import PATIENCE, Server, free_port  # noqa: E402
from xmpp_client import Client  # noqa: E402

UPLOAD = "urn:xmpp:http:upload:0"


class Slot:
    def __init__(self, answer):
        self.url = html.unescape(re.search(r"<put url=['\"]([^'\"]+)", answer).group(1))
        self.get_url = html.unescape(re.search(r"<get url=['\"]([^'\"]+)", answer).group(1))
        self.authorization = html.unescape(re.search(r"<header[^>]*>([^<]+)</header>", answer).group(1))
        self.path = urlsplit(self.url).path


def wait_until(condition, what):
    end = time.monotonic() + 20 * PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within time: {what}")
        time.sleep(0.02)


class Case(unittest.TestCase):
    options = ""

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.http_port = free_port()
        self.server.write_config(f"""
[[listen]]
type = "http"
address = "127.0.0.1"
port = {self.http_port}
[upload."upload.example.test"]
base_url = "https://files.example.test"
{self.options}
""")
        config = self.server.config.read_text()
        self.server.config.write_text(
            config.replace("[c2s]\n", "[c2s]\nallow_plain_without_encryption = true\n"))
        self.start()

    def start(self):
        self.server.start()
        self.uploads = self.server.directory / "data" / "upload"

    def log_in(self, name="romeo"):
        self.server.ask("user", "add", f"{name}@example.test", "--password", "secret")
        return self.connect(name)

    def connect(self, name="romeo"):
        client = Client(self.server.port, name, PATIENCE).bind("phone")
        self.addCleanup(client.socket.close)
        return client

    def iq(self, client, to, payload):
        client.send(f"<iq type='get' id='s' to='{to}'>{payload}</iq>")
        return client.expect(r"<iq[^>]*\bid=['\"]s['\"][^>]*?(/>|>.*?</iq>)").group()

    def ask(self, client, name, size, content_type=None, to="upload.example.test"):
        said = f" content-type='{content_type}'" if content_type else ""
        return self.iq(client, to, f"<request xmlns='{UPLOAD}' filename='{name}' size='{size}'{said}/>")

    def slot(self, client, name, size, content_type=None):
        return Slot(self.ask(client, name, size, content_type))

    def http(self, method, path, body=None, **fields):
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=30 * PATIENCE)
        self.addCleanup(connection.close)
        connection.request(method, path, body, {key.replace("_", "-"): value for key, value in fields.items()})
        response = connection.getresponse()
        response.content = response.read()
        return response

    def announce(self, slot, size):
        """What is said of an upload by its head, before anything is sent (RFC 9110, 10.1.1)."""
        with socket.create_connection(("127.0.0.1", self.http_port), timeout=30 * PATIENCE) as raw:
            raw.sendall(f"PUT {slot.path} HTTP/1.1\r\nHost: files.example.test\r\nExpect: 100-continue\r\n"
                        f"Authorization: {slot.authorization}\r\nContent-Length: {size}\r\n\r\n".encode())
            return int(raw.recv(4096).split()[1])

    def put_until_answered(self, slot, size):
        """Who listens while it sends hears that it is in vain."""
        with socket.create_connection(("127.0.0.1", self.http_port), timeout=30 * PATIENCE) as raw:
            raw.sendall(f"PUT {slot.path} HTTP/1.1\r\nHost: files.example.test\r\n"
                        f"Authorization: {slot.authorization}\r\nContent-Length: {size}\r\n\r\n".encode())
            sent = 0
            with contextlib.suppress(ConnectionError):  # the answer may come just now
                while sent < size and not select.select([raw], [], [], 0)[0]:
                    sent += raw.send(b"x" * min(65536, size - sent))
            return int(raw.recv(4096).split()[1])

    def put(self, slot, content, **fields):
        return self.http("PUT", slot.path, content, Authorization=slot.authorization, **fields)

    def upload(self, client, name, content, content_type=None):
        slot = self.slot(client, name, len(content), content_type)
        self.assertEqual(self.put(slot, content).status, 201)
        return slot

    def on_disk(self):
        return [path for path in self.uploads.rglob("*") if path.is_file()]


class Uploads(Case):
    def test_the_service_is_found(self):
        romeo = self.log_in()
        items = self.iq(romeo, "example.test", "<query xmlns='http://jabber.org/protocol/disco#items'/>")
        self.assertIn("upload.example.test", items)
        info = self.iq(romeo, "upload.example.test", "<query xmlns='http://jabber.org/protocol/disco#info'/>")
        self.assertRegex(info, r"<identity[^>]*category=['\"]store['\"]")
        for feature in (UPLOAD, "urn:xmpp:http:upload:purpose:0#profile"):
            self.assertIn(feature, info)
        self.assertRegex(info, r"max-file-size.*104857600")

    def test_a_file_comes_and_is_given_to_others(self):
        content = os.urandom(300_000)
        romeo = self.log_in()
        slot = self.upload(romeo, "tr\u00e8s cool.png", content, "image/png")
        self.assertEqual(slot.url, slot.get_url)
        self.assertTrue(slot.url.startswith("https://files.example.test/upload/"))
        self.assertTrue(slot.url.endswith("/tr%C3%A8s%20cool.png"))
        got = self.http("GET", slot.path)
        self.assertEqual((got.status, got.content), (200, content))
        self.assertEqual(got.getheader("Content-Type"), "image/png")
        self.assertEqual(got.getheader("Access-Control-Allow-Origin"), "*")
        self.assertIn("immutable", got.getheader("Cache-Control"))
        self.assertTrue(got.getheader("Content-Disposition").startswith("inline"))
        head = self.http("HEAD", slot.path)
        self.assertEqual((head.status, head.content), (200, b""))
        self.assertEqual(head.getheader("Content-Length"), str(len(content)))
        part = self.http("GET", slot.path, Range="bytes=100000-199999")
        self.assertEqual((part.status, part.content), (206, content[100000:200000]))
        self.assertEqual(part.getheader("Content-Range"), "bytes 100000-199999/300000")
        rest = self.http("GET", slot.path, Range="bytes=-10", If_Range=got.getheader("ETag"))
        self.assertEqual((rest.status, rest.content), (206, content[-10:]))
        self.assertEqual(self.http("GET", slot.path, Range="bytes=300000-").status, 416)
        for field, value in (("If_None_Match", got.getheader("ETag")),
                             ("If_Modified_Since", got.getheader("Last-Modified"))):
            self.assertEqual(self.http("GET", slot.path, **{field: value}).status, 304)

    def test_pages_of_other_sites_may_upload(self):
        slot = self.slot(self.log_in(), "a.png", 5)
        answer = self.http("OPTIONS", slot.path, Origin="https://client.example",
                           Access_Control_Request_Method="PUT",
                           Access_Control_Request_Headers="authorization,content-type")
        self.assertLess(answer.status, 300)
        self.assertEqual(answer.getheader("Access-Control-Allow-Origin"), "*")
        self.assertIn("PUT", answer.getheader("Access-Control-Allow-Methods"))
        self.assertIn("Authorization", answer.getheader("Access-Control-Allow-Headers"))
        refused = self.http("PUT", slot.path, b"12345", Origin="https://client.example")
        self.assertEqual((refused.status, refused.getheader("Access-Control-Allow-Origin")), (403, "*"))

    def test_a_slot_is_for_one_file_once(self):
        romeo = self.log_in()
        slot = self.slot(romeo, "a.txt", 5, "text/plain")
        self.assertEqual(self.put(slot, b"123456").status, 413)
        self.assertEqual(self.put(slot, b"1234").status, 400)
        self.assertEqual(self.put(slot, b"12345", Content_Type="text/html").status, 415)
        self.assertEqual(self.http("PUT", slot.path, b"12345").status, 403)
        other = self.slot(romeo, "a.txt", 5)
        self.assertEqual(self.http("PUT", slot.path, b"12345", Authorization=other.authorization).status, 403)
        self.assertEqual(self.put(slot, b"12345", Content_Type="text/plain").status, 201)
        self.assertEqual(self.put(slot, b"54321", Content_Type="text/plain").status, 409)
        self.assertEqual(self.http("GET", slot.path).content, b"12345")
        self.assertEqual(self.http("GET", other.path).status, 404)
        self.assertEqual(self.http("GET", "/upload/nothing").status, 404)
        self.assertEqual(self.http("DELETE", slot.path).status, 405)

    def test_a_length_must_be_said(self):
        slot = self.slot(self.log_in(), "a.txt", 5)
        with socket.create_connection(("127.0.0.1", self.http_port), timeout=30 * PATIENCE) as raw:
            raw.sendall(f"PUT {slot.path} HTTP/1.1\r\nHost: files.example.test\r\n"
                        f"Authorization: {slot.authorization}\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "5\r\n12345\r\n0\r\n\r\n".encode())
            self.assertTrue(raw.recv(4096).startswith(b"HTTP/1.1 411 "))

    def test_an_upload_that_breaks_off_leaves_nothing(self):
        slot = self.slot(self.log_in(), "a.bin", 1_000_000)
        with socket.create_connection(("127.0.0.1", self.http_port), timeout=30 * PATIENCE) as raw:
            raw.sendall(f"PUT {slot.path} HTTP/1.1\r\nHost: files.example.test\r\n"
                        f"Authorization: {slot.authorization}\r\nContent-Length: 1000000\r\n\r\n".encode())
            raw.sendall(b"x" * 200_000)
            wait_until(lambda: any(path.stat().st_size >= 200_000 for path in self.on_disk()), "it arrives")
            self.assertEqual(self.http("GET", slot.path).status, 404)
        wait_until(lambda: not self.on_disk(), "it is removed")
        # Until that is written, too, the slot is one that is being used.
        wait_until(lambda: self.put(slot, b"x" * 1_000_000).status == 410, "its slot is gone")

    def test_what_may_run_is_only_saved(self):
        romeo = self.log_in()
        for name, kind in (("a.svg", "image/svg+xml"), ("a.html", "text/html"), ("a.xhtml", "application/xhtml+xml")):
            got = self.http("GET", self.upload(romeo, name, b"<script/>", kind).path)
            self.assertEqual(got.getheader("Content-Type"), "application/octet-stream")
            self.assertTrue(got.getheader("Content-Disposition").startswith("attachment"))
            self.assertEqual(got.getheader("X-Content-Type-Options"), "nosniff")
            self.assertIn("sandbox", got.getheader("Content-Security-Policy"))

    def test_names_say_nothing_but_a_name(self):
        romeo = self.log_in()
        for name in ("a&#xA;Set-Cookie: x=y", "a&#xD;&#xA;b", "../a", "a/b", "a\\b", "", "..", "a&#x7f;"):
            self.assertIn("bad-request", self.ask(romeo, name, 5), name)
        name = 'a"; filename="b.html'
        slot = self.upload(romeo, name.replace('"', "&quot;"), b"12345")
        got = self.http("GET", slot.path)
        self.assertEqual(got.status, 200)
        self.assertEqual(got.getheader("Content-Disposition"),
                         'attachment; filename="a_; filename=_b.html"; '
                         "filename*=UTF-8''a%22%3B%20filename%3D%22b.html")

    def test_sizes_that_cannot_be(self):
        romeo = self.log_in()
        for size in ("0", "-1", "", "many", "99999999999999999999"):
            self.assertIn("bad-request", self.ask(romeo, "a", size))
        large = self.ask(romeo, "a", 104857601)
        self.assertIn("not-acceptable", large)
        self.assertRegex(large, r"<file-too-large.*<max-file-size>104857600</max-file-size>")

    @unittest.skipUnless(shutil.which("curl"), "no curl")
    def test_curl(self):
        slot = self.slot(self.log_in(), "a.bin", 2_000_000)
        file = self.server.directory / "a.bin"
        file.write_bytes(os.urandom(2_000_000))
        url = f"http://127.0.0.1:{self.http_port}{slot.path}"
        sent = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-T", file, "-H",
                               f"Authorization: {slot.authorization}", "-H", "Expect: 100-continue", url],
                              capture_output=True, text=True, timeout=60 * PATIENCE)
        self.assertEqual(sent.stdout, "201", sent.stderr)
        got = subprocess.run(["curl", "-sS", url], capture_output=True, timeout=60 * PATIENCE)
        self.assertEqual(got.stdout, file.read_bytes())


class Keeping(Case):
    def test_files_are_there_after_a_crash_and_what_was_not_whole_is_not(self):
        romeo = self.log_in()
        slot = self.upload(romeo, "a.png", b"12345")
        broken = self.slot(romeo, "b.bin", 1_000_000)
        with socket.create_connection(("127.0.0.1", self.http_port), timeout=30 * PATIENCE) as raw:
            raw.sendall(f"PUT {broken.path} HTTP/1.1\r\nHost: files.example.test\r\n"
                        f"Authorization: {broken.authorization}\r\nContent-Length: 1000000\r\n\r\n".encode())
            raw.sendall(b"x" * 200_000)
            wait_until(lambda: any(path.stat().st_size >= 200_000 for path in self.on_disk()), "it arrives")
            self.server.process.send_signal(signal.SIGKILL)
            self.server.wait()
        self.assertEqual(len(self.on_disk()), 3)
        self.start()
        wait_until(lambda: len(self.on_disk()) == 2, "what was not whole is removed")
        self.assertEqual(self.http("GET", slot.path).content, b"12345")
        self.assertEqual(self.put(slot, b"12345").status, 409)
        wait_until(lambda: self.put(broken, b"x" * 1_000_000).status == 410, "its slot is given up")

    def test_files_go_with_their_account(self):
        slot = self.upload(self.log_in(), "a.png", b"12345")
        kept = self.upload(self.log_in("juliet"), "b.png", b"54321")
        self.server.ask("user", "delete", "romeo@example.test", "--yes")
        wait_until(lambda: self.http("GET", slot.path).status == 404, "it is gone")
        self.assertEqual(self.http("GET", kept.path).content, b"54321")
        wait_until(lambda: len(self.on_disk()) == 2, "it is gone from the disk")

    def test_administrators_list_count_and_purge(self):
        romeo = self.log_in()
        slot = self.upload(romeo, "a.png", b"12345", "image/png")
        self.upload(romeo, "b", b"123")
        rows = self.server.ask("upload", "list", "romeo@example.test")
        self.assertEqual([(row["name"], row["bytes"], row["type"]) for row in rows],
                         [("a.png", 5, "image/png"), ("b", 3, "")])
        stats = self.server.ask("upload", "stats")[0]
        self.assertEqual((stats["accounts"], stats["files"]), (1, 2))
        none = self.server.ask("upload", "purge", "romeo@example.test", "--older-than", "1h", "--yes")
        self.assertEqual(none["files"], 0)
        self.assertEqual(self.http("GET", slot.path).status, 200)
        done = self.server.ask("upload", "purge", "example.test", "--yes")
        self.assertEqual((done["accounts"], done["files"], done["bytes"]), (1, 2, 8))
        self.assertEqual(self.http("GET", slot.path).status, 404)
        self.assertEqual(self.server.ask("upload", "list", "romeo@example.test"), [])
        self.assertEqual(self.on_disk(), [])
        self.assertEqual(self.put(slot, b"12345").status, 409)


class Checking(unittest.TestCase):
    def check(self, extra):
        server = Server()
        self.addCleanup(server.remove)
        server.write_config(extra)
        done = server.run("--check")
        return done.stdout + done.stderr

    def test_what_cannot_be_used_is_told(self):
        service = '[upload."upload.example.test"]\n'
        self.assertIn("nothing listens to which files", self.check(service))
        http_listener = f'[[listen]]\ntype = "http"\naddress = "127.0.0.1"\nport = {free_port()}\n'
        self.assertNotIn("nothing listens", self.check(http_listener + service))
        external = 'external_base_url = "https://files.example"\nexternal_secret = "secret"\n'
        self.assertNotIn("nothing listens", self.check(service + external))
        self.assertIn('upload."no domain"', self.check('[upload."no domain"]\n'))
        self.assertIn("https://", self.check('[upload]\nbase_url = "http://files.example"\n'))


class FileSize(Case):
    """Files of the server's process may not be larger than this."""

    def start(self):
        self.server.prefix = ["sh", "-c", 'ulimit -f 16000; exec "$@"', "sh"]
        self.uploads = self.server.directory / "data" / "upload"
        self.server.start()

    def test_a_file_that_may_not_be_is_refused_and_nothing_else(self):
        romeo = self.log_in()
        large = self.slot(romeo, "a.bin", 20_000_000)
        self.assertEqual(self.put_until_answered(large, 20_000_000), 507)
        self.assertEqual(self.on_disk(), [])
        self.upload(romeo, "b.bin", b"x" * 100_000)
        self.assertEqual(self.announce(large, 20_000_000), 410)


def may_mount():
    return subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
                          capture_output=True).returncode == 0


@unittest.skipUnless(shutil.which("unshare") and may_mount(), "no mounts of its own")
class FullDisk(Case):
    options = 'directory = "small"'

    def start(self):
        self.uploads = self.server.directory / "small"
        self.uploads.mkdir(exist_ok=True)
        self.server.prefix = ["unshare", "-rm", "sh", "-c",
                              f'mount -t tmpfs -o size=1m tmpfs "{self.uploads}" && exec "$@"', "sh"]
        self.server.start()

    def stats(self):
        return next(row for row in self.server.ask("upload", "stats") if row["directory"] == str(self.uploads))

    def test_a_full_disk_refuses_the_file_and_nothing_else(self):
        romeo = self.log_in()
        small = self.upload(romeo, "a.bin", b"x" * 1000)
        before = self.stats()["free"]
        large = self.slot(romeo, "b.bin", 2_000_000)
        self.assertEqual(self.announce(large, 2_000_000), 507)
        self.assertEqual(self.stats()["free"], before)
        self.assertEqual(self.http("GET", small.path).content, b"x" * 1000)
        self.assertEqual(self.announce(large, 2_000_000), 410)
        self.upload(romeo, "c.bin", b"x" * 100_000)
        self.assertEqual(self.stats()["files"], 2)


if __name__ == "__main__":
    unittest.main()
