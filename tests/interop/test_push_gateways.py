"""Gateways that are slow, refuse, or answer nonsense (docs/push-rules.md, "Answers and errors"), attached to
Clarion itself and to a Prosody behind S2S. What became of gateways that are not there at all is in
test_push_outages.py."""
import asyncio
import time
import unittest

from federation_case import SECRET
from gateway_case import GatewayCase
from waiting import stays, until

NOT_ACCEPTABLE = ("modify", "not-acceptable")
GONE = ("cancel", "gone")
UNKNOWN = ("cancel", "item-not-found")
WAIT = ("wait", "recipient-unavailable")

ONE_OF_EACH_TYPE = [("cancel", "service-unavailable"), ("modify", "bad-request"),
                    ("auth", "forbidden"), ("continue", "undefined-condition")]


class Answers:
    """Told by GatewayCases."""

    async def asyncSetUp(self):
        self.push = await self.scripted()
        self.service = self.own_service()
        self.sender = await self.romeo()

    async def told_of(self, phone, *bodies):
        """Romeo writes, one message after the other; each is published before the next is sent."""
        for body in bodies:
            self.sender.say(phone.jid, body)
            await until(lambda: body in self.push.bodies(phone.node),
                        f"{body!r} is published to {phone.node}")
        return self.push.published[-1]

    async def assert_never_told_of(self, phone, body, during=1.0):
        self.sender.say(phone.jid, body)
        await stays(lambda: body not in self.push.bodies(phone.node),
                    f"{body!r} is published", during)

    # --- slow -------------------------------------------------------------------------------

    async def test_slow_gateway_delays_and_repeats_nothing(self):
        """It answers after seconds: what comes later is published meanwhile."""
        phone, other = await self.away(self.service), await self.away(self.service)
        self.push.holds = True
        await self.told_of(phone, "one", "two", "three")
        await self.told_of(other, "another's")
        await stays(lambda: len(self.push.published) == 4, "something is repeated", 2.0)
        for publish in self.push.published:
            self.push.answer(publish)
        await self.told_of(phone, "four")
        self.assertEqual(self.push.bodies(phone.node), ["one", "two", "three", "four"])
        self.assertEqual(self.push.bodies(other.node), ["another's"])
        self.assertEqual(await self.errors_of(phone), 0)
        self.assertEqual((await self.stats(self.service))["failed_attempts"], 0)

    # --- refusals ---------------------------------------------------------------------------

    async def test_errors_of_each_type_but_wait_count(self):
        phone = await self.away(self.service)
        for number, error in enumerate(ONE_OF_EACH_TYPE[:3], 1):
            self.push.errors = [error, WAIT]
            await self.told_of(phone, f"refused {error[0]}", f"wait {number}")
            await self.counts(phone, number)
        shown = await self.clarion.ctl_json("push", "show", phone.jid)
        self.assertEqual((shown["node"], shown["errors"]), (phone.node, 3))

        self.push.errors = [ONE_OF_EACH_TYPE[3]]  # max_errors = 4
        await self.told_of(phone, "last")
        await self.loses_registration(phone)
        self.assertEqual(len(self.log_lines(" push disabled ", phone.jid)), 1)
        await self.assert_never_told_of(phone, "too late")

    async def test_result_in_between_starts_again(self):
        phone = await self.away(self.service)
        for turn in range(2):
            self.push.errors = [NOT_ACCEPTABLE] * 3
            await self.told_of(phone, *(f"{number} of {turn}" for number in range(3)))
            await self.counts(phone, 3)
            await self.told_of(phone, f"accepted {turn}")
            await self.counts(phone, 0)
        self.assertIsNotNone(await self.registration(phone))

    async def test_waiting_errors_never_count(self):
        phone = await self.away(self.service)
        self.push.errors = [WAIT] * 6
        await self.told_of(phone, *(f"try {number}" for number in range(6)))
        self.push.errors = [NOT_ACCEPTABLE]
        await self.told_of(phone, "refused")
        await self.counts(phone, 1)

    async def test_errors_of_one_account_cost_another_nothing(self):
        """Two people gave the same service the same node."""
        one = await self.away(self.service, "shared")
        other = await self.away(self.service, "shared")
        self.push.errors = [NOT_ACCEPTABLE] * 4
        await self.told_of(one, *(f"refused {number}" for number in range(4)))
        await self.loses_registration(one)
        self.assertEqual(await self.errors_of(other), 0)
        await self.told_of(other, "hers")
        await self.counts(other, 0)

    async def test_enabling_again_starts_again(self):
        phone = await self.away(self.service)
        self.push.errors = [NOT_ACCEPTABLE] * 3
        await self.told_of(phone, "one", "two", "three")
        await self.counts(phone, 3)
        again = await self.registered(self.service, name=phone.name)
        await self.counts(phone, 0)
        await again.log_out()
        self.push.errors = [NOT_ACCEPTABLE]
        await self.told_of(phone, "four")
        await self.counts(phone, 1)

    async def test_unknown_devices_are_kept_by_default(self):
        phone = await self.away(self.service)
        self.push.errors = [GONE, UNKNOWN]
        await self.told_of(phone, "one", "two")
        await self.counts(phone, 2)

    async def test_relayed_timeout_is_an_answer(self):
        """The gateway could not reach its vendor and says so as a server would: it is reached."""
        phone = await self.away(self.service)
        for type, errors in ("wait", 0), ("cancel", 1):
            self.push.errors = [(type, "remote-server-timeout")]
            await self.told_of(phone, f"relayed {type}")
            await self.counts(phone, errors)
            self.assertFalse(await self.is_backing_off(self.service))
        await self.told_of(phone, "and on")
        await self.counts(phone, 0)
        self.assertEqual((await self.stats(self.service))["failed_attempts"], 0)

    # --- answers that are none --------------------------------------------------------------

    async def test_answers_of_another_jid_there_are_ignored(self):
        phone = await self.away(self.service)
        self.push.holds = True
        publish = await self.told_of(phone, "one")
        for sender in self.gateway_domain, f"other@{self.gateway_domain}", self.service + "/x":
            self.push.answer(publish, NOT_ACCEPTABLE, sender=sender)
        self.push.answer(publish)  # had an error counted, this would come too late
        await self.answered(1)
        self.assertEqual(await self.errors_of(phone), 0)

        publish = await self.told_of(phone, "two")
        self.push.answer(publish, sender=f"other@{self.gateway_domain}")
        self.push.answer(publish, NOT_ACCEPTABLE)  # likewise, had the result
        await self.counts(phone, 1)

    async def test_answers_of_another_domain_are_ignored(self):
        stranger = await self.scripted(self.gateway_domain.replace("push.", "other."))
        phone = await self.away(self.service)
        self.push.holds = True
        for error, right in (NOT_ACCEPTABLE, None), (None, NOT_ACCEPTABLE):
            publish = await self.told_of(phone, f"one that gets {right}")
            stranger.answer(publish, error, sender=stranger.domain)
            await stranger.greet(self.clarion)
            self.push.answer(publish, right)
            await self.answered(1 if right is None else 2)
        self.assertEqual(await self.errors_of(phone), 1)
        publish = await self.told_of(phone, "one that a liar answers")
        stranger.answer(publish, NOT_ACCEPTABLE, sender=self.service)
        await until(lambda: not stranger.is_connected(), "the liar is cut off")
        self.push.answer(publish)
        await self.counts(phone, 0)

    async def test_repeated_and_unasked_answers_are_ignored(self):
        phone = await self.away(self.service)
        self.push.holds = True
        publish = await self.told_of(phone, "one")
        self.push.answer(publish, NOT_ACCEPTABLE, id="nobody asked")
        for _ in range(6):
            self.push.answer(publish, NOT_ACCEPTABLE)
        self.push.answer(publish)
        publish = await self.told_of(phone, "two")
        self.push.answer(publish, NOT_ACCEPTABLE)
        await self.counts(phone, 2)
        await self.answered(2)

    async def answered(self, count):
        """The server has taken that many answers of this service for answers."""
        async def look():
            stats = await self.stats(self.service)
            return stats["answered"] + sum(stats["errors"].values()) == count
        await until(look, f"{count} answers count")

    # --- the service ends it ----------------------------------------------------------------

    async def test_service_ends_a_registration(self):
        """XEP-0357 section 8: only the service itself may, and only what it names."""
        phone = await self.away(self.service)
        await self.told_of(phone, "registered")
        domain = self.gateway_domain
        for sender in domain, f"other@{domain}", self.service + "/x":
            self.push.send_raw(affiliation_none(sender, phone, phone.node))
        self.push.send_raw(affiliation_none(self.service, phone, "another node"))
        self.push.send_raw(affiliation_none(self.service, phone, phone.node, "romeo@clarion.test"))
        await self.push.greet(self.clarion)
        await self.told_of(phone, "still registered")

        self.push.send_raw(affiliation_none(self.service, phone, phone.node))
        await self.loses_registration(phone)
        await self.assert_never_told_of(phone, "not any more")


def affiliation_none(sender, phone, node, whose=None):
    return (f"<message from='{sender}' to='{phone.jid}'>"
            f"<pubsub xmlns='http://jabber.org/protocol/pubsub' node='{node}'>"
            f"<affiliation jid='{whose or phone.jid}' affiliation='none'/></pubsub></message>")


def about(publish):
    """The text of the message it is about."""
    return publish.summary.get("last-message-body")


class AnswersOverProsody(Answers, GatewayCase):
    options = GatewayCase.options + "max_errors = 4\nanswer_timeout = 300\n"

    @classmethod
    def make_peers(cls, loopback):
        peers = super().make_peers(loopback)
        cls.prosody.components["other.prosody.test"] = SECRET
        return peers


class AnswersOfOwnComponent(Answers, GatewayCase):
    options = AnswersOverProsody.options
    gateway_domain = "push.clarion.test"

    @classmethod
    def make_peers(cls, _):
        cls.clarion.components["other.clarion.test"] = SECRET
        return []



class LosingARegistration(GatewayCase):
    """What an error answer may cost, with the options that make it quick."""

    gateway_domain = "push.clarion.test"
    hibernation_time = 4
    options = (GatewayCase.options + "max_errors = 2\ngone_disables_at_once = true\n"
               f"coalesce_time = 0\n[smacks]\nhibernation_time = {hibernation_time}\n")

    @classmethod
    def make_peers(cls, _):
        return []

    async def asyncSetUp(self):
        self.push = await self.scripted()
        self.service = self.own_service()
        self.sender = await self.romeo()

    async def test_gone_costs_it_at_once_if_configured(self):
        for error in GONE, UNKNOWN:
            phone = await self.away(self.service)
            self.push.errors = [error]
            self.sender.say(phone.jid, f"answered with {error[1]}")
            await self.loses_registration(phone)
            self.assertEqual(len(self.log_lines(" push disabled ", phone.jid)), 1)
        phone = await self.away(self.service)
        self.push.errors = [("cancel", "forbidden")]
        self.sender.say(phone.jid, "answered with forbidden")
        await self.counts(phone, 1)

    async def test_errors_survive_kill_9(self):
        phone = await self.away(self.service)
        self.push.errors = [NOT_ACCEPTABLE]
        self.sender.say(phone.jid, "one")
        await self.counts(phone, 1)
        self.push.errors = [WAIT]
        self.sender.say(phone.jid, "stored after that error")
        await self.sender.acknowledged()

        await self.clarion.killed_and_restarted()

        # What it had not yet noted as answered may come once more: that must not count.
        await self.push.close()
        self.push = await self.scripted(
            error_for=lambda publish: NOT_ACCEPTABLE if about(publish) == "two" else WAIT)
        self.assertGreaterEqual(await self.errors_of(phone), 1)
        (await self.romeo()).say(phone.jid, "two")
        await self.loses_registration(phone)

    async def test_sleep_is_short_from_then_on(self):
        phone = await self.registered(self.service)
        await phone.settle()
        await phone.cut()
        await until(lambda: self.clarion.is_asleep(phone.boundjid.full), "the phone sleeps")
        await self.stays_asleep(phone, self.hibernation_time + 1)

        self.push.errors = [NOT_ACCEPTABLE] * 2
        for state in "composing", "paused":  # unimportant: they do not shorten its sleep
            self.sender.send_raw(f"<message to='{phone.boundjid.bare}' type='chat'><{state} "
                                 "xmlns='http://jabber.org/protocol/chatstates'/></message>")
        await self.push.gets(2)

        async def no_registration():
            return not await self.clarion.ctl_json("push", "list", phone.boundjid.bare)
        await until(no_registration, "it loses its registration")
        await self.stays_asleep(phone, self.hibernation_time / 2)

        async def ended():
            return not await self.clarion.is_asleep(phone.boundjid.full)
        await until(ended, "its session ends", self.hibernation_time + 5)

    async def stays_asleep(self, phone, during):
        end = time.monotonic() + during
        while time.monotonic() < end:
            self.assertTrue(await self.clarion.is_asleep(phone.boundjid.full))
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    unittest.main()
