"""Certificates made with the openssl command, by an authority of the test's own or self-signed."""
import ipaddress
import subprocess
from dataclasses import dataclass


@dataclass
class Certificate:
    chain: str  # PEM files
    key: str


def _openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr}")


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-sha256")


def _name(host):
    try:
        return f"IP:{ipaddress.ip_address(host)}"
    except ValueError:
        return f"DNS:{host}"


def _names(hosts):
    return "subjectAltName=" + ",".join(map(_name, hosts))


class Authority:
    """Signs certificates that both servers and all clients believe."""

    def __init__(self, directory):
        self.directory = directory
        self.file = directory / "authority.pem"
        self._key = directory / "authority.key"
        _openssl("req", "-x509", *_NEW_KEY, "-days", 30, "-subj", "/CN=Interop authority",
                 "-addext", "basicConstraints=critical,CA:TRUE",
                 "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                 "-keyout", self._key, "-out", self.file)

    def certificate(self, name, domains):
        chain, key = self.directory / f"{name}.pem", self.directory / f"{name}.key"
        request, extensions = self.directory / f"{name}.csr", self.directory / f"{name}.ext"
        extensions.write_text(_names(domains) + "\nextendedKeyUsage=serverAuth,clientAuth\n")
        _openssl("req", "-new", *_NEW_KEY, "-subj", f"/CN={domains[0]}", "-keyout", key,
                 "-out", request)
        _openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self._key,
                 "-CAcreateserial", "-days", 30, "-sha256", "-extfile", extensions, "-out", chain)
        return Certificate(str(chain), str(key))


def self_signed(directory, name, domains):
    """A certificate nobody but those who were told believes."""
    chain, key = directory / f"{name}.pem", directory / f"{name}.key"
    _openssl("req", "-x509", *_NEW_KEY, "-days", 30, "-subj", f"/CN={domains[0]}",
             "-addext", _names(domains), "-keyout", key, "-out", chain)
    return Certificate(str(chain), str(key))
