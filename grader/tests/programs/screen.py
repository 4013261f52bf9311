"""The terminal of a Python program: text made harmless, lines on their way out, lines typed in.

A thread waits for the keyboard, and another one for a terminal that stands still (Ctrl-S): no event
loop can wait for every kind of stdin and stdout.
"""

import asyncio
import os
import sys
import threading
import unicodedata

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
FULL = 256  # lines that wait for the terminal
LAST_WORDS = 0.5  # seconds that the last lines may take


def acts(char):
    """Whether a terminal obeys this character."""
    return char in BIDI or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")


def clean(text):
    """The text, fit for a terminal; a tab stays."""
    stays = lambda char: char == "\t" or not acts(char)
    return "".join(char if stays(char) else "\N{REPLACEMENT CHARACTER}" for char in text)


def can_be_seen(text):
    return any(unicodedata.category(char)[0] not in "CZ" for char in text)


class Screen:
    """Lines on their way to the terminal. A line never stands on an open prompt."""

    def __init__(self, prompt, on_closed):
        self.prompt, self.on_closed = prompt, on_closed
        self.waiting = []
        self.has_work, self.has_room, self.is_empty = (asyncio.Event() for _ in range(3))
        self.has_room.set()
        self.is_asking = False

    def write(self, text):
        self.waiting.append(text.encode("utf-8", "replace"))
        self.has_work.set()
        self.is_empty.clear()
        if len(self.waiting) >= FULL:
            self.has_room.clear()

    def ask(self):
        if self.prompt and not self.is_asking:
            self.write(self.prompt)
            self.is_asking = True

    def show(self, line):
        was_asking, self.is_asking = self.is_asking, False
        self.write(f"\n{line}\n" if was_asking else f"{line}\n")

    async def room(self):
        while not self.has_room.is_set():
            await self.has_room.wait()

    async def run(self):
        loop = asyncio.get_running_loop()
        while True:
            await self.has_work.wait()
            self.has_work.clear()
            data, self.waiting = b"".join(self.waiting), []
            try:
                await loop.run_in_executor(None, write_all, data)
            except OSError:
                self.on_closed()
            self.has_room.set()
            if not self.waiting:
                self.is_empty.set()

    async def end(self, status, complaint=""):
        """Ends the program, though a thread may wait for a keyboard or for a terminal."""
        try:
            await asyncio.wait_for(self.is_empty.wait(), LAST_WORDS)
        except asyncio.TimeoutError:
            pass
        sys.stderr.write(complaint)
        sys.stderr.flush()
        os._exit(status)


def write_all(data):
    while data:
        data = data[os.write(1, data) :]


def keyboard():
    """What is typed, in lines, and None at its end."""
    typed = asyncio.Queue(1)
    loop = asyncio.get_running_loop()
    threading.Thread(target=read_keyboard, args=(loop, typed), daemon=True).start()
    return typed


def read_keyboard(loop, typed):
    def hand_over(line):
        asyncio.run_coroutine_threadsafe(typed.put(line), loop).result()

    rest = b""
    try:
        while sys.stdin and (data := os.read(0, 65536)):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                hand_over(line.decode("utf-8", "replace").rstrip("\r"))
    except OSError:
        pass
    if rest:
        hand_over(rest.decode("utf-8", "replace"))
    hand_over(None)
