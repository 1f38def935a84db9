"""One clariond with listeners for HTTP, and what it takes to ask them. Python's standard library only."""
import contextlib
import http.client
import socket
import ssl
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "administration"), str(HERE.parent / "support")]

from ports import free_port, free_ports
from test_administration import PATIENCE, Server
from test_check import make_certificate

__all__ = ["HERE", "PATIENCE", "Authority", "NameServer", "OtherWebServer", "WebCase", "WebServer", "free_port",
           "make_certificate"]


def openssl(*words, **more):
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, text=True, **more).stdout


class WebServer(Server):
    """Beside c2s it has https and http, on 127.0.0.1; cert.pem and key.pem are example.test's."""

    def __init__(self):
        self.https_port, self.http_port, self.s2s_port = free_ports(3)
        self.dns_port = 1  # where nobody answers
        super().__init__()

    def write_config(self, extra="", domains='["example.test"]', tls=True):
        certificate = '[tls]\ncertificate = "cert.pem"\nprivate_key = "key.pem"\n' if tls else ""
        listeners = "".join(f'[[listen]]\ntype = "{kind}"\naddress = "127.0.0.1"\nport = {port}\n'
                            for kind, port in (("https", self.https_port), ("http", self.http_port),
                                               ("s2s", self.s2s_port)) if tls or kind == "http")
        dns = f'[dns]\nservers = ["127.0.0.1:{self.dns_port}"]\n'
        super().write_config(certificate + listeners + dns + extra, domains)

    def get(self, path, host="example.test", method="GET", headers=None, encrypted=True, body=None):
        """The answer, with its body read as `text`."""
        port = self.https_port if encrypted else self.http_port
        plain = socket.create_connection(("127.0.0.1", port), timeout=10 * PATIENCE)
        connection = http.client.HTTPConnection(host)
        connection.sock = self.tls().wrap_socket(plain, server_hostname=host) if encrypted else plain
        with contextlib.closing(connection):
            connection.request(method, path, headers=headers or {}, body=body)
            answer = connection.getresponse()
            answer.text = answer.read().decode()
        return answer

    @staticmethod
    def tls():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    def certificate_shown(self, name="example.test"):
        """In PEM, by the listener for https."""
        with socket.create_connection(("127.0.0.1", self.https_port), timeout=10 * PATIENCE) as plain:
            with self.tls().wrap_socket(plain, server_hostname=name) as secured:
                return ssl.DER_cert_to_PEM_cert(secured.getpeercert(True))

    def wait_until(self, holds, what):
        end = time.monotonic() + 20 * PATIENCE
        while not holds():
            assert time.monotonic() < end, f"{what}: " + (self.directory / "log").read_text()
            time.sleep(0.02)

    def log(self):
        return (self.directory / "log").read_text()


class WebCase(unittest.TestCase):
    """A server for each test, that has started."""
    options = ""
    domains = '["example.test"]'

    def setUp(self):
        self.server = WebServer()
        self.addCleanup(self.server.remove)
        make_certificate(self.server.directory, "cert", "example.test")
        (self.server.directory / "cert.key.pem").rename(self.server.directory / "key.pem")
        self.prepare()
        self.server.write_config(self.options, self.domains)
        self.server.start()

    def prepare(self):
        pass


class NameServer:
    """dnsmasq, with the records that are given to it as options."""

    def __init__(self, *records):
        self.port = free_port()
        self.process = subprocess.Popen(
            ["dnsmasq", "--no-daemon", f"--port={self.port}", "--listen-address=127.0.0.1", "--bind-interfaces",
             "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--pid-file=", "--local=/test/",
             *(f"--{record}" for record in records)],
            stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "started" in line:
                return
        raise AssertionError("dnsmasq does not start")

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()


class OtherWebServer:
    """What somebody else has at port 443 of an address; it answers everything with the same words."""

    def __init__(self, address, certificate, key, answer):
        self.answer = answer
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.socket = socket.create_server((address, 443))
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            try:
                plain, _ = self.socket.accept()
            except OSError:
                return
            with plain, self.context.wrap_socket(plain, server_side=True) as asked:
                asked.recv(65536)
                asked.sendall(self.answer.encode())

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()


class Authority:
    """A root, an intermediate, and certificates from the latter."""

    def __init__(self, directory):
        self.directory = directory
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 30,
                "-subj", "/CN=Test Root", "-addext", "keyUsage=critical,keyCertSign",
                "-keyout", directory / "root.key", "-out", directory / "root.pem")
        self.issue("intermediate", "Test Intermediate", "root",
                   "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign")

    def issue(self, name, subject, issuer, extensions):
        at = self.directory
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-subj", f"/CN={subject}", "-keyout", at / f"{name}.key", "-out", at / f"{name}.csr")
        (at / f"{name}.ext").write_text(extensions)
        openssl("x509", "-req", "-in", at / f"{name}.csr", "-CA", at / f"{issuer}.pem", "-CAkey", at / f"{issuer}.key",
                "-CAcreateserial", "-days", 20, "-extfile", at / f"{name}.ext", "-out", at / f"{name}.pem")

    def certify(self, domain, with_intermediate=True):
        """cert.pem and key.pem."""
        self.issue("leaf", domain, "intermediate", f"subjectAltName=DNS:{domain}")
        text = (self.directory / "leaf.pem").read_text()
        if with_intermediate:
            text += (self.directory / "intermediate.pem").read_text()
        (self.directory / "cert.pem").write_text(text)
        (self.directory / "key.pem").write_text((self.directory / "leaf.key").read_text())
        (self.directory / "key.pem").chmod(0o600)
