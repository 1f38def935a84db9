"""Notifications that are owed when the server ends: after a crash each goes at least once,
otherwise never twice (docs/push-rules.md, R9); and none goes for an account that is gone."""
import asyncio
import unittest

from test_push_outages import OutageCase
from waiting import stays, until


class OwedNotifications(OutageCase):
    gateway_domain = "push.clarion.test"

    @classmethod
    def make_peers(cls, _):
        return []

    async def asyncSetUp(self):
        self.service = self.own_service()
        self.sender = await self.romeo()

    async def test_what_waits_survives_kill_9_of_clarion(self):
        """Both are down: what waited for the gateway goes when it is back, at least once."""
        phones = await self.two_phones(self.service)
        await self.both_back_off(self.service, phones, "before the crash")
        await self.write(phones, "newest")
        await self.clarion.killed_and_restarted()
        await self.assert_told_in_spite_of_it_all(phones)

    async def test_what_waits_survives_a_planned_restart(self):
        phones = await self.two_phones(self.service)
        await self.both_back_off(self.service, phones, "before the stop")
        await self.write(phones, "newest")
        self.assertEqual(await self.clarion.stopped_and_restarted(), 0)
        await self.assert_told_in_spite_of_it_all(phones)

    async def assert_told_in_spite_of_it_all(self, phones):
        gateway = self.gateway_process()
        await asyncio.to_thread(gateway.start)
        for phone in phones:
            await until(lambda: "newest" in gateway.bodies(phone.node),
                        f"{phone.node} is told in spite of it all", 20)
            self.assertIsNotNone(await self.registration(phone))
        await asyncio.to_thread(gateway.stop)

    async def test_unanswered_survives_kill_9(self):
        """The gateway may not have got it, for all that is known."""
        push = await self.scripted()
        push.holds = True
        phones = await self.two_phones(self.service)
        await self.write(phones, "newest")
        for phone in phones:
            await until(lambda: push.bodies(phone.node) == ["newest"], "it is published")
        await self.clarion.killed_and_restarted()
        await push.close()
        await self.assert_told_in_spite_of_it_all(phones)

    async def test_answered_is_not_repeated_after_a_planned_restart(self):
        """Not even if the server stops the moment the answer is in."""
        push = await self.scripted()
        phones = await self.two_phones(self.service)
        await self.write(phones, "newest")
        for phone in phones:
            await until(lambda: push.bodies(phone.node) == ["newest"], "it is published")
        await push.greet(self.clarion)  # the answers are in
        self.assertEqual(await self.clarion.stopped_and_restarted(), 0)
        await push.close()
        push = await self.scripted()
        self.sender = await self.romeo()
        await self.write(phones, "after")
        for phone in phones:
            await until(lambda: push.bodies(phone.node), "it is told what is new")
        await stays(lambda: all(push.bodies(phone.node) == ["after"] for phone in phones),
                    "something is repeated", 1.5)

    async def test_removed_during_the_outage(self):
        """By clarionctl: a registration, an account; and an account that is made again."""
        phones = [await self.away(self.service) for _ in range(3)]
        kept, registration, account = phones
        await self.both_back_off(self.service, phones, "newest")
        await self.clarion.ctl("push", "remove", registration.jid, registration.service)
        await self.clarion.ctl("user", "delete", account.jid)
        await self.clarion.add_user(account.name, "another")
        self.assertIsNone(await self.registration(account), "a new account has no devices")
        await self.write([account], "for the new one")
        gateway = self.gateway_process()
        await asyncio.to_thread(gateway.start)
        await self.assert_newest_arrives_once(gateway, [kept], before=0)
        self.assertEqual([one["node"] for one in gateway.published()], [kept.node])


if __name__ == "__main__":
    unittest.main()
