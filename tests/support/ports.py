"""Ports on which a test lets something listen.

They lie below those that the system gives to outgoing connections: a suite beside this one may open
thousands of these between the moment a port is found free and the moment a server listens on it.
"""
import random
import socket
from pathlib import Path

FIRST = 10000


def _end():
    """The first of those for outgoing connections."""
    usual = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    return usual if usual > FIRST + 1000 else 32768


def free_ports(count):
    """So many, no two the same."""
    found, end, lots = [], _end(), random.SystemRandom()
    while len(found) < count:
        port = lots.randrange(FIRST, end)
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


def free_port():
    return free_ports(1)[0]
