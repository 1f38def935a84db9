"""Push gateways that cannot be reached, or say nothing, and come back (docs/push-rules.md, "Unreachable").

Asserted is what arrives at the gateway, and how often the server tried to reach it. Nobody has to
wait for the end of a back-off (30 s and more) here: a component that attaches, or a stream from its
domain, ends it.
"""
import asyncio
import unittest

from federation_case import SECRET
from gateway_case import GatewayCase
from test_push_ejabberd import EjabberdCase
from waiting import stays, until

ANSWER_TIMEOUT = 2  # seconds


class OutageCase(GatewayCase):
    options = GatewayCase.options + (f"max_errors = 3\nanswer_timeout = {ANSWER_TIMEOUT}\n"
                                     "restart_grace = 1\n")

    async def two_phones(self, service):
        """On different shards or not, as chance has it."""
        return [await self.away(service), await self.away(service)]

    async def write(self, phones, body):
        """Romeo writes to each; when this returns the server has handled it."""
        for phone in phones:
            self.sender.say(phone.jid, body)
        await self.sender.acknowledged()

    async def attempts(self, service):
        return (await self.stats(service))["failed_attempts"]

    async def assert_no_more_attempts(self, service, phones, during=2.0):
        """What is written during a back-off is kept, and nobody tries the service for it."""
        attempts, sent = await self.attempts(service), (await self.stats(service))["sent"]
        self.assertEqual(attempts, 1, "one for the whole server, whatever was outstanding")
        for number in range(4):
            await self.write(phones, f"kept {number}")
        await self.no_attempts_but(service, attempts, sent, during)
        await self.write(phones, "newest")
        await self.no_attempts_but(service, attempts, sent, 0.5)
        for phone in phones:
            self.assertTrue((await self.registration(phone))["waiting"], phone)

    async def no_attempts_but(self, service, attempts, sent, during):
        async def look():
            stats = await self.stats(service)
            return (stats["failed_attempts"], stats["sent"])
        end = asyncio.get_running_loop().time() + during
        while asyncio.get_running_loop().time() < end:
            self.assertEqual(await look(), (attempts, sent))
            await asyncio.sleep(0.1)

    async def both_back_off(self, service, phones, body):
        """Each shard that has one of the phones has seen for itself that nobody is there."""
        await self.write(phones, body)
        for phone in phones:
            async def waits():
                return (await self.registration(phone))["waiting"]
            await until(waits, f"the notification of {phone.jid} waits", ANSWER_TIMEOUT + 10)
        self.assertTrue(await self.is_backing_off(service))

    async def is_answered(self, phone):
        async def look():
            return (await self.registration(phone))["last_success"] != "never"
        await until(look, f"a publish for {phone.jid} is answered")

    async def assert_newest_arrives_once(self, gateway, phones, before):
        for phone in phones:
            await until(lambda: gateway.bodies(phone.node)[before:],
                        f"{phone.node} hears what it missed")
        await stays(lambda: all(gateway.bodies(phone.node)[before:] == ["newest"]
                                for phone in phones),
                    lambda: str([gateway.bodies(phone.node) for phone in phones]), 1.5)


class KilledGateway(OutageCase):
    """kill -9 of the gateway's process, a component of Clarion itself."""

    gateway_domain = "push.clarion.test"

    @classmethod
    def make_peers(cls, _):
        return []

    async def asyncSetUp(self):
        self.service = self.own_service()
        self.sender = await self.romeo()

    async def test_newest_of_each_arrives_once_when_it_is_back(self):
        gateway = self.gateway_process()
        await asyncio.to_thread(gateway.start)
        phones = await self.two_phones(self.service)
        await self.write(phones, "before")
        for phone in phones:
            await until(lambda: gateway.bodies(phone.node) == ["before"], "it works")

        gateway.kill()
        await self.both_back_off(self.service, phones, "during")
        await self.assert_no_more_attempts(self.service, phones)
        await asyncio.to_thread(gateway.start)

        await self.assert_newest_arrives_once(gateway, phones, before=1)
        for phone in phones:
            await self.counts(phone, 0)
            self.assertFalse((await self.registration(phone))["waiting"])
        await self.write(phones, "after")
        for phone in phones:
            await until(lambda: gateway.bodies(phone.node) == ["before", "newest", "after"],
                        lambda: str(gateway.bodies(phone.node)))

    async def test_gateway_that_was_never_there(self):
        """Clients may enable push before the gateway is up; more than max_errors of nothing."""
        phones = await self.two_phones(self.service)
        await self.both_back_off(self.service, phones, "nobody is there")
        await self.assert_no_more_attempts(self.service, phones)
        gateway = self.gateway_process()
        await asyncio.to_thread(gateway.start)
        await self.assert_newest_arrives_once(gateway, phones, before=0)

    async def test_many_attempts_disable_nothing(self):
        """Being away and back more often than max_errors allows errors in a row."""
        phone = await self.away(self.service)
        gateway = self.gateway_process()
        for turn in range(4):
            await self.both_back_off(self.service, [phone], "newest")
            await asyncio.to_thread(gateway.start)
            await until(lambda: len(gateway.bodies(phone.node)) == turn + 1, f"turn {turn}")
            await self.counts(phone, 0)
            gateway.kill()
        self.assertIsNotNone(await self.registration(phone))

    async def test_sleeping_phone_is_told_once_it_is_back(self):
        phone = await self.registered(self.service)
        await phone.settle()
        session, node = phone.session_id, f"node of {phone.boundjid.user}"
        await phone.cut()
        await until(lambda: self.clarion.is_asleep(phone.boundjid.full), "the phone sleeps")
        for body in "one", "two", "three":
            self.sender.say(phone.boundjid.bare, body)
            await self.sender.acknowledged()
            await until(self.waiting_for(phone), "its notification waits")

        gateway = self.gateway_process()
        await asyncio.to_thread(gateway.start)

        await until(lambda: gateway.bodies(node), "it is told")
        await phone.resume()
        self.assertEqual(phone.session_id, session)
        for body in "one", "two", "three":
            await phone.hears(body)
        await stays(lambda: len(gateway.bodies(node)) == 1, "it is told once", 1.5)

    def waiting_for(self, client):
        async def look():
            registrations = await self.clarion.ctl_json("push", "list", client.boundjid.bare)
            return registrations[0]["waiting"]
        return look

    async def test_disabled_during_the_outage(self):
        """What waits for a registration that is disabled never goes."""
        phones = await self.two_phones(self.service)
        await self.both_back_off(self.service, phones, "newest")
        client = await self.online(self.clarion, phones[0].name, "phone")
        await client.request("set", "<disable xmlns='urn:xmpp:push:0' "
                                    f"jid='{self.service}'/>")
        gateway = self.gateway_process()
        await asyncio.to_thread(gateway.start)
        await self.assert_newest_arrives_once(gateway, phones[1:], before=0)
        self.assertEqual(gateway.bodies(phones[0].node), [])


class SilentGateway(OutageCase):
    """It takes what is published and says nothing. A component of Clarion."""

    gateway_domain = "push.clarion.test"

    @classmethod
    def make_peers(cls, _):
        return []

    async def asyncSetUp(self):
        self.push = await self.scripted()
        self.service = self.own_service()
        self.sender = await self.romeo()

    async def test_one_unanswered_publish_is_nobodys_fault(self):
        """Others are answered meanwhile: the service is there."""
        phone, other = await self.two_phones(self.service)
        self.push.holds = True
        await self.write([phone], "never answered")
        await until(lambda: self.push.published, "it is published")
        self.push.holds = False

        async def given_up():
            await self.write([other], "answered")
            return (await self.stats(self.service))["unanswered"] == 1
        await until(given_up, "the first is given up", ANSWER_TIMEOUT + 10)

        self.assertEqual(await self.errors_of(phone), 0)
        self.assertEqual(await self.attempts(self.service), 0)
        await self.write([phone], "and on")
        await until(lambda: self.push.bodies(phone.node) == ["never answered", "and on"],
                    lambda: f"{self.push.bodies(phone.node)}")

    async def test_silence_is_an_outage(self):
        phones = await self.two_phones(self.service)
        self.push.holds = True
        await self.both_back_off(self.service, phones, "unheard")
        for phone in phones:
            self.assertEqual(await self.errors_of(phone), 1)
            self.assertEqual(self.push.bodies(phone.node), ["unheard"])
        await self.assert_no_more_attempts(self.service, phones)
        self.assertEqual(len(self.push.published), 2, "nothing went out for what was kept")

        for publish in self.push.published:
            self.push.answer(publish)  # too late: nothing is pending with that id
        await self.push.greet(self.clarion)  # after this the server has handled those
        self.assertTrue(await self.is_backing_off(self.service))

        await self.push.close()
        self.push = await self.scripted()
        await self.assert_newest_arrives_once(self.push, phones, before=0)
        for phone in phones:
            await self.counts(phone, 0)


class OutageBehindAnotherServer:
    """The gateway is a component of another server, reached by S2S. Told by OutageCases."""

    async def asyncSetUp(self):
        self.service = self.own_service()
        self.sender = await self.romeo()

    def s2s_attempts(self):
        """How often Clarion found that it cannot reach the gateway's domain."""
        return len(self.log_lines(" s2s unreachable ", f"remote={self.gateway_domain}"))

    async def streams(self):
        return [one for one in await self.clarion.ctl_json("s2s", "list")
                if one["remote"] == self.gateway_domain]

    async def test_server_in_front_of_it_is_killed(self):
        gateway = self.gateway_process(greets=self.clarion.domain)
        await asyncio.to_thread(gateway.start)
        phones = await self.two_phones(self.service)
        await self.write(phones, "before")
        for phone in phones:
            await until(lambda: gateway.bodies(phone.node) == ["before"], "it works")
            await self.is_answered(phone)

        self.gateway_server.kill()
        gateway.kill()

        async def no_streams():
            return not await self.streams()
        await until(no_streams, "the streams are gone")
        attempts = self.s2s_attempts()
        await self.both_back_off(self.service, phones, "during")
        self.assertEqual(self.s2s_attempts(), attempts + 1)
        await self.assert_no_more_attempts(self.service, phones)
        self.assertEqual(self.s2s_attempts(), attempts + 1, "nobody dialled for a publish")

        await asyncio.to_thread(self.gateway_server.start)
        await asyncio.to_thread(gateway.start)  # it greets: that is a stream from its domain

        await self.assert_newest_arrives_once(gateway, phones, before=1)
        for phone in phones:
            await self.counts(phone, 0)

    async def test_silence_until_there_is_a_stream_from_there(self):
        """What never said anything has no stream to here: its first one ends the back-off."""
        domain = f"silent.{self.gateway_server.domain}"
        service = f"app@{domain}"
        push = await self.scripted(domain)
        phones = await self.two_phones(service)
        push.holds = True
        await self.both_back_off(service, phones, "unheard")
        await self.assert_no_more_attempts(service, phones)
        self.assertEqual(len(push.published), 2, "nothing went out for what was kept")

        push.holds = False
        await push.greet(self.clarion)

        await self.assert_newest_arrives_once(push, phones, before=1)

    @classmethod
    def make_peers(cls, loopback):
        # It is push that must keep the server from dialling, not the pause of S2S.
        cls.clarion.s2s_options = 'retry_delay = "100ms"'
        peers = super().make_peers(loopback)
        peers[0].components[f"silent.{peers[0].domain}"] = SECRET
        return peers


class OutageBehindProsody(OutageBehindAnotherServer, OutageCase):
    async def test_gateway_process_behind_prosody_is_killed(self):
        """Prosody says so, with an error of type wait: an answer, which costs nothing."""
        gateway = self.gateway_process()
        await asyncio.to_thread(gateway.start)
        phones = await self.two_phones(self.service)
        await self.write(phones, "before")
        for phone in phones:
            await until(lambda: gateway.bodies(phone.node) == ["before"], "it works")
        gateway.kill()
        for number in range(4):  # more than max_errors
            await self.write(phones, f"lost {number}")

        async def all_answered():
            stats = await self.stats(self.service)
            return sum(stats["errors"].values()) == 8 and not stats["outstanding"]
        await until(all_answered, "Prosody answers for it")
        self.assertFalse(await self.is_backing_off(self.service))
        for phone in phones:
            self.assertEqual(await self.errors_of(phone), 0)

        await asyncio.to_thread(gateway.start)
        await self.write(phones, "after")
        for phone in phones:
            await until(lambda: gateway.bodies(phone.node) == ["before", "after"],
                        lambda: str(gateway.bodies(phone.node)))


class OutageBehindProsodyByDialback(OutageBehindProsody):
    with_authority = False

    # For dialback there is a stream from there to here at once, and it stays.
    test_silence_until_there_is_a_stream_from_there = None


class OutageBehindEjabberd(OutageBehindAnotherServer, EjabberdCase, OutageCase):
    gateway_domain = "push.ejabberd.test"
    gateway_server = property(lambda self: self.ejabberd)

    async def test_gateway_process_behind_ejabberd_is_killed(self):
        """ejabberd knows the domain no more: it answers nothing and ends the stream."""
        gateway = self.gateway_process()
        await asyncio.to_thread(gateway.start)
        phones = await self.two_phones(self.service)
        await self.write(phones, "before")
        for phone in phones:
            await until(lambda: gateway.bodies(phone.node) == ["before"], "it works")
            await self.is_answered(phone)
        gateway.kill()
        await self.both_back_off(self.service, phones, "unheard")
        await self.assert_no_more_attempts(self.service, phones)

        await asyncio.to_thread(gateway.start)
        # Whoever sends something there finds that the domain is back.
        self.sender.say(self.gateway_domain, "Anybody there?")

        await self.assert_newest_arrives_once(gateway, phones, before=1)


if __name__ == "__main__":
    unittest.main()
