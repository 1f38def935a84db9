#!/usr/bin/python3
"""Rounds of crashes on one data directory: nothing acknowledged is lost, nothing comes twice.

    CLARIOND=... CLARIONCTL=... crash_rounds.py [--rounds N] [--seed S] [--kind KIND] [--verbose]

README.md says what a round is and what is checked."""
import argparse
import asyncio
import collections
import logging
import random
import sys
import time

import power_cut
import wall_clock
from client import Client, Lost, Refused, UnknownId
from ledger import ARCHIVED, FLEETING, SPOOLED, Inbox, Message
from server import PATIENCE, NotReady, Server

PAIRS = 6
WINDOW = 60      # unacknowledged messages of one sender
BURST = 6
# How a recipient meets the crash. Shuffled among the recipients, so each round has most of them.
# One of `offline` or `nap` does it another way in half of the rounds: see WAYS.
ROLES = ["live", "asleep", "asleep", "nap", "offline", "offline-plain"]
WAYS = {"offline": "offline-asks", "nap": "rebind"}
# How a round ends. `resume`: killed a second time while everybody comes back; `start`: killed a
# second time while starting; `stop`: a planned stop; `stop-kill`: killed in the middle of one.
KINDS = ["kill", "kill", "kill", "resume", "resume", "start", "stop", "stop-kill"]
KILL_AFTER = (0.05, 0.5)


class Failed(Exception):
    """What went wrong in a round."""


class Actor:
    """One account: its only device, what it wrote, what it got."""

    archive = None  # whose it reads; None: its own

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.client = Client(name, world.server.port, self._on_message, self._on_acked)
        self.inbox = Inbox(name)
        self.role = "live"
        self.seq = 0
        self.unacked = {}        # id -> Message, in the order they were written
        self.to_check = []       # messages to us, not checked yet
        self.sent_to_check = []  # messages of ours, likewise
        self.verified = ""       # the archive was checked up to here
        self.asleep = False      # known to be, and nobody has tried to wake it since
        self.proven = False      # ... and something acknowledged after it: it must survive
        self.pause = False       # writes no more
        self.doubtful = False    # ... nothing was, and the server died: it may be gone
        self.was_refused = False  # a session of ours was not resumed, since the last check
        self.broken = False      # a stanza of ours ended the session: nobody can resume it
        self.reads_archive = True  # whenever it logged in since the last check

    # --- what the client hears ----------------------------------------------------------------

    def _on_message(self, element):
        if element.get("type") == "error":
            return self._on_error(element)
        self.inbox.on_stream(self.client, element, self.world.messages.get(element.get("id")))

    def _on_error(self, element):
        message = self.world.messages.get(element.get("id"))
        condition = element.find("error")[0].tag.partition("}")[2]
        if message is None or message.kind != FLEETING:
            self.world.problem(f"{element.get('id')} came back to {self.name} with {condition}")
        if message is not None:
            message.errors.append(condition)

    def _on_acked(self, messages):
        for message in messages:
            message.acked = True
            self.unacked.pop(message.id, None)
            if message.to_asleep and message.to.asleep and not message.to.doubtful:
                message.to.proven = True

    # --- writing ------------------------------------------------------------------------------

    def write(self, to, kind):
        message = Message(self, to, self.seq, kind, self.world.round_number)
        self.seq += 1
        message.to_asleep = to.asleep
        self.world.messages[message.id] = message
        self.unacked[message.id] = message
        to.to_check.append(message)
        self.sent_to_check.append(message)
        self.client.send(message.xml(), message)

    def kind_for(self, to):
        if self.seq % 8 == 3:
            return SPOOLED
        if self.seq % 8 == 6 and to.role in ("live", "asleep"):
            return FLEETING
        return ARCHIVED

    async def stream(self, targets):
        """Writes as fast as acknowledgements come, until the connection is gone, or `pause`."""
        self.pause = False
        try:
            while not self.pause:
                for _ in range(BURST):
                    to = self.world.random.choice(targets)
                    self.write(to, self.kind_for(to))
                self.client.ask_for_ack()
                await self.client.until(
                    lambda: len(self.client.out) < WINDOW or not self.client.connected,
                    "messages are acknowledged")
                await asyncio.sleep(0)
        except Lost:
            pass

    def send_again(self):
        """What the server did not acknowledge, in the order it was written."""
        for message in list(self.unacked.values()):
            self.client.send(message.xml(), message)

    # --- coming back --------------------------------------------------------------------------

    async def come_back(self, must_resume):
        """Resumes, or logs in anew. `must_resume`: there is no excuse for the server."""
        client = self.client
        must_resume = (must_resume and not self.doubtful and not self.broken) or self.proven
        if client.connected:
            return
        if client.sm_id and await self._resume(must_resume):
            if not self.inbox.caught_up:
                await self.catch_up()
                client.send("<presence/>")
        else:
            await self.log_in()
        self.doubtful = False
        await client.sync()
        self.inbox.is_online()
        self.role = "live"
        self.send_again()

    async def _resume(self, must_resume):
        client = self.client
        may_know = client.resume_sent and not must_resume
        self.proven = self.proven and not client.resume_sent
        try:
            self.asleep = False
            rest = await client.resume()
        except Refused as refused:
            self.was_refused = True
            self.world.counts["refused"] += 1
            if must_resume and not may_know:
                self.world.problem(f"{self.name} slept and could not resume: {refused.condition}")
            if refused.condition != "item-not-found":
                self.world.problem(f"{self.name}: <failed/> with {refused.condition}")
            self.world.counts["refused with h"] += refused.h is not None
            self._all_unsure()
            return False
        finally:
            if client.resume_sent:
                self.proven = False
        self.proven = False
        self.world.counts["resumed"] += 1
        # A record written before the last commits were known may count too little, never too much.
        if self.world.crashed:
            self._all_unsure()
        assert all(record in self.unacked.values() for record in rest)
        return True

    def _all_unsure(self):
        for message in self.unacked.values():
            message.unsure += 1

    async def log_in(self):
        self._all_unsure() if self.client.out else None
        await self.client.log_in(self.inbox.begin_session)
        self.broken = False
        if self.world.random.random() < 0.3:
            await self.client.burst()
            self.world.counts["bursts"] += 1
        if self.role == "offline-asks" and not self.was_refused:
            await self.ask_archive()
        elif self.role == "offline-plain":  # which does not know of archives
            self.reads_archive = False
        else:
            await self.catch_up()
        self.client.send("<presence/>")

    async def ask_archive(self):
        """Without catching up: how much there is, what was said with somebody, the newest few. What
        these did not bring comes with presence."""
        await self.client.newest_of_archive(0)
        await self.client.newest_of_archive(50, "nobody@crash.test")
        page = await self.client.newest_of_archive(self.world.random.choice([0, 3]))
        self.inbox.on_page(page, self.is_incoming, catching_up=False)
        self.world.counts["archive asked before presence"] += 1

    async def bind_again(self):
        """A new session of the same resource, which does not resume: what the old one was sent and
        did not acknowledge comes to it, though it does not ask the archive."""
        client = self.client
        self._all_unsure() if client.out else None
        client.cut()
        presence_at_once = self.world.random.random() < 0.5
        await client.log_in(self.inbox.begin_session)
        if not presence_at_once:
            await self.ask_archive()
        client.send("<presence/>")
        await client.sync()
        self.inbox.is_online()
        self.world.counts["bound again"] += 1

    async def be_refused(self):
        """A stanza of ours ends the stream, and the session with it: it is not sent again."""
        client = self.client
        self.broken = True
        await client.break_stream()
        try:
            await client.resume()
            self.world.problem(f"{self.name} resumed after a stanza that ended its stream")
        except Refused as refused:
            self.was_refused = True
            self.world.counts["ended by its own stanza"] += 1
            if refused.condition != "item-not-found" or client.out:
                self.world.problem(f"{self.name}: {refused.condition}, h={refused.h} after a stanza "
                                   f"that ended the stream; {len(client.out)} are not handled")
        await self.come_back(must_resume=False)

    async def catch_up(self):
        cursor = self.inbox.cursor
        while True:
            try:
                page, complete = await self.client.archive_page(cursor, of=self.archive)
            except UnknownId:
                # It was delivered, never committed, and the crash took it back: it will be sent
                # again. What we know for certain is what the archive itself gave us.
                self.world.counts["archive ids that the crash took back"] += 1
                if cursor == self.inbox.safe_cursor:
                    raise
                cursor = self.inbox.safe_cursor
                continue
            self.inbox.on_page(page, self.is_incoming)
            cursor = page[-1][0] if page else cursor
            if complete:
                break
        self.inbox.archive_was_read(cursor)

    def is_incoming(self, element):
        return element.get("from").partition("/")[0] != self.client.jid

    # --- going away ---------------------------------------------------------------------------

    async def fall_asleep(self):
        client = self.client
        client.answering = self.world.random.random() < 0.5  # else something is left unacknowledged
        client.cut()
        client.answering = True
        while not await asyncio.to_thread(self.world.server.is_asleep, self.name):
            await asyncio.sleep(0.005)
        self.asleep = True

    async def nap(self):
        """Loses its connection again and again, and comes back at once or not at all; or binds
        again and again."""
        chance = self.world.random
        rebinds = self.role == "rebind"
        try:
            while True:
                await asyncio.sleep(chance.uniform(*((0, 0.02) if rebinds else (0.02, 0.25))))
                if rebinds:
                    await (self.bind_again() if chance.random() < 0.8 else self.be_refused())
                    continue
                self.client.cut()
                if chance.random() < 0.4:
                    return
                await asyncio.sleep(chance.uniform(0, 0.1))
                await self.come_back(must_resume=True)
        except Lost:
            pass


class World:
    """`power`: whenever the server dies, the power goes too. `clock`: its calendar is set anew."""

    def __init__(self, seed, verbose=False, power=False, clock=False):
        self.random = random.Random(seed)
        self.verbose = verbose
        self.server = Server(self.settings(), **(wall_clock.SETTINGS if clock else {}))
        self.clock = wall_clock.WallClock(self.server, self.random) if clock else None
        self.disk = power_cut.Disk(self.server) if power else None
        self.keep = None  # what a power cut does to unsynced writes; None: anything
        self.messages = {}
        self.problems = []
        self.counts = collections.Counter()
        self.round_number = 0
        self.crashed = False  # since all was in order last: the server did not stop by itself
        self.actors = []

    def settings(self):
        """Of the server, beyond the usual."""
        return ""

    def problem(self, text):
        self.problems.append(text)

    def set_up(self):
        self.spawn()
        self.server.wait_ready()
        names = [f"{side}{i}" for i in range(PAIRS) for side in "ab"]
        self.server.add_accounts(names)
        if self.disk:  # what follows is the base of the first cut
            self.server.terminate()
            self.server.wait()
            self.spawn()
            self.server.wait_ready()
        self.actors = [Actor(self, name) for name in names]
        self.senders, self.recipients = self.actors[0::2], self.actors[1::2]

    # --- the server ---------------------------------------------------------------------------

    def spawn(self):
        if self.disk:
            self.disk.keep_journal()
        if self.clock:
            self.clock.step()
        self.server.spawn()

    def kill(self):
        self.server.kill()
        for actor in self.actors:
            actor.doubtful = actor.doubtful or not actor.proven
        self.cut_power()

    def cut_power(self):
        if self.disk:
            fates = self.disk.power_cut(self.random, self.keep)
            self.counts.update({f"writes {fate}": count for fate, count in fates.items()})

    # --- one round ----------------------------------------------------------------------------

    async def round(self, kind):
        self.round_number += 1
        began = time.monotonic()
        await self.prepare()
        killed_after = await self.stream_until_the_end(kind)
        await self.restart(kind)
        await self.everybody_back(must_resume=kind == "stop")
        await self.settle()
        await self.verify()
        self.crashed = False
        if self.verbose:
            print(f"round {self.round_number:3} {kind:9} after {killed_after * 1000:3.0f} ms, "
                  f"ready in {self.server.ready_times[-1] * 1000:4.0f} ms, "
                  f"{len(self.messages):6} messages, {time.monotonic() - began:.1f} s", flush=True)
        if self.problems:
            raise Failed("\n".join(self.problems[:40]))

    async def prepare(self):
        await self.everybody_back(must_resume=True)  # the first time: logs in
        roles = list(ROLES)
        self.random.shuffle(roles)
        for actor, role in zip(self.recipients, roles):
            if not actor.asleep:  # those who sleep through several rounds
                actor.role = WAYS[role] if role in WAYS and self.random.random() < 0.5 else role
        await asyncio.gather(*(self.take_role(actor) for actor in self.recipients))

    async def take_role(self, actor):
        if actor.role == "asleep" and not actor.asleep:
            await actor.client.all_acked()
            await actor.fall_asleep()
        elif actor.role.startswith("offline"):
            await actor.client.all_acked()
            await actor.client.close()

    def tasks_of_a_round(self):
        """What those who are awake do meanwhile, as coroutines."""
        tasks = []
        for i, sender in enumerate(self.senders):
            targets = [self.recipients[i], self.recipients[(i + 1) % PAIRS]]
            tasks.append(sender.stream(targets))
            if self.recipients[i].role == "live":
                tasks.append(self.recipients[i].stream([sender]))
            if self.recipients[i].role in ("nap", "rebind"):
                tasks.append(self.recipients[i].nap())
        return tasks

    async def stream_until_the_end(self, kind):
        tasks = [asyncio.create_task(one) for one in self.tasks_of_a_round()]
        after = self.random.uniform(*KILL_AFTER) * PATIENCE
        if self.clock:
            await asyncio.sleep(after / 2)
            self.clock.step()
        await asyncio.sleep(after / 2 if self.clock else after)
        self.crashed = kind != "stop"
        if kind.startswith("stop"):
            self.server.terminate()
            if kind == "stop":
                code = await asyncio.to_thread(self.server.wait)
                if code != 0:
                    self.problem(f"a planned stop ended with {code}")
                self.cut_power()
            else:
                await asyncio.sleep(self.random.uniform(0, 0.03) * PATIENCE)
                self.kill()
        else:
            self.kill()
        await asyncio.wait_for(asyncio.gather(*tasks), 30 * PATIENCE)
        await self.all_lost()
        return after

    async def all_lost(self):
        """Bytes that the kernel still had for us are read before the end is seen."""
        for actor in self.actors:
            await actor.client.until(lambda: not actor.client.connected, "the connection is gone")

    async def restart(self, kind):
        await asyncio.to_thread(self.spawn)
        if kind == "start":
            await asyncio.sleep(self.random.uniform(0, 0.15) * PATIENCE)
            await self.kill_and_start()
        await asyncio.to_thread(self.server.wait_ready)
        if kind == "resume":
            back = asyncio.create_task(self.everybody_back(must_resume=False))
            await asyncio.sleep(self.random.uniform(0, 0.1) * PATIENCE)
            await self.kill_and_start()
            await asyncio.to_thread(self.server.wait_ready)
            try:
                await back
            except Lost:
                pass

    async def kill_and_start(self):
        self.kill()
        await self.all_lost()
        await asyncio.to_thread(self.spawn)

    async def everybody_back(self, must_resume):
        """Some sleepers sleep on."""
        coming = [actor for actor in self.actors
                  if not (actor.asleep and actor.role == "asleep" and self.sleeps_on(actor))]
        results = await asyncio.gather(*(actor.come_back(must_resume and actor.client.sm_id
                                                         and not actor.client.resume_sent)
                                         for actor in coming), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def sleeps_on(self, actor):
        return self.random.random() < 0.3

    async def settle(self):
        """All that is written is acknowledged, and all that follows from it has arrived."""
        for actor in self.actors:
            if actor.client.connected:
                await actor.client.all_acked()
        for actor in self.actors:
            if actor.client.connected:
                await actor.client.sync()
            if actor.unacked:
                self.problem(f"{actor.name}: never acknowledged: {list(actor.unacked)[:5]}")

    # --- what must be true now ----------------------------------------------------------------

    async def verify(self):
        for actor in self.actors:
            self.problems += [f"{actor.name}: {text}" for text in actor.client.problems]
            self.problems += actor.inbox.problems
            actor.client.problems, actor.inbox.problems = [], []
        for actor in self.actors:
            if actor.client.connected:
                await self.verify_actor(actor)

    async def verify_actor(self, actor):
        copies = await self.read_archive(actor, actor.verified)
        self.check_archive(actor, actor.sent_to_check, copies, "the sender's")
        self.check_archive(actor, actor.to_check, copies, "the recipient's")
        self.check_delivered(actor, copies)
        actor.to_check, actor.sent_to_check = [], []
        actor.was_refused, actor.reads_archive = False, True

    async def read_archive(self, actor, after):
        """message id -> its archive ids, of all that came after `after`."""
        copies = collections.defaultdict(list)
        while True:
            page, complete = await actor.client.archive_page(after, of=actor.archive)
            for archive_id, element in page:
                copies[element.get("id")].append(archive_id)
            after = page[-1][0] if page else after
            if complete:
                break
        actor.verified = after
        return copies

    def check_archive(self, actor, messages, copies, whose):
        for message in messages:
            found = len(copies.get(message.id, []))
            if message.kind != ARCHIVED:
                if found:
                    self.problem(f"{message.id} ({message.kind}) is in {whose} archive")
            elif found == 0 and message.acked:
                self.problem(f"LOST: {message.id} (round {message.round}) was acknowledged and is "
                             f"not in {whose} archive")
                self.counts["lost"] += 1
            elif found > 1 + message.unsure:
                self.problem(f"DUPLICATE: {message.id} is {found} times in {whose} archive")
                self.counts["duplicates"] += 1
            if found > 1 and whose == "the recipient's":
                self.counts["sent again and kept twice"] += 1

    def check_delivered(self, actor, copies):
        inbox = actor.inbox
        for message in actor.to_check:
            for archive_id in copies.get(message.id, []):
                if archive_id in inbox.by_archive_id:
                    continue
                # Came to a client that was there again, and went with it before it was acknowledged; the
                # archive has it, which this client does not know, and its sender sent it again.
                if (not actor.reads_archive and message.unsure
                        and message.id in inbox.by_message):
                    self.counts["sent again, the first only in the archive"] += 1
                else:
                    self.problem(f"LOST: {message.id} (round {message.round}, archive id "
                                 f"{archive_id}) never reached {actor.name}")
                    self.counts["lost"] += 1
            times = len(inbox.by_message.get(message.id, []))
            kept = len(copies.get(message.id, []))
            # That none of them came twice was seen when it came.
            if len(inbox.copies.get(message.id, [])) > kept + message.unsure:
                self.problem(f"DUPLICATE: {message.id} reached {actor.name} {times} times")
                self.counts["duplicates"] += 1
            if message.kind == SPOOLED and times == 0:
                self.problem(f"LOST: {message.id} (round {message.round}, {message.kind}) was "
                             f"acknowledged and never reached {actor.name}")
                self.counts["lost"] += 1
            if message.kind == FLEETING and times == 0:
                if message.to_asleep and not actor.was_refused:
                    self.problem(f"LOST: {message.id} (round {message.round}, {message.kind}) was "
                                 f"acknowledged and not in the queue of {actor.name}, who slept")
                self.counts["fleeting, gone with the crash"] += 1
            if message.kind != ARCHIVED and times > 1:
                self.counts["unarchived, twice"] += 1

    async def verify_all(self):
        """Everything, from the beginning: nothing went missing later."""
        await self.everybody_awake()
        await self.settle()
        await self.verify()
        by_archive = collections.defaultdict(list)
        for message in self.messages.values():
            by_archive[message.sender].append(message)
            by_archive[message.to].append(message)
        for actor in self.actors:
            copies = await self.read_archive(actor, "")
            self.check_archive(actor, by_archive[actor], copies, actor.name + "'s")
            for name in copies:
                if name not in self.messages:
                    self.problem(f"{name} is in {actor.name}'s archive and nobody wrote it")
        if self.problems:
            raise Failed("\n".join(self.problems[:40]))

    async def everybody_awake(self):
        self.sleeps_on = lambda actor: False
        await self.everybody_back(must_resume=True)

    # --- telling ------------------------------------------------------------------------------

    def report(self):
        total = collections.Counter(self.counts)
        for actor in self.actors:
            total.update(actor.inbox.counts)
        acked = sum(message.acked for message in self.messages.values())
        unsure = sum(message.unsure > 0 for message in self.messages.values())
        ready = max(self.server.ready_times, default=0)
        print(f"{self.round_number} rounds: {len(self.messages)} messages, {acked} acknowledged, "
              f"{unsure} sent again because nobody knew; lost {self.counts['lost']}, duplicates "
              f"{self.counts['duplicates']}; ready within {ready:.2f} s")
        print(", ".join(f"{name}: {count}" for name, count in sorted(total.items())), flush=True)

    def tell_failure(self, error):
        print(f"FAILED in round {self.round_number}: {type(error).__name__}: {error}")
        transcript = self.server.directory / "transcript"
        transcript.write_text("\n".join(actor.client.tell(50000) for actor in self.actors))
        print(f"kept: {self.server.directory} (log, transcript, data)")
        print("end of the log:\n" + "\n".join(self.server.new_log().splitlines()[-15:]))


async def run(world, kinds):
    world.set_up()
    for kind in kinds:
        await world.round(kind)
    await world.verify_all()


def main(make_world, description):
    """`make_world`: as World is made."""
    arguments = argparse.ArgumentParser(description=description)
    arguments.add_argument("--rounds", type=int, default=12)
    arguments.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    arguments.add_argument("--kind", choices=sorted(set(KINDS)), help="only this kind of round")
    arguments.add_argument("--power", action="store_true",
                           help="with each kill the power goes: what was not synced may be lost")
    arguments.add_argument("--clock", action="store_true",
                           help="the calendar is set anew, while the server runs and in between")
    arguments.add_argument("--verbose", action="store_true")
    options = arguments.parse_args()
    print(f"seed {options.seed}", flush=True)
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it tells of each write after the end
    if options.power and power_cut.usable():
        print("skipped:", power_cut.usable())
        return 0
    if options.clock and wall_clock.usable():
        print("skipped:", wall_clock.usable())
        return 0
    world = make_world(options.seed, options.verbose, options.power, options.clock)
    kinds = [options.kind or KINDS[i % len(KINDS)] for i in range(options.rounds)]
    world.random.shuffle(kinds)
    began = time.monotonic()
    try:
        asyncio.run(run(world, kinds))
    except Exception as error:  # whatever it is: the directory and the transcript are wanted
        world.tell_failure(error)
        world.report()
        world.server.process.kill()
        if not isinstance(error, (Failed, NotReady, TimeoutError, Lost)):
            raise
        return 1
    world.report()
    print(f"{time.monotonic() - began:.1f} s")
    world.server.terminate()
    world.server.wait()
    world.server.remove()
    return 0


if __name__ == "__main__":
    sys.exit(main(World, __doc__))
