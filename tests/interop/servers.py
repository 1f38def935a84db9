"""The programs a test starts: clariond, Prosody, ejabberd, dnsmasq. Each has its own files below a
temporary directory, listens on loopback addresses and free ports only, and is stopped by its
process id."""
import asyncio
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from waiting import PATIENCE, until, wait_until

HERE = Path(__file__).resolve().parent


class TemporaryDirectory:
    """Holds everything of one test class. CLARION_KEEP=1 keeps it for a look afterwards."""

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix="clarion-interop-"))

    def __truediv__(self, name):
        return self.path / name

    def remove(self):
        if os.environ.get("CLARION_KEEP"):
            print(f"kept: {self.path}")
        else:
            shutil.rmtree(self.path, ignore_errors=True)


class Loopback:
    """Addresses of one test run: 127.A.B.1, 127.A.B.2, ... with A and B drawn by lot, so that runs
    side by side do not meet on a port."""

    def __init__(self):
        self._network = f"127.{random.randint(10, 250)}.{random.randint(1, 250)}"
        self._given = {}

    def address(self, number):
        return f"{self._network}.{number}"

    def port(self, address):
        """A port of that address that is free, for TCP and UDP, and was not given before."""
        given = self._given.setdefault(address, set())
        while True:
            with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
                tcp.bind((address, 0))
                port = tcp.getsockname()[1]
                try:
                    udp.bind((address, port))
                except OSError:
                    continue
            if port not in given:
                given.add(port)
                return port


class Process:
    """A program in the foreground, its output appended to one log file."""

    def __init__(self, log):
        self.log = Path(log)
        self._process = None

    def launch(self, command, env=None):
        with open(self.log, "ab") as out:
            self._process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env={**os.environ, **(env or {})})

    def wait_ready(self, ready, what, within=20.0):
        def look():
            if self._process.poll() is not None:
                raise RuntimeError(f"{what} ended at once with {self._process.returncode}:\n"
                                   + self.tail())
            return ready()
        wait_until(look, f"{what} is ready", within)

    def stop(self):
        """Asks it to end and returns its exit code; kills it if it does not."""
        if self._process is None:
            return None
        self._process.terminate()
        try:
            code = self._process.wait(20 * PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._process = None
        return code

    def kill(self):
        """kill -9"""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process = None

    async def killed_and_restarted(self):
        """kill -9 in the middle of everything, then a new start on the same data."""
        self.kill()
        await asyncio.to_thread(self.start)

    async def stopped_and_restarted(self):
        """A planned restart; returns the exit code of the stop."""
        code = await asyncio.to_thread(self.stop)
        await asyncio.to_thread(self.start)
        return code

    def tail(self, lines=60):
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return "(no log)"


def accepts(address, port):
    try:
        socket.create_connection((address, port), 1).close()
        return True
    except OSError:
        return False


class Dnsmasq(Process):
    """Answers for domains below .test, and knows nothing else."""

    def __init__(self, directory, loopback):
        super().__init__(directory / "dnsmasq.log")
        self.address = loopback.address(53)
        self.port = loopback.port(self.address)
        self._config = directory / "dnsmasq.conf"
        self._records = []

    def xmpp_domain(self, domain, host, address, s2s_port):
        """_xmpp-server._tcp.DOMAIN SRV HOST s2s_port, and HOST A address, unless it is the same."""
        self._records.append(f"srv-host=_xmpp-server._tcp.{domain},{host},{s2s_port}")
        if host != address:
            self._records.append(f"host-record={host},{address}")

    def start(self):
        self._config.write_text("\n".join([
            "no-resolv", "no-hosts", "local=/test/", "log-queries", "log-facility=-",
            "bind-interfaces", f"listen-address={self.address}", f"port={self.port}",
            "user=root" if os.geteuid() == 0 else "", "pid-file=", *self._records, ""]))
        program = shutil.which("dnsmasq", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        self.launch([program or "dnsmasq", "--keep-in-foreground", f"--conf-file={self._config}"])
        self.wait_ready(lambda: accepts(self.address, self.port), "dnsmasq")


def lua(value):
    """A Python value as Lua writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "{ " + "; ".join(map(lua, value)) + " }"
    if isinstance(value, dict):
        return "{ " + "; ".join(f"{key} = {lua(one)}" for key, one in value.items()) + " }"
    return str(value) if isinstance(value, (int, float)) else json.dumps(str(value))


class Prosody(Process):
    """A real Prosody with one domain, its components and rooms."""

    # The usual ones of Debian's configuration that have a part in this.
    modules = ["private_resolver", "roster", "saslauth", "tls", "dialback", "disco", "ping",
               "carbons", "pep", "blocklist", "limits", "smacks"]
    plugin_paths = [str(HERE / "prosody_modules")]

    def __init__(self, directory, loopback, number, domain):
        self.directory = directory / domain
        self.directory.mkdir()
        super().__init__(self.directory / "prosody.log")
        self.domain = domain
        self.address = loopback.address(number)
        self.client_port, self.s2s_port, self.component_port = (
            loopback.port(self.address) for _ in range(3))
        self.components = {}  # domain -> secret
        self.rooms = []       # domains of MUC services
        self.room_modules = []

    @property
    def domains(self):
        return [self.domain, *self.components, *self.rooms]

    def configure(self, certificate, trusted, resolver, require_valid_certificate):
        """`trusted`: the file of authorities it believes."""
        options = {
            "run_as_root": os.geteuid() == 0, "pidfile": self.directory / "prosody.pid",
            "data_path": self.directory / "data", "plugin_paths": self.plugin_paths,
            "modules_enabled": self.modules, "modules_disabled": ["http"],
            "private_resolver": {"address": resolver.address, "port": resolver.port},
            "interfaces": [self.address], "component_interfaces": [self.address],
            "c2s_ports": [self.client_port], "s2s_ports": [self.s2s_port],
            "component_ports": [self.component_port],
            "ssl": {"certificate": certificate.chain, "key": certificate.key, "cafile": trusted},
            "authentication": "internal_plain",
            "c2s_require_encryption": True, "s2s_require_encryption": True,
            "s2s_secure_auth": require_valid_certificate,
            "log": {"debug": "*console"},
        }
        text = "\n".join(f"{key} = {lua(value)}" for key, value in options.items())
        text += f'\nVirtualHost "{self.domain}"\n' + self.host_options()
        for domain, secret in self.components.items():
            text += f'\nComponent "{domain}"\n    component_secret = {lua(secret)}\n'
        for domain in self.rooms:
            text += (f'\nComponent "{domain}" "muc"\n    muc_room_locking = false\n'
                     '    muc_room_default_public = false\n'
                     f'    modules_enabled = {lua(self.room_modules)}\n')
        (self.directory / "prosody.cfg.lua").write_text(text)
        (self.directory / "data").mkdir(exist_ok=True)

    def host_options(self):
        return ""

    def start(self):
        # With lua-unbound installed, Prosody would use that and ignore mod_private_resolver.
        without_unbound = 'package.preload["lunbound"] = function() error("not in this test") end'
        self.launch(["prosody", "-F", "--config", self.directory / "prosody.cfg.lua"],
                    env={"LUA_INIT": without_unbound})
        self.wait_ready(lambda: accepts(self.address, self.s2s_port)
                        and accepts(self.address, self.client_port), "Prosody")

    async def add_user(self, name, password):
        def stored(text):
            return "".join(c if c.isalnum() else f"%{ord(c):02x}" for c in text)
        accounts = self.directory / "data" / stored(self.domain) / "accounts"
        accounts.mkdir(parents=True, exist_ok=True)
        (accounts / f"{stored(name)}.dat").write_text(
            f"return {{ password = {lua(password)} }};\n")


class Ejabberd(Process):
    """A real ejabberd with one domain and its components. Its users are whoever logs in: it takes
    every name and password, and keeps nothing of them."""

    # One scheduler that sleeps when there is nothing to do: other tests run beside it.
    light = ["+S", "1", "+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none"]

    def __init__(self, directory, loopback, number, domain):
        self.directory = directory / domain
        self.directory.mkdir()
        super().__init__(self.directory / "ejabberd.log")
        self.domain = domain
        self.address = loopback.address(number)
        self.client_port, self.s2s_port, self.component_port = (
            loopback.port(self.address) for _ in range(3))
        self.components = {}  # domain -> secret

    @property
    def domains(self):
        return [self.domain, *self.components]

    def configure(self, certificate, trusted, resolver, require_valid_certificate):
        both = self.directory / "certificate.pem"
        both.write_text(Path(certificate.chain).read_text() + Path(certificate.key).read_text())
        modules = {"mod_disco": {}, "mod_ping": {}, "mod_roster": {}}
        if not require_valid_certificate:
            modules["mod_s2s_dialback"] = {}
        # JSON is YAML
        (self.directory / "ejabberd.yml").write_text(json.dumps({
            "hosts": [self.domain], "loglevel": "info", "certfiles": [str(both)],
            "ca_file": trusted, "s2s_use_starttls": "required", "auth_method": "anonymous",
            "anonymous_protocol": "login_anon", "access_rules": {"everybody": {"allow": "all"}},
            "listen": [
                {"port": self.client_port, "ip": self.address, "module": "ejabberd_c2s",
                 "starttls_required": True},
                {"port": self.s2s_port, "ip": self.address, "module": "ejabberd_s2s_in"},
                {"port": self.component_port, "ip": self.address, "module": "ejabberd_service",
                 "access": "everybody", "shaper": "none",
                 "hosts": {domain: {"password": secret}
                           for domain, secret in self.components.items()}}],
            "modules": modules}, indent=1))
        (self.directory / "inetrc").write_text(
            '{resolv_conf, ""}.\n{hosts_file, ""}.\n{lookup, [dns]}.\n{nameserver, {%s}, %d}.\n'
            % (resolver.address.replace(".", ","), resolver.port))
        (self.directory / "spool").mkdir(exist_ok=True)

    def start(self):
        # As ejabberdctl does, but without a node name: so no epmd, which would be shared.
        self.launch(
            ["erl", "+K", "true", *self.light, "-noinput", "-mnesia", "dir",
             f'"{self.directory / "spool"}"', "-s", "ejabberd"],
            env={"ERL_LIBS": "/usr/lib/x86_64-linux-gnu", "HOME": str(self.directory),
                 "ERL_INETRC": str(self.directory / "inetrc"),
                 "ERL_CRASH_DUMP": str(self.directory / "crash.dump"),
                 "EJABBERD_CONFIG_PATH": str(self.directory / "ejabberd.yml"),
                 "EJABBERD_LOG_PATH": str(self.directory / "messages.log")})
        self.wait_ready(lambda: all(accepts(self.address, port) for port in (
            self.client_port, self.s2s_port, self.component_port)), "ejabberd", 60.0)

    async def add_user(self, name, password):
        """Nothing is to be done."""


class Trace(Process):
    """`clarionctl trace`, which runs until it is ended."""

    def text(self):
        return self.log.read_text()

    async def shows(self, *words):
        """Waits for a line that has all of them."""
        await until(lambda: any(all(word in line for word in words)
                                for line in self.text().splitlines()),
                    lambda: f"no line of the trace has {words}:\n{self.text()}")

    async def end(self):
        await asyncio.to_thread(self.stop)


class Clarion(Process):
    """The server under test, administered with clarionctl."""

    def __init__(self, directory, loopback, number, domain):
        self.directory = directory / domain
        self.directory.mkdir()
        super().__init__(self.directory / "clarion.log")
        self.domain = domain
        self.address = loopback.address(number)
        self.client_port, self.s2s_port, self.component_port = (
            loopback.port(self.address) for _ in range(3))
        self.components = {}
        self.services = []     # domains that its options make it serve
        self.admins = []       # of the whole server
        self.options = ""      # more of clarion.toml
        self.s2s_options = ""  # more of its [s2s]
        self._config = self.directory / "clarion.toml"

    @property
    def domains(self):
        return [self.domain, *self.components, *self.services]

    def configure(self, certificate, trusted, resolver, require_valid_certificate):
        def listener(kind, port):
            return (f'[[listen]]\ntype = "{kind}"\naddress = "{self.address}"\nport = {port}\n')
        text = f"""
[server]
domains = ["{self.domain}"]
data_dir = "{self.directory / 'data'}"
admin_socket = "{self.directory / 'admin.sock'}"
admins = {json.dumps(self.admins)}
shards = 2
[log]
level = "debug"
[tls]
certificate = "{certificate.chain}"
private_key = "{certificate.key}"
ca = "{trusted}"
[auth]
scram_iterations = 4096
[s2s]
require_valid_certificate = {lua(require_valid_certificate)}
bind_address = "{self.address}"
allow_private_addresses = true
{self.s2s_options}
[dns]
servers = ["{resolver.address}:{resolver.port}"]
"""
        text += listener("c2s", self.client_port) + listener("s2s", self.s2s_port)
        text += listener("component", self.component_port)
        for domain, secret in self.components.items():
            text += f'[component."{domain}"]\nsecret = "{secret}"\n'
        self._config.write_text(text + self.options)

    def start(self):
        before = self.log.stat().st_size if self.log.exists() else 0
        self.launch([os.environ["CLARIOND"], "--config", self._config])

        def is_ready():
            with open(self.log, "rb") as log:
                log.seek(before)
                return b" server ready " in log.read()
        self.wait_ready(is_ready, "clariond")

    async def ctl(self, *command, input=None, check=True):
        """Runs clarionctl and returns what it printed."""
        process = await asyncio.create_subprocess_exec(
            os.environ["CLARIONCTL"], "--config", str(self._config), *command,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE)
        out, err = await asyncio.wait_for(
            process.communicate((input or "").encode()), 30 * PATIENCE)
        if check and process.returncode != 0:
            raise RuntimeError(f"clarionctl {' '.join(command)}: exit {process.returncode}\n"
                               f"{out.decode()}{err.decode()}")
        return out.decode()

    async def ctl_json(self, *command):
        return json.loads(await self.ctl("--json", *command))

    async def trace(self, *arguments):
        """Starts `clarionctl trace`, and returns when it shows what is said from then on."""
        trace = Trace(self.directory / "trace.log")
        trace.launch([os.environ["CLARIONCTL"], "--config", self._config, "trace", *arguments])
        await trace.shows(" -- ")
        return trace

    async def add_user(self, name, password):
        await self.ctl("user", "add", f"{name}@{self.domain}", "--password-stdin",
                       input=password + "\n")

    async def is_asleep(self, full_jid):
        """Whether that session has lost its connection and waits to be resumed."""
        sessions = await self.ctl_json("session", "list", full_jid.split("/")[0])
        return any(one["jid"] == full_jid and one["state"] == "asleep" for one in sessions)
