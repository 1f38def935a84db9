"""Clarion's main job: a phone that sleeps is woken through its vendor's push gateway on another
server, and finds its messages, once.

    romeo --- Clarion or Prosody ---> juliet's phone, asleep or away
                    |
                    +--- publish (XEP-0357) over S2S ---> push.prosody.test
"""
import unittest
from dataclasses import dataclass

from clients import DELAY, Client, Gateway
from federation_case import PUBLISH_OPTIONS, FederationCase
from waiting import until


@dataclass
class Phone:
    client: Client
    jid: str      # bare
    session: str  # id of its resumable session

    async def loses_its_connection(self, clarion):
        await self.client.settle()
        await self.client.cut()
        await until(lambda: clarion.is_asleep(self.client.boundjid.full), "the server notices it")


class PushStories:
    """Told by FederationCases; `gateway_server` and `gateway_domain` say where the gateway is."""

    gateway_domain = "push.prosody.test"

    @property
    def gateway_server(self):
        return self.prosody if self.gateway_domain.endswith("prosody.test") else self.clarion

    async def asyncSetUp(self):
        self.push = await self.gateway(self.gateway_server, self.gateway_domain)
        self.juliet = await self.account(self.clarion, "juliet")
        self.node = f"node of {self.juliet}"

    async def phone(self):
        """Juliet's phone: logged in with SCRAM over TLS, resumable, registered for push."""
        client = await self.online(self.clarion, self.juliet, "phone", stream_management=True)
        self.assertTrue(client.is_encrypted)
        self.assertIn("SCRAM-SHA-", client.mechanism)
        self.assertTrue(client.session_id)
        await client.enable_push(self.gateway_domain, self.node, PUBLISH_OPTIONS)
        return Phone(client, client.boundjid.bare, client.session_id)

    async def romeo(self, server):
        return await self.online(server, await self.account(server, "romeo"))

    async def assert_wakes_with(self, phone, *bodies):
        """The phone resumes the very session it had, and finds each message once, with its time."""
        await phone.client.resume()
        self.assertEqual(phone.client.session_id, phone.session)
        await self.assert_hears_once(phone.client, *bodies)

    async def assert_comes_back_to(self, *bodies):
        """Juliet logs in anew and finds each message once, with its time."""
        phone = await self.online(self.clarion, self.juliet, "phone", stream_management=True)
        await self.assert_hears_once(phone, *bodies)
        return phone

    async def assert_hears_once(self, client, *bodies):
        for body in bodies:
            message = await client.hears(body)
            self.assertIsNotNone(message.find(f"{DELAY}delay"), f"{body!r} says when it was sent")
        await client.settle()
        self.assertEqual([body for body in bodies if len(client.with_body(body)) != 1], [],
                         "each message comes once")

    async def assert_pushed_once(self, sender="clarion.test"):
        self.assert_correct_publish(await self.push.gets(1), node=self.node, sender=sender)

    async def answer_is_noted(self):
        """What is answered is not repeated after a crash; what is not yet, is (docs/push-rules.md, R9)."""
        async def look():
            registrations = await self.clarion.ctl_json("push", "list", f"{self.juliet}@clarion.test")
            return registrations[0]["last_success"] != "never"
        await until(look, "the answer of the push service is noted")

    # --- A: asleep --------------------------------------------------------------------------

    async def test_sleeping_phone_is_woken_and_resumes(self):
        romeo, phone = await self.romeo(self.clarion), await self.phone()
        await phone.loses_its_connection(self.clarion)

        romeo.say(phone.jid, "Art thou asleep?")

        await self.assert_pushed_once()
        await self.assert_wakes_with(phone, "Art thou asleep?")
        await self.assert_nothing_more(self.push, 1)

    async def test_message_in_the_moment_of_the_cut(self):
        """Whether the server writes it into the dead connection or queues it: the same outcome."""
        romeo, phone = await self.romeo(self.clarion), await self.phone()
        await phone.client.settle()
        romeo.say(phone.jid, "Stay!")
        await phone.client.cut()

        # The phone may have got it in time; then nothing needs to be pushed.
        if not phone.client.with_body("Stay!"):
            await self.assert_pushed_once()
        await phone.client.resume()
        await phone.client.hears("Stay!")
        await phone.client.settle()
        self.assertEqual(len(phone.client.with_body("Stay!")), 1)

    async def test_burst_wakes_the_phone_once(self):
        romeo, phone = await self.romeo(self.clarion), await self.phone()
        await phone.loses_its_connection(self.clarion)

        for line in range(5):
            romeo.say(phone.jid, f"line {line}")

        await self.assert_pushed_once()
        await self.assert_nothing_more(self.push, 1)
        await self.assert_wakes_with(phone, *(f"line {line}" for line in range(5)))

    async def test_awake_phone_is_left_alone(self):
        romeo, phone = await self.romeo(self.clarion), await self.phone()
        romeo.say(phone.jid, "Good morrow")
        await phone.client.hears("Good morrow")
        await phone.client.settle()
        await self.assert_nothing_more(self.push, 0)

    async def test_disabled_push_stays_quiet(self):
        romeo, phone = await self.romeo(self.clarion), await self.phone()
        await phone.client.request(
            "set", f"<disable xmlns='urn:xmpp:push:0' jid='{self.gateway_domain}'"
                   f" node='{self.node}'/>")
        await phone.loses_its_connection(self.clarion)
        romeo.say(phone.jid, "Hush")
        await self.assert_nothing_more(self.push, 0)
        await self.assert_wakes_with(phone, "Hush")

    # --- B: logged out ----------------------------------------------------------------------

    async def test_offline_phone_is_woken_and_finds_the_message(self):
        romeo, phone = await self.romeo(self.clarion), await self.phone()
        await phone.client.log_out()

        romeo.say(phone.jid, "Wherefore art thou?")

        await self.assert_pushed_once()
        await self.assert_comes_back_to("Wherefore art thou?")
        await self.assert_nothing_more(self.push, 1)


class PushStoriesAcrossServers(PushStories):
    """What needs the other server, or a restart."""

    # --- C: written on another server -------------------------------------------------------

    async def test_message_from_another_server_to_a_sleeping_phone(self):
        romeo, phone = await self.romeo(self.prosody), await self.phone()
        await phone.loses_its_connection(self.clarion)

        romeo.say(phone.jid, "From Mantua")

        await self.assert_pushed_once()
        await self.assert_wakes_with(phone, "From Mantua")
        await self.assert_nothing_more(self.push, 1)

    async def test_message_from_another_server_to_an_offline_phone(self):
        romeo, phone = await self.romeo(self.prosody), await self.phone()
        await phone.client.log_out()

        romeo.say(phone.jid, "From Mantua, late")

        await self.assert_pushed_once()
        await self.assert_comes_back_to("From Mantua, late")
        await self.assert_nothing_more(self.push, 1)

    # --- D: the server dies -----------------------------------------------------------------

    async def test_sleep_and_registration_survive_kill_9(self):
        romeo, phone = await self.romeo(self.clarion), await self.phone()
        await phone.loses_its_connection(self.clarion)
        romeo.say(phone.jid, "before the fall")
        await self.assert_pushed_once()

        await self.clarion.killed_and_restarted()

        romeo = await self.romeo(self.clarion)
        romeo.say(phone.jid, "after the fall")
        self.assert_correct_publish(await self.push.gets(2), node=self.node)
        await self.assert_wakes_with(phone, "before the fall", "after the fall")
        await self.assert_nothing_more(self.push, 2)

        await phone.loses_its_connection(self.clarion)
        romeo.say(phone.jid, "and again")
        self.assert_correct_publish(await self.push.gets(3), node=self.node)
        await self.assert_wakes_with(phone, "and again")

    async def test_offline_message_survives_kill_9(self):
        romeo, phone = await self.romeo(self.clarion), await self.phone()
        await phone.client.log_out()
        romeo.say(phone.jid, "keep this")
        await self.assert_pushed_once()
        await self.answer_is_noted()

        await self.clarion.killed_and_restarted()

        await self.assert_comes_back_to("keep this")
        await self.assert_nothing_more(self.push, 1)

    # --- E: the server is upgraded ----------------------------------------------------------

    async def test_live_and_sleeping_sessions_survive_a_planned_restart(self):
        phone = await self.phone()
        desktop = await self.online(self.clarion, self.juliet, "desktop", stream_management=True)
        desktop_session = desktop.session_id
        await phone.loses_its_connection(self.clarion)
        await desktop.settle()

        self.assertEqual(await self.clarion.stopped_and_restarted(), 0)

        await desktop.resume()
        self.assertEqual(desktop.session_id, desktop_session)
        desktop.say(phone.client.boundjid.full, "we are back")
        self.assert_correct_publish(await self.push.gets(1), node=self.node)
        await self.assert_wakes_with(phone, "we are back")
        await self.assert_nothing_more(self.push, 1)

    # --- the administrator ------------------------------------------------------------------

    async def test_administrator_sees_and_tests_push(self):
        phone = await self.phone()
        registrations = await self.clarion.ctl_json("push", "list", phone.jid)
        self.assertEqual([(one["service"], one["node"]) for one in registrations],
                         [(self.gateway_domain, self.node)])
        steps = await self.clarion.ctl("push", "test", phone.jid)
        self.assertIn("result", steps)
        self.assertEqual((await self.push.gets(1)).node, self.node)
        await self.clarion.ctl("push", "ping", phone.jid)
        self.assertEqual((await self.push.gets(2)).node, self.node)

    # --- the gateway's answers --------------------------------------------------------------

    async def test_gateway_that_refuses_is_still_told(self):
        """One refusal does not cost the registration (push.max_errors)."""
        romeo, phone = await self.romeo(self.clarion), await self.phone()
        self.push.refuse_with = ("cancel", "item-not-found")
        await phone.client.log_out()
        romeo.say(phone.jid, "one")
        await self.push.gets(1)
        self.push.refuse_with = None
        romeo.say(phone.jid, "two")
        self.assert_correct_publish(await self.push.gets(2), node=self.node)


class PushOverCertificates(PushStoriesAcrossServers, FederationCase):
    with_authority = True


class PushOverDialback(PushStoriesAcrossServers, FederationCase):
    with_authority = False


class PushToOwnComponent(PushStories, FederationCase):
    gateway_domain = "push.clarion.test"


if __name__ == "__main__":
    unittest.main()
