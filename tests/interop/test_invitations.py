"""slixmpp makes an invitation with its own ad-hoc commands (XEP-0401), registers with one where nobody may otherwise
(XEP-0445 and its own XEP-0077), and Prosody's users become contacts by one (XEP-0379)."""
import re
import unittest
import xml.etree.ElementTree as ET

from slixmpp.exceptions import IqError

from clients import Client
from federation_case import PASSWORD, FederationCase
from waiting import until

INVITE = "urn:xmpp:invite#invite"
PREAUTH = "{urn:xmpp:pars:0}preauth"
ROSTER = "{jabber:iq:roster}"


def preauth(token):
    return ET.Element(PREAUTH, {"token": token})


class Newcomer(Client):
    """Registers before it logs in, with the token, under the first of these names that it gets."""

    def __init__(self, *arguments, token, names, **options):
        super().__init__(*arguments, **options)
        self.register_plugin("xep_0077", {"create_account": False})
        self.register_feature("register", self._on_register, restart=False, order=50)
        self._token, self._names = token, list(names)
        self.refused = []

    async def _on_register(self, _features):
        if not self._names:
            return False
        self._always_send_everything = True  # slixmpp keeps stanzas back until there is a session
        iq = self.make_iq_set()
        iq["to"] = self._server.domain
        iq.xml.append(preauth(self._token))
        try:
            await iq.send(timeout=10)
            await self["xep_0077"].get_registration(self._server.domain)
        except IqError as error:
            self._names.clear()
            self.refused.append(error.condition)
        while self._names:
            iq = self.make_iq_set()
            iq.enable("register")
            iq["register"]["username"] = self._names.pop(0)
            iq["register"]["password"] = PASSWORD
            try:
                await iq.send(timeout=10)
                self._names.clear()
            except IqError as error:
                self.refused.append(error.condition)
        self._always_send_everything = False
        return False


class Invitations(FederationCase):
    options = "[invitations]\nusers_may_invite_accounts = true\n"

    async def asyncSetUp(self):
        self.name = await self.account(self.clarion, "romeo")
        self.romeo = await self.online(self.clarion, self.name, "orchard")
        self.romeo.register_plugin("xep_0050")

    async def invite(self):
        """The token of a new invitation."""
        result = await self.romeo["xep_0050"].send_command("clarion.test", INVITE)
        self.assertEqual(result["command"]["status"], "completed")
        form = result["command"]["form"]
        values = form.get_values()
        self.assertEqual(values["FORM_TYPE"], ["urn:xmpp:invite#invitation"])
        self.assertRegex(values["expire"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        found = re.fullmatch(rf"xmpp:{self.name}@clarion\.test\?roster;preauth=([a-z0-9]+);ibr=y", values["uri"])
        self.assertTrue(found, values["uri"])
        return found[1]

    async def newcomer(self, name, token, *more_names):
        client = Newcomer(self.clarion, name, PASSWORD, "first", transcript=self.transcript, token=token,
                          names=[*more_names, name], trusted=self.trusted_by_clients["clarion.test"])
        self.addAsyncCleanup(client.close)
        return client

    async def subscription(self, client, contact):
        roster = await client.request("get", "<query xmlns='jabber:iq:roster'/>")
        for item in roster.iter(f"{ROSTER}item"):
            if item.get("jid") == contact:
                return item.get("subscription")
        return None

    async def test_an_account_by_invitation(self):
        token = await self.invite()
        juliet = await self.newcomer(f"{self.name}s-juliet", token, self.name)
        await juliet.login()
        self.assertEqual(juliet.refused, ["conflict"], "a name that is taken uses nothing up")
        self.assertEqual(await self.subscription(juliet, f"{self.name}@clarion.test"), "both")
        juliet.come_online()
        await self.romeo.sees_presence(juliet.boundjid.bare)
        late = await self.newcomer(f"{self.name}s-nurse", token)
        with self.assertRaises(Exception):
            await late.login()
        self.assertEqual(late.refused, ["item-not-found"])

    async def test_a_contact_at_another_server(self):
        token = await self.invite()
        juliet = await self.online(self.prosody, await self.account(self.prosody, "juliet"), "balcony")
        for kind in "subscribed", "subscribe":  # she agrees in advance (RFC 6121, 3.4)
            presence = juliet.make_presence(pto=self.romeo.boundjid.bare, ptype=kind)
            if kind == "subscribe":
                presence.xml.append(preauth(token))
            presence.send()
        await juliet.sees_presence(self.romeo.boundjid.bare)
        await self.romeo.sees_presence(juliet.boundjid.bare)
        self.assertEqual(await self.subscription(juliet, self.romeo.boundjid.bare), "both")
        self.assertEqual(await self.subscription(self.romeo, juliet.boundjid.bare), "both")
        self.assertFalse([one for one in self.romeo.presences if one.get("type") == "subscribe"])

    async def test_a_wrong_token_is_a_request_like_any_other(self):
        juliet = await self.online(self.prosody, await self.account(self.prosody, "juliet"), "balcony")
        presence = juliet.make_presence(pto=self.romeo.boundjid.bare, ptype="subscribe")
        presence.xml.append(preauth("wrong"))
        presence.send()
        await until(lambda: [one for one in self.romeo.presences if one.get("type") == "subscribe"],
                    "Romeo is asked")
        for one in self.romeo.presences:
            self.assertIsNone(one.find(PREAUTH))


if __name__ == "__main__":
    unittest.main()
