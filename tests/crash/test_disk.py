"""Disks that are full, failing, slow, read-only, or hold a damaged file; the fault layer itself."""
import asyncio
import collections
import errno
import logging
import os
import random
import time
import unittest
import warnings

import crash_rounds
import power_cut
from client import Client, stanza_id
from server import DOMAIN, PATIENCE, Server

logging.getLogger("asyncio").setLevel(logging.ERROR)
NEEDS_LAYER = power_cut.usable()


class Talk:
    """One account writes to another; what came of each message."""

    def __init__(self, server):
        self.acked, self.errors, self.delivered = [], collections.defaultdict(list), []
        self.writer = Client("writer", server.port, self._on_error, self.acked.extend)
        self.reader = Client("reader", server.port, self._on_delivered, lambda records: None)
        self.written = 0

    def _on_error(self, element):
        if element.get("type") == "error":
            self.errors[element.find("error")[0].tag.partition("}")[2]].append(element.get("id"))

    def _on_delivered(self, element):
        self.delivered.append((element.get("id"), stanza_id(element, self.reader.jid)))

    async def begin(self):
        for client in (self.writer, self.reader):
            await client.log_in(lambda session: None)
            client.send("<presence/>")
            await client.sync()

    def write(self, count=1, size=0):
        names = []
        for _ in range(count):
            names.append(f"m{self.written}")
            self.written += 1
            self.writer.send(f"<message to='reader@{DOMAIN}' type='chat' id='{names[-1]}'>"
                             f"<body>{names[-1]}{'x' * size}</body></message>", names[-1])
        return names

    async def settled(self, within=20.0):
        """Everything written has been acknowledged, as handled or with an error before."""
        await self.writer.all_acked(within)
        await self.writer.sync()

    def refused(self):
        return [name for names in self.errors.values() for name in names]

    def kept(self):
        """Acknowledged, and no error came."""
        refused = set(self.refused())
        return [name for name in self.acked if name not in refused]

    async def archive_of(self, client):
        names, after = [], ""
        while True:
            page, complete = await client.archive_page(after)
            names += [element.get("id") for _, element in page]
            after = page[-1][0] if page else after
            if complete:
                return names


class DiskCase(unittest.IsolatedAsyncioTestCase):
    storage = ""

    def setUp(self):
        warnings.simplefilter("ignore", ResourceWarning)  # connections that a killed server had
        self.server = Server(storage=self.storage)
        self.addCleanup(self.server.remove)
        self.disk = None if NEEDS_LAYER else power_cut.Disk(self.server)
        self.server.start()
        self.server.add_accounts(["writer", "reader"])

    async def begin(self):
        self.talk = Talk(self.server)
        await self.talk.begin()
        return self.talk

    async def is_logged(self, text):
        """Lines are written a little later."""
        end = time.monotonic() + 5 * PATIENCE
        while text not in self.server.new_log():
            self.assertLess(time.monotonic(), end, f"'{text}' in:\n{self.server.new_log()}")
            await asyncio.sleep(0.01)

    # Each archive has a batch of its own. Where there is room for one of them only, a message is
    # refused although one archive has it.
    one_archive_may_have_refused = False

    async def check_archives(self):
        """Exactly what was acknowledged without an error is in both archives, in order."""
        talk = self.talk
        half_kept = set(talk.refused()) if self.one_archive_may_have_refused else set()
        both = half_kept.copy()
        for client in (talk.writer, talk.reader):
            names = await talk.archive_of(client)
            both &= set(names)
            self.assertEqual([name for name in names if name not in half_kept], talk.kept(),
                             client.name)
        self.assertEqual(both, set(), "refused, and in both archives")
        self.assertEqual(talk.writer.problems + talk.reader.problems, [])

    async def check_archives_after_a_crash(self):
        self.server.kill()
        for client in (self.talk.writer, self.talk.reader):
            await client.until(lambda: not client.connected, "the end is seen")
        self.server.start()
        await self.talk.begin()
        await self.check_archives()


@unittest.skipIf(NEEDS_LAYER, NEEDS_LAYER)
class FullOrFailing(DiskCase):
    async def meets(self, field, error, condition):
        """Trouble comes while the server runs, and goes again."""
        talk = await self.begin()
        before = talk.write(3)
        await talk.settled()
        setattr(self.disk, field, error)
        during = talk.write(5)
        await talk.settled()
        self.assertEqual(sorted(talk.refused()), during)
        # The recipient's batch may fail for want of the sender's, and be heard of first.
        self.assertLessEqual(set(talk.errors), {condition, "internal-server-error"})
        await self.is_logged(f"error shard commit-failed error={condition}")
        await self.is_logged(os.strerror(error))
        self.assertEqual(talk.kept(), before)
        setattr(self.disk, field, 0)
        after = talk.write(5)
        await talk.settled()
        self.assertEqual(talk.kept(), before + after)
        await self.check_archives()
        await self.check_archives_after_a_crash()

    async def test_full(self):
        await self.meets("write_errno", errno.ENOSPC, "resource-constraint")

    async def test_over_quota(self):
        await self.meets("write_errno", errno.EDQUOT, "resource-constraint")

    async def test_writes_fail(self):
        await self.meets("write_errno", errno.EIO, "internal-server-error")

    async def test_syncs_fail(self):
        await self.meets("sync_errno", errno.EIO, "internal-server-error")

    async def test_full_while_a_session_falls_asleep(self):
        """It cannot be written down; while the server lives nothing is lost all the same."""
        talk = await self.begin()
        talk.reader.answering = False
        received = talk.reader.received
        before = talk.write(3)
        await talk.settled()
        await talk.reader.sync()
        self.disk.write_errno = errno.ENOSPC
        talk.reader.cut()
        while not self.server.is_asleep("reader"):
            await asyncio.sleep(0.01)
        self.disk.write_errno = 0
        after = talk.write(5)
        await talk.settled()
        self.assertEqual(talk.errors, {})
        talk.delivered.clear()
        talk.reader.received = received  # as if they had been on their way when it was cut
        await talk.reader.resume()
        await talk.reader.sync()
        # What cannot be read is replaced by something that counts.
        names = [name for name, _ in talk.delivered if name is not None]
        self.assertEqual(names, before + after)
        await self.check_archives()

    async def test_a_failed_header_stops_writing_until_a_restart(self):
        """LMDB gives up then: nothing is acknowledged as kept, and a restart heals it."""
        talk = await self.begin()
        before = talk.write(3)
        await talk.settled()
        self.disk.header_errno = errno.EIO
        talk.write(3)
        await talk.settled()
        self.disk.header_errno = 0
        talk.write(3)
        await talk.settled()
        self.assertEqual(talk.kept(), before)
        await self.is_logged("error shard commit-failed")
        await self.check_archives_after_a_crash()

    def test_full_at_start(self):
        self.server.kill()
        self.disk.write_errno = errno.ENOSPC
        done = self.server.run()
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(os.strerror(errno.ENOSPC), done.stderr)
        self.disk.write_errno = 0
        self.server.start()
        self.assertEqual(len(self.server.ask("user/list", domain=DOMAIN)), 2)


class FullMap(DiskCase):
    storage = "map_size = 1048576"
    one_archive_may_have_refused = True

    async def test_refuses_and_grows_with_a_larger_option(self):
        talk = await self.begin()
        talk.write(150, size=10000)
        await talk.settled()
        self.assertGreater(len(talk.kept()), 20)
        self.assertGreater(len(talk.errors["resource-constraint"]), 20)
        self.assertLessEqual(set(talk.errors), {"resource-constraint", "internal-server-error"})
        await self.is_logged("MDB_MAP_FULL")
        await self.check_archives()
        self.server.configure(storage="map_size = 1073741824")
        await self.check_archives_after_a_crash()
        errors = len(talk.refused())
        talk.write(50, size=10000)
        await talk.settled()
        self.assertEqual(len(talk.refused()), errors)
        await self.check_archives()

    async def test_a_smaller_option_does_no_harm(self):
        self.server.kill()
        self.server.configure(storage="map_size = 1073741824")
        self.server.start()
        talk = await self.begin()
        talk.write(200, size=10000)
        await talk.settled()
        self.server.configure(storage="map_size = 1048576")
        await self.check_archives_after_a_crash()


class Unusable(DiskCase):
    """The server says what is wrong and touches nothing."""

    def setUp(self):
        super().setUp()
        asyncio.run(self.fill())
        self.server.terminate()
        self.server.wait()
        self.file = self.server.database / "data.mdb"
        self.good = self.file.read_bytes()

    async def fill(self):
        talk = await self.begin()
        talk.write(100, size=300)
        await talk.settled()

    def check_refused(self, *words, ways=([], ["--check"])):
        before = self.file.read_bytes()
        for arguments in ways:
            done = self.server.run(*arguments)
            self.assertEqual(done.returncode, 1, done.stderr)
            for word in (str(self.server.database), *words):
                self.assertIn(word, done.stderr)
            self.assertNotIn("terminate called", done.stderr)
        self.assertEqual(self.file.read_bytes(), before, "it was written to")

    def check_usable(self):
        self.file.write_bytes(self.good)
        self.server.start()
        self.assertEqual(len(self.server.ask("user/list", domain=DOMAIN)), 2)

    def test_empty(self):
        self.file.write_bytes(b"")
        self.check_refused("0 bytes", "backup")
        self.check_usable()

    def test_cut_off(self):
        chance = random.Random(4)
        pages = len(self.good) // 4096
        for size in (4096 * chance.randrange(3, pages - 1), 4096 * pages // 2 + 2048, 4096, 2000):
            with self.subTest(size=size):
                self.file.write_bytes(self.good[:size])
                self.check_refused("cut off", "backup")
        self.check_usable()

    def test_garbage(self):
        self.file.write_bytes(random.Random(5).randbytes(len(self.good)))
        self.check_refused("not a database")
        self.check_usable()

    def test_text(self):
        self.file.write_text("This is no database.\n" * 1000)
        self.check_refused("not a database")

    def test_a_directory_in_its_place(self):
        self.file.unlink()
        self.file.mkdir()
        done = self.server.run()
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(self.file), done.stderr)

    @unittest.skipIf(NEEDS_LAYER, NEEDS_LAYER)
    def test_read_only_file_system(self):
        self.disk.open_errno = errno.EROFS
        self.check_refused(os.strerror(errno.EROFS), ways=([],))  # --check only reads
        self.disk.open_errno = 0
        self.check_usable()

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_read_only_file(self):
        self.file.chmod(0o400)
        self.check_refused(os.strerror(errno.EACCES))

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_read_only_directory(self):
        (self.server.directory / "data").chmod(0o500)
        done = self.server.run()
        (self.server.directory / "data").chmod(0o700)
        self.assertEqual(done.returncode, 1)
        self.assertIn(os.strerror(errno.EACCES), done.stderr)


@unittest.skipIf(NEEDS_LAYER, NEEDS_LAYER)
class Slow(unittest.TestCase):
    """Injected fsync times: throughput does not depend on them, an answer to <r/> neither."""

    def measure(self, delay_ms, seconds):
        """Messages acknowledged per second, and the times from <r/> to <a/>, with 300 in flight."""
        warnings.simplefilter("ignore", ResourceWarning)
        world = crash_rounds.World(seed=delay_ms, power=True)
        self.addCleanup(world.server.remove)
        world.set_up()

        async def run():
            await world.everybody_back(must_resume=True)
            world.disk.sync_delay_us = delay_ms * 1000
            # The first commits wait in a queue of their own.
            tasks = [asyncio.create_task(sender.stream([reader]))
                     for sender, reader in zip(world.senders, world.recipients)]
            await asyncio.sleep(0.3)
            before, began = self.acked(world), time.monotonic()
            await asyncio.sleep(seconds)
            rate = (self.acked(world) - before) / (time.monotonic() - began)
            for actor in world.senders:
                actor.pause = True
            await asyncio.gather(*tasks)
            await world.settle()
            times = [t for actor in world.senders for t in actor.client.ack_times]
            world.kill()
            await world.all_lost()
            world.disk.sync_delay_us = 0
            world.crashed = True
            await world.restart("kill")
            await world.everybody_back(must_resume=False)
            await world.settle()
            await world.verify()
            self.assertEqual(world.problems, [])
            return rate, times
        return asyncio.run(run())

    @staticmethod
    def acked(world):
        return sum(message.acked for message in world.messages.values())

    def test_throughput_and_answers(self):
        rates = {}
        for delay in (0, 5, 200):
            # The better of two where they are compared: others use the machine too.
            seconds = [1.5, 1.5] if delay < 100 else [3]
            rates[delay], times = max(self.measure(delay, each) for each in seconds)
            times.sort()
            longest = times[-1]
            print(f"fsync +{delay} ms: {rates[delay]:.0f} messages/s acknowledged, answers to <r/> "
                  f"median {times[len(times) // 2] * 1000:.0f} ms, longest {longest * 1000:.0f} ms",
                  flush=True)
            # [smacks] ack_answer_limit is 1 s; a commit is two of the delays.
            self.assertLess(longest, 1.0 + 0.5 * PATIENCE)
        self.assertGreater(rates[5], rates[0] * 0.5)
        # 360 in flight, each commit takes 0.4 s: about 900/s if every commit takes all there is.
        self.assertGreater(rates[200], 200 / PATIENCE)


@unittest.skipIf(NEEDS_LAYER, NEEDS_LAYER)
class FaultLayer(unittest.TestCase):
    """Does it see what LMDB writes? Else the power cuts would prove nothing."""

    def power_cut_round(self, durability):
        warnings.simplefilter("ignore", ResourceWarning)
        world = crash_rounds.World(seed=7, power=True)
        self.addCleanup(world.server.remove)
        world.server.configure(durability=durability)
        world.keep = "dropped"
        world.set_up()
        self.assertGreater(world.disk.writes, 0)
        asyncio.run(world.round("kill"))
        return world

    def test_without_syncing_acknowledged_messages_are_lost(self):
        with self.assertRaisesRegex(crash_rounds.Failed, "LOST: .* was acknowledged"):
            self.power_cut_round("process")

    def test_with_syncing_none_is(self):
        world = self.power_cut_round("full")
        self.assertGreater(world.disk.syncs, 0)
        self.assertGreater(world.counts["writes synced"], 0)


class PowerCut(unittest.TestCase):
    """How the file after a power cut is made."""

    @staticmethod
    def journal(*records):
        return b"".join(power_cut.HEADER.pack(kind, offset, len(data)) + data
                        for kind, offset, data in records)

    def cut(self, base, journal, keep=None):
        return power_cut.after_power_cut(base, journal, random.Random(1), keep)[0]

    def test_synced_writes_are_there(self):
        journal = self.journal((b"W", 1, b"xy"), (b"S", 0, b""), (b"W", 0, b"zz"))
        self.assertEqual(self.cut(b"abc", journal, "dropped"), b"axy")
        self.assertEqual(self.cut(b"abc", journal, "kept"), b"zzy")

    def test_synchronous_writes_are_there_by_themselves(self):
        journal = self.journal((b"W", 0, b"x"), (b"D", 4, b"y"))
        self.assertEqual(self.cut(b"a", journal, "dropped"), b"a\0\0\0y")

    def test_a_torn_write_has_some_sectors(self):
        image = self.cut(bytes(4096), self.journal((b"W", 0, b"x" * 4096)), "torn")
        sectors = [image[i:i + 512] for i in range(0, 4096, 512)]
        self.assertEqual(set(sectors), {bytes(512), b"x" * 512})

    def test_a_journal_that_was_cut_off(self):
        journal = self.journal((b"W", 0, b"x"), (b"D", 0, b"yyyy"))
        for size in range(len(journal)):
            self.assertIn(self.cut(b"a", journal[:size], "kept"), (b"a", b"x"))


if __name__ == "__main__":
    unittest.main()
