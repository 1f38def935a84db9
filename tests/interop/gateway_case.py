"""What the tests of gateways that misbehave share: phones that are away, each with a registration
of its own, and a look at what the server thinks of them."""
import itertools
from dataclasses import dataclass

from clients import Client
from federation_case import PUBLISH_OPTIONS, SECRET, FederationCase
from scripted_gateways import GatewayProcess, ScriptedGateway
from waiting import until


@dataclass
class AwayPhone:
    """An account whose only device has logged out; `service` and `node` are its registration."""
    jid: str
    name: str
    service: str
    node: str


class GatewayCase(FederationCase):
    # Which message a notification is about can only be seen in its text.
    options = "[push]\nnotification_with_body = true\n"
    gateway_domain = "push.prosody.test"

    _services = itertools.count(1)

    @property
    def gateway_server(self):
        return self.prosody if self.gateway_domain.endswith("prosody.test") else self.clarion

    def own_service(self):
        """A service of this test alone: what the server thinks of another's does not matter."""
        return f"app{next(self._services)}@{self.gateway_domain}"

    async def scripted(self, domain=None, error_for=None):
        """`error_for` says which error answers a publish, or None; else its `errors` do."""
        domain = domain or self.gateway_domain
        gateway = ScriptedGateway(self.gateway_server, domain, SECRET,
                                  transcript=self.transcript)
        if error_for:
            gateway.error_for = error_for
        self.addAsyncCleanup(gateway.close)
        return await gateway.attach()

    def gateway_process(self, **options):
        process = GatewayProcess(self.directory, self.gateway_server, self.gateway_domain, SECRET,
                                 **options)
        self.addCleanup(process.stop)
        return process

    # --- phones -----------------------------------------------------------------------------

    async def registered(self, service, node=None, name=None) -> Client:
        """A phone, logged in."""
        name = name or await self.account(self.clarion, "juliet")
        client = await self.online(self.clarion, name, "phone", stream_management=True)
        await client.enable_push(service, node or f"node of {name}", PUBLISH_OPTIONS)
        return client

    async def away(self, service, node=None) -> AwayPhone:
        client = await self.registered(service, node)
        await client.log_out()
        name = client.boundjid.user
        return AwayPhone(client.boundjid.bare, name, service, node or f"node of {name}")

    async def romeo(self):
        return await self.online(self.clarion, await self.account(self.clarion, "romeo"),
                                 stream_management=True)

    # --- what the server thinks -------------------------------------------------------------

    async def registration(self, phone):
        """As `clarionctl push list` shows it, or None."""
        for one in await self.clarion.ctl_json("push", "list", phone.jid):
            if (one["service"], one["node"]) == (phone.service, phone.node):
                return one
        return None

    async def errors_of(self, phone):
        return (await self.registration(phone))["errors"]

    async def counts(self, phone, errors):
        async def look():
            return await self.errors_of(phone) == errors

        await until(look, f"{phone.jid} has {errors} errors")

    async def loses_registration(self, phone):
        async def gone():
            return await self.registration(phone) is None
        await until(gone, f"{phone.jid} loses its registration")

    async def stats(self, service):
        """Of one service, as `clarionctl push stats` shows it."""
        for one in await self.clarion.ctl_json("push", "stats"):
            if one["service"] == service:
                return one
        return None

    async def is_backing_off(self, service):
        return (await self.stats(service))["retry_in_seconds"] is not None

    async def backs_off(self, service, within=10.0):
        async def look():
            return await self.is_backing_off(service)
        await until(look, f"{service} counts as unreachable", within)

    def log_lines(self, *words):
        """Lines of Clarion's log with all these words."""
        return [line for line in self.clarion.log.read_text(errors="replace").splitlines()
                if all(word in line for word in words)]
