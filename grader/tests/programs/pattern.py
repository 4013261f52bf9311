"""A right answer to lab 1 in Python: connections are objects of their own, which both ends share.

It was written from `pattern-in-memory/docs/`, not from the Rust program: there, each peer has a set
of names.
"""

import re
import sys
from collections import deque

MOST_KEPT = 64


def say(*words):
    print(*words, flush=True)


class Peer:
    def __init__(self, name):
        self.name = name
        self.inbox = deque(maxlen=MOST_KEPT)
        self.received = 0

    def __str__(self):
        return self.name


class Story:
    """All peers, in the order of the script, and the connections between them."""

    def __init__(self):
        self.peers = {}
        self.connections = set()

    def pair(self, a, b):
        a, b = self.peers[a], self.peers[b]
        if a is b:
            say(a, "cannot be both ends of a connection")
        return a, b, frozenset((a, b))

    def peer(self, name):
        if name in self.peers:
            raise ValueError(f"{name} is there already")
        self.peers[name] = Peer(name)

    def connect(self, a, b):
        a, b, pair = self.pair(a, b)
        if pair in self.connections:
            say(a, "is already connected to", b)
        elif a is not b:
            say(a, "is establishing a connection with", b)
            say(b, "accepted connection with", a)
            self.connections.add(pair)
            say(b, "is now connected to", a)
            say(a, "is now connected to", b)

    def disconnect(self, a, b):
        a, b, pair = self.pair(a, b)
        if pair in self.connections:
            say(a, "is closing the connection with", b)
            self.connections.remove(pair)
            say(b, "is no longer connected to", a)
            say(a, "is no longer connected to", b)
        elif a is not b:
            say(a, "is not connected to", b)

    def send(self, a, b, text):
        a, b, pair = self.pair(a, b)
        if pair in self.connections:
            b.inbox.append((a, text))
            b.received += 1
            say(b, "received a message from", f"{a}: {text}")
        elif a is not b:
            say(a, "is not connected to", b)

    def broadcast(self, a, text):
        a = self.peers[a]
        others = [b for b in self.peers.values() if frozenset((a, b)) in self.connections]
        for b in others:
            self.send(a.name, b.name, text)
        if not others:
            say(a, "is connected to nobody")

    def inbox_of(self, a):
        a = self.peers[a]
        if a.received > MOST_KEPT:
            say(a, f"keeps the newest {MOST_KEPT} messages; forgotten: {a.received - MOST_KEPT}")
        for other, text in a.inbox:
            say(a, "has a message from", f"{other}: {text}")
        if not a.inbox:
            say(a, "has no messages")


NAME = r'\s+("[^"]+"|[^\s"]+)'
TEXT = r"\s+(\S.*)"
STEPS = [
    (rf"peer{NAME}", Story.peer),
    (rf"connect{NAME}{NAME}", Story.connect),
    (rf"send{NAME}{NAME}{TEXT}", Story.send),
    (rf"disconnect{NAME}{NAME}", Story.disconnect),
    (rf"broadcast{NAME}{TEXT}", Story.broadcast),
    (rf"inbox{NAME}", Story.inbox_of),
]


def tell(story, line):
    for form, step in STEPS:
        if words := re.fullmatch(rf"\s*{form}\s*", line):
            *names, last = words.groups()
            last = last if step in (Story.send, Story.broadcast) else last.strip('"')
            return step(story, *(name.strip('"') for name in names), last)
    if line.strip() and not line.strip().startswith("#"):
        raise ValueError(f"not a step: {line}")


assert sys.argv[1:] == ["--script", "-"], "usage: pattern.py --script -"
story = Story()
for line in sys.stdin:
    try:
        tell(story, line)
    except (KeyError, ValueError) as why:
        print("refused:", why, file=sys.stderr)
        sys.exit(2)
