"""A name server that answers what an attacker wants, and the places it leads to."""
import multiprocessing
import select
import socket
import struct
import threading

A, SRV = 1, 33


class Trap:
    """A process with a name server, which leads everybody to one port, where it counts who comes.
    For `with`. `answers`: False: it takes questions and says nothing. `speak(connection)`: what is
    said at that port, in a thread for each connection."""

    def __init__(self, answers=True, speak=None):
        self._answers, self._speak = answers, speak
        self._questions, self._visits = multiprocessing.Value("q"), multiprocessing.Value("q")
        self._udp = socket.socket(type=socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", 0))
        self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._tcp = socket.socket()
        self._tcp.bind(("127.0.0.1", 0))
        self._tcp.listen(1000)
        self.dns = f"127.0.0.1:{self._udp.getsockname()[1]}"
        self._process = multiprocessing.Process(target=self._run, daemon=True)

    @property
    def questions(self):
        return self._questions.value

    @property
    def visits(self):
        return self._visits.value

    def __enter__(self):
        self._process.start()
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.join()
        self._udp.close()
        self._tcp.close()

    def _run(self):
        while True:
            ready, _, _ = select.select([self._udp, self._tcp], [], [])
            if self._udp in ready:
                question, who = self._udp.recvfrom(2048)
                self._questions.value += 1
                if self._answers:
                    self._udp.sendto(self._answer(question), who)
            if self._tcp in ready:
                connection, _ = self._tcp.accept()
                self._visits.value += 1
                if self._speak:
                    threading.Thread(target=self._speak, args=(connection,), daemon=True).start()
                else:
                    connection.close()

    def _answer(self, question):
        """Every name has the address 127.0.0.1, every service is at our port."""
        end = question.index(b"\0", 12) + 5
        kind = struct.unpack("!H", question[end - 4:end - 2])[0]
        name = question[12:end - 4]
        if kind == A:
            data = bytes((127, 0, 0, 1))
        elif kind == SRV and name.startswith(b"\x0c_xmpp-server"):
            data = struct.pack("!HHH", 0, 0, self._tcp.getsockname()[1]) + b"\x04trap\x04test\0"
        else:
            return question[:2] + b"\x81\x80" + question[4:6] + b"\0\0\0\0\0\0" + question[12:end]
        return (question[:2] + b"\x81\x80" + question[4:6] + b"\0\1\0\0\0\0" + question[12:end]
                + b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 1, len(data)) + data)
