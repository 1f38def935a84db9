#!/usr/bin/python3
"""Rounds of crashes with a room: what was said in it and acknowledged is in its archive and reaches all
who are in it, once, and nobody is seen to leave who did not.

    CLARIOND=... CLARIONCTL=... room_rounds.py [--rounds N] [--seed S] [--kind KIND] [--verbose]

README.md says what is checked."""
import asyncio
import collections
import sys

import crash_rounds
from client import Lost
from component import DOMAIN as FAR
from component import Component
from crash_rounds import Actor, Failed, World
from ledger import ARCHIVED
from server import DOMAIN, free_port

SERVICE = f"rooms.{DOMAIN}"
ROOM = f"hall@{SERVICE}"
MUC = "http://jabber.org/protocol/muc"
NAMES = [f"guest{i}" for i in range(8)]
# Two of another server, who talk too; nobody acknowledges what they say.
STRANGERS = ["mercutio", "benvolio"]
# How an occupant meets the crash: who is `away` has left the room, and reads what was said later.
ROLES = ["live", "live", "live", "asleep", "asleep", "asleep", "nap", "away"]

BODY = "body"


class Line:
    """What one occupant says to all, however often it is sent."""
    __slots__ = ("id", "sender", "seq", "kind", "acked", "unsure", "sleepers", "errors", "round")

    def __init__(self, sender, seq, sleepers, round_number):
        self.id = f"{sender.name}-{seq}"
        self.sender, self.seq, self.kind = sender, seq, ARCHIVED
        self.acked = False
        self.unsure = 0          # times it was sent with a fate nobody told: may be there already
        self.sleepers = sleepers  # known to be asleep when it was sent
        self.errors = []
        self.round = round_number

    def xml(self, sender=""):
        return (f"<message {sender}to='{ROOM}' type='groupchat' id='{self.id}'>"
                f"<body>{self.id}</body></message>")


def entry(nick, sender=""):
    return (f"<presence {sender}to='{ROOM}/{nick}'><x xmlns='{MUC}'><history maxstanzas='0'/></x>"
            "</presence>")


class Watcher:
    """What one occupant sees of the others' presence: nobody goes more often than they left."""

    def __init__(self, world, name):
        self._world, self._name = world, name
        self._seen = collections.Counter()

    def on_presence(self, element):
        room, _, nick = element.get("from").partition("/")
        if room != ROOM:
            return
        if element.get("type") == "error":
            self._world.problem(f"{self._name} may not be in the room as {nick}")
        if element.get("type") == "unavailable" and nick != self._name:
            self._seen[nick] += 1
            if self._seen[nick] > self._world.left[nick]:
                self._world.problem(f"{self._name} saw {nick} leave, who did not")


class Guest(Actor):
    """One account and its only device, in the room."""

    archive = ROOM

    def __init__(self, world, name):
        super().__init__(world, name)
        self.inbox.jid = ROOM  # whose archive ids count
        self.watcher = Watcher(world, name)
        self.client.on_presence = self.watcher.on_presence
        self.session = f"{self.client.jid}/{self.client.resource}"
        self.welcomed = False  # told the subject: the last of what who enters is told
        self.resumed = False   # a session, since the last check: it did not read the archive then

    def _on_message(self, element):
        if element.get("from").partition("/")[0] != ROOM:
            return
        if element.get("type") == "error" or element.find(BODY) is not None:
            return super()._on_message(element)
        if element.find("subject") is not None:
            self.welcomed = True
            self.client.moved.set()

    def _on_acked(self, lines):
        for line in lines:
            line.acked = True
            self.unacked.pop(line.id, None)
            for sleeper in line.sleepers:
                if sleeper.asleep and not sleeper.doubtful:
                    sleeper.proven = True

    def write(self, to, kind):
        line = self.world.say(self, self.seq)
        self.seq += 1
        self.unacked[line.id] = line
        self.sent_to_check.append(line)
        self.client.send(line.xml(), line)

    def kind_for(self, to):
        return ARCHIVED

    def is_incoming(self, element):
        return True

    async def log_in(self):
        self._all_unsure() if self.client.out else None
        await self.client.log_in(self.inbox.begin_session)
        self.client.send("<presence/>")
        await self.catch_up()

    async def _resume(self, must_resume):
        resumed = await super()._resume(must_resume)
        self.resumed = self.resumed or resumed
        return resumed

    async def catch_up(self):
        """Enters, and reads in the archive what was said meanwhile."""
        self.welcomed = False
        self.client.send(entry(self.name))
        await self.client.until(lambda: self.welcomed or not self.client.connected,
                                "it is told the subject")
        if not self.client.connected:
            raise Lost(self.name)
        await super().catch_up()

    async def leave(self):
        await self.client.all_acked()
        self.world.left[self.name] += 1
        await self.client.close()

    async def nap(self):
        """Loses its connection again and again, and takes the session up at once or not at all."""
        chance = self.world.random
        try:
            while True:
                await asyncio.sleep(chance.uniform(0.02, 0.25))
                self.client.cut()
                if chance.random() < 0.4:
                    return
                await asyncio.sleep(chance.uniform(0, 0.1))
                await self.come_back(must_resume=True)
        except Lost:
            pass


class Stranger:
    """A user of another server, in the room all the time."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.session = f"{name}@{FAR}/mask"
        self.watcher = Watcher(world, name)
        self.heard = collections.Counter()
        self.seq = 0

    def send(self, line_or_entry):
        self.world.far.send(line_or_entry)

    def enter(self):
        self.send(entry(self.name, f"from='{self.session}' "))

    def say(self):
        line = self.world.say(self, self.seq)
        self.seq += 1
        self.send(line.xml(f"from='{self.session}' "))
        return line

    def on_stanza(self, element):
        if element.tag == "presence":
            self.watcher.on_presence(element)
        elif element.get("type") == "error":
            self.world.problem(f"{element.get('id')} came back to {self.name}")
        elif element.find(BODY) is not None:
            self.heard[element.get("id")] += 1


class RoomWorld(World):
    def __init__(self, *arguments, **options):
        self.far_port = free_port()
        super().__init__(*arguments, **options)
        self.left = collections.Counter()  # how often each has left the room
        self.to_check = []
        self.crashed_rounds = set()

    @staticmethod
    def room_settings():
        return (f'[muc."{SERVICE}"]\nmessages_per_second = 0\npresence_per_second = 0\n'
                "joins_per_second = 0\npersistent_rooms = true\nlock_new_rooms = false\n")

    def settings(self):
        return Component.settings(self.far_port) + self.room_settings()

    def set_up(self):
        self.spawn()
        self.server.wait_ready()
        self.server.add_accounts(NAMES)
        if self.disk:  # what follows is the base of the first cut
            self.server.terminate()
            self.server.wait()
            self.spawn()
            self.server.wait_ready()
        self.actors = [Guest(self, name) for name in NAMES]
        self.strangers = [Stranger(self, name) for name in STRANGERS]

    def say(self, sender, seq):
        sleepers = [actor for actor in self.actors if actor.asleep]
        line = Line(sender, seq, sleepers, self.round_number)
        self.messages[line.id] = line
        self.to_check.append(line)
        return line

    # --- those of the other server --------------------------------------------------------------

    def _on_far(self, element):
        for stranger in self.strangers:
            if element.get("to") == stranger.session:
                stranger.on_stanza(element)

    async def everybody_back(self, must_resume):
        """The other server first: who comes back asks nothing of it, but who speaks does."""
        begins = self.round_number == 1 and not self.left["everybody"]
        if begins:
            self.far = Component(self.far_port, self._on_far)
        if not self.far.connected:
            await self.far.attach()
        await super().everybody_back(must_resume)
        if begins:
            self.left["everybody"] = 1
            for stranger in self.strangers:
                stranger.enter()
            await self.strangers_hear("the room is open")

    async def strangers_hear(self, why):
        """Each says something, and both hear it: they are in the room."""
        lines = [stranger.say() for stranger in self.strangers]
        await self.far.until(
            lambda: all(stranger.heard[line.id] for stranger in self.strangers for line in lines),
            f"those of the other server hear each other: {why}")

    # --- one round ------------------------------------------------------------------------------

    async def prepare(self):
        await self.everybody_back(must_resume=True)  # the first time: logs in
        roles = list(ROLES)
        self.random.shuffle(roles)
        for actor, role in zip(self.actors, roles):
            if not actor.asleep:  # those who sleep through several rounds
                actor.role = role
        for actor in self.actors:  # who sleeps from now on hears of who leaves
            if actor.role == "away":
                await actor.leave()
        await asyncio.gather(*(self.take_role(actor) for actor in self.actors
                               if actor.role == "asleep"))

    def tasks_of_a_round(self):
        tasks = [self.strangers_talk()]
        for actor in self.actors:
            if actor.role == "live":
                tasks.append(actor.stream([None]))
            if actor.role == "nap":
                tasks.append(actor.nap())
        return tasks

    async def strangers_talk(self):
        try:
            while self.far.connected:
                self.random.choice(self.strangers).say()
                await asyncio.sleep(0.01)
        except Lost:
            pass

    async def settle(self):
        await self.strangers_hear("the crash is over")
        await super().settle()

    async def all_lost(self):
        await super().all_lost()
        await self.far.until(lambda: not self.far.connected, "the component's connection is gone")

    # --- what must be true now ------------------------------------------------------------------

    async def verify(self):
        if self.crashed:
            self.crashed_rounds.add(self.round_number)
        for actor in self.actors:
            actor.to_check += self.to_check
        self.to_check = []
        await super().verify()
        self.check_occupants()
        self.check_strangers()

    def check_delivered(self, actor, copies):
        """The archive, and the queue of who sleeps, are on the disk one after the other; who speaks
        is acknowledged when both are. So of what nobody was acknowledged a crash may leave the
        first alone; if its sender can know that, it was sent again."""
        for line in actor.to_check:
            missing = [id for id in copies.get(line.id, []) if id not in actor.inbox.by_archive_id]
            if not missing:
                continue
            crashed = line.round in self.crashed_rounds and actor.resumed
            if crashed and line.unsure and line.id in actor.inbox.by_message:
                self.counts["sent again, the first only in the archive"] += len(missing)
            elif crashed and isinstance(line.sender, Stranger):
                self.counts["of another server, only in the archive"] += len(missing)
            else:
                self.problem(f"LOST: {line.id} (round {line.round}, archive ids {missing}) never "
                             f"reached {actor.name}")
                self.counts["lost"] += 1

    async def verify_actor(self, actor):
        await super().verify_actor(actor)
        actor.resumed = False

    def check_occupants(self):
        shown = self.server.ask("room/show", room=ROOM)
        found = {one["session"] for one in shown["occupants"]}
        expected = {one.session for one in [*self.actors, *self.strangers]}
        if found != expected:
            self.problem(f"in the room are {found - expected} too, and not {expected - found}")

    def check_strangers(self):
        for stranger in self.strangers:
            for name, times in stranger.heard.items():
                if name not in self.messages:
                    self.problem(f"{stranger.name} heard {name}, which nobody said")
                elif times > 1 + self.messages[name].unsure:
                    self.problem(f"{stranger.name} heard {name} {times} times")

    async def verify_all(self):
        """Everything, from the beginning."""
        await self.everybody_awake()
        await self.settle()
        await self.verify()
        copies = await self.read_archive(self.actors[0], "")
        self.check_archive(self.actors[0], list(self.messages.values()), copies, "the room's")
        for name in copies:
            if name not in self.messages:
                self.problem(f"{name} is in the room's archive and nobody said it")
        if self.problems:
            raise Failed("\n".join(self.problems[:40]))


if __name__ == "__main__":
    sys.exit(crash_rounds.main(RoomWorld, __doc__))
