"""slixmpp, a client library many bots and clients are built on, logs in to Clarion."""
import unittest

from clients import Client, Gateway, LoginFailed
from federation_case import PASSWORD, SECRET, FederationCase


class Login(FederationCase):
    async def asyncSetUp(self):
        self.name = await self.account(self.clarion, "juliet")

    async def test_scram_over_starttls(self):
        client = await self.online(self.clarion, self.name, "balcony")
        self.assertTrue(client.is_encrypted)
        self.assertIn("SCRAM-SHA-", client.mechanism)
        self.assertEqual(client.boundjid.full, f"{self.name}@clarion.test/balcony")

    async def test_wrong_password(self):
        client = await self.client(self.clarion, self.name, sasl_mech="SCRAM-SHA-256-PLUS")
        client.password = PASSWORD + "!"
        with self.assertRaises(LoginFailed) as caught:
            await client.login()
        self.assertEqual(str(caught.exception), "not-authorized")

    async def test_unknown_account_looks_like_a_wrong_password(self):
        client = await self.client(self.clarion, "nobody", sasl_mech="SCRAM-SHA-256-PLUS")
        with self.assertRaises(LoginFailed) as caught:
            await client.login()
        self.assertEqual(str(caught.exception), "not-authorized")

    async def test_account_disco_offers_push(self):
        client = await self.online(self.clarion, self.name)
        info = await client.request(
            "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>",
            to=client.boundjid.bare)
        features = {one.get("var") for one in
                    info.iter("{http://jabber.org/protocol/disco#info}feature")}
        self.assertIn("urn:xmpp:push:0", features)
        self.assertIn("urn:xmpp:mam:2", features)

    async def test_two_devices_of_one_account(self):
        phone = await self.online(self.clarion, self.name, "phone")
        desktop = await self.online(self.clarion, self.name, "desktop")
        await phone.sees_presence(phone.boundjid.bare)
        phone.say(desktop.boundjid.full, "copied from the phone")
        heard = await desktop.hears("copied from the phone")
        self.assertEqual(heard.get("from"), phone.boundjid.full)

    async def test_component_with_a_wrong_secret(self):
        gateway = Gateway(self.clarion, "push.clarion.test", SECRET + "!",
                          transcript=self.transcript)
        self.addAsyncCleanup(gateway.close)
        refused = gateway.wait_until("disconnected", 10)
        gateway.connect()
        await refused
        self.assertFalse(gateway.sessionstarted)


if __name__ == "__main__":
    unittest.main()
