"""Clarion's main job with the push gateway on an ejabberd: the same stories as in test_main_job.py.

    romeo --- Clarion ---> juliet's phone, asleep or away
                 |
                 +--- publish over S2S ---> push.ejabberd.test, a component of a real ejabberd
"""
import unittest

from federation_case import SECRET, FederationCase
from servers import Ejabberd
from test_main_job import PushStories
from waiting import until


class EjabberdCase(FederationCase):
    @classmethod
    def make_peers(cls, loopback):
        cls.ejabberd = Ejabberd(cls.directory, loopback, 2, "ejabberd.test")
        cls.ejabberd.components["push.ejabberd.test"] = SECRET
        return [cls.ejabberd]

    @classmethod
    def host_of(cls, server):
        # ejabberd asks the system for addresses of machines, which does not know ours: an SRV
        # record that names an address is taken as it is.
        return server.address if server is cls.clarion else super().host_of(server)


class PushToEjabberd(PushStories):
    gateway_domain = "push.ejabberd.test"

    @property
    def gateway_server(self):
        return self.ejabberd

    async def test_phone_that_is_away_is_told_what_a_desktop_reads(self):
        """The message is in the archive and on the desktop; the phone has no session at all."""
        romeo, phone = await self.romeo(self.clarion), await self.phone()
        desktop = await self.online(self.clarion, self.juliet, "desktop", stream_management=True)
        await phone.client.log_out()

        romeo.say(phone.jid, "To both of you")

        await desktop.hears("To both of you")
        await self.assert_pushed_once()
        await self.assert_nothing_more(self.push, 1)

    async def test_proof_on_both_streams(self):
        """The servers prove who they are the way this class is about, each to the other."""
        romeo, phone = await self.romeo(self.clarion), await self.phone()
        await phone.client.log_out()
        romeo.say(phone.jid, "Who goes there?")
        await self.assert_pushed_once()

        async def was_answered():
            registrations = await self.clarion.ctl_json("push", "list", phone.jid)
            return registrations[0]["last_success"] != "never"
        await until(was_answered, "the gateway's answer comes back")
        streams = [one for one in await self.clarion.ctl_json("s2s", "list")
                   if one["remote"] == self.gateway_domain]
        self.assertEqual({one["direction"] for one in streams}, {"in", "out"}, streams)
        self.assertEqual({one["authentication"] for one in streams}, {self.proof}, streams)


class PushToEjabberdByCertificates(PushToEjabberd, EjabberdCase):
    proof = "certificate"


class PushToEjabberdByDialback(PushToEjabberd, EjabberdCase):
    with_authority = False
    proof = "dialback"


if __name__ == "__main__":
    unittest.main()
