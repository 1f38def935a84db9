"""Push gateways that do as they are told: one in the test's own process, one to be killed."""
import asyncio
import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

from clients import Gateway, Publish
from servers import Process

STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"


class ScriptedGateway(Gateway):
    """Answers each publish with a result, or with what `errors` holds for it, or not at all."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.holds = False  # it answers nothing by itself
        self.errors = []    # (type, condition) of the coming answers; None: a result

    def bodies(self, node):
        """last-message-body of what was published to that node, in order."""
        return [one.summary.get("last-message-body") for one in self.published
                if one.node == node]

    def answer(self, publish, error=None, *, sender=None, id=None):
        """An answer, also a wrong one. `error`: (type, condition)."""
        inner = ""
        if error:
            inner = f"<error type='{error[0]}'><{error[1]} xmlns='{STANZAS}'/></error>"
        self.send_raw(f"<iq type='{'error' if error else 'result'}'"
                      f" id='{id or publish.iq.get('id')}'"
                      f" from='{sender or publish.iq.get('to')}'"
                      f" to='{publish.iq.get('from')}'>{inner}</iq>")

    async def greet(self, server):
        """Asks the server something and waits for the answer: it has handled all we sent before,
        and if it is remote there is a stream from here to there."""
        iq = self.make_iq_get(ito=server.domain, ifrom=self.domain)
        iq["id"] = self.new_id()
        iq.append(ET.Element("{urn:xmpp:ping}ping"))
        await iq.send(timeout=10)

    def _on_publish(self, iq):
        publish = Publish(iq.xml, asyncio.get_event_loop().time())
        self.published.append(publish)
        if not self.holds:
            self.answer(publish, self.error_for(publish))

    def error_for(self, _publish):
        return self.errors.pop(0) if self.errors else None


class GatewayProcess(Process):
    """A gateway with a process of its own, to be killed. It answers each publish with a result."""

    def __init__(self, directory, server, domain, secret, greets=""):
        super().__init__(directory / f"{domain}.log")
        self._arguments = [server.address, server.component_port, domain, secret, greets]
        self._domain = domain

    def start(self):
        before = self._count("attached")
        self.launch([sys.executable, Path(__file__).resolve(), *self._arguments])
        self.wait_ready(lambda: self._count("attached") > before, self._domain)

    def published(self):
        """All that arrived since the first start, as dictionaries: to, node, body."""
        return [one for one in self._lines() if "node" in one]

    def bodies(self, node):
        return [one["body"] for one in self.published() if one["node"] == node]

    def _lines(self):
        try:
            text = self.log.read_text()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def _count(self, key):
        return sum(key in one for one in self._lines())


class _Telling(ScriptedGateway):
    """Says on standard output what it gets."""

    def _on_publish(self, iq):
        super()._on_publish(iq)
        publish = self.published[-1]
        tell(to=publish.iq.get("to"), node=publish.node,
             body=publish.summary.get("last-message-body"))


def tell(**what):
    print(json.dumps(what), flush=True)


async def run(address, port, domain, secret, greets):
    class Nobody:
        def line(self, *_):
            pass

    class Server:
        pass
    Server.address, Server.component_port, Server.domain = address, int(port), greets
    gateway = await _Telling(Server, domain, secret, transcript=Nobody()).attach()
    tell(attached=domain)
    if greets:
        await gateway.greet(Server)
        tell(greeted=greets)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
