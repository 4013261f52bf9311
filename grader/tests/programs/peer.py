"""A right peer in Python: one event loop, and a task for each call.

It was written from the lab sheet, not from the Rust program, and differs wherever the sheet leaves
it free: what comes in lands behind an open prompt, which is then asked again; the results of a
broadcast are shown as they come; a dial may take 2 s; and refusals have words of their own.
"""

import asyncio
import os
import random
import re
import signal
import sys
import threading
import unicodedata

HOST = os.environ.get("P2P_HOST", "127.0.0.1")
BASE_PORT = int(os.environ.get("P2P_BASE_PORT", "9000"))
FRIENDS = {1, 2, 3, 4, 5}

CALLER_PATIENCE = 1.5  # seconds for a whole message
TURN_PATIENCE = 0.3  # seconds that a message waits for those of earlier callers
DIAL_PATIENCE = 2.0  # seconds until a peer accepts, and has the message
ANSWER_PATIENCE = 1.0  # seconds until a question is answered
GOODBYE_PATIENCE = 0.5  # seconds for all goodbyes
LONGEST = 100_000  # bytes of a message
MOST_ASKED = 200  # peers in one search
MOST_AT_ONCE = 32  # questions at the same moment
MOST_MARKS = 8
MARK = "[relayed] "


class TooLong(Exception):
    """A caller says more than a message may have."""


def clean(data):
    """The text in these bytes, without what a terminal obeys."""
    text = data.decode("utf-8", "replace")
    obeyed = (c != "\t" and unicodedata.category(c) == "Cc" for c in text)
    return "".join("\N{REPLACEMENT CHARACTER}" if bad else c for c, bad in zip(text, obeyed))


def port_of(peer):
    port = BASE_PORT + peer
    return port if 0 <= peer <= 65535 and port <= 65535 else None


async def read_all(reader):
    data = b""
    while piece := await reader.read(65536):
        data += piece
        if len(data) > LONGEST:
            raise TooLong
    return data


class Peer:
    def __init__(self, me):
        self.me = me
        self.known = FRIENDS | {me}
        self.prompt = ""  # the open one
        self.typed = asyncio.Queue()
        self.leaving = asyncio.Event()
        self.last_turn = asyncio.get_running_loop().create_future()
        self.last_turn.set_result(None)

    # The screen.

    def write(self, text):
        sys.stdout.write(text)
        sys.stdout.flush()

    def show(self, line):
        self.write(f"[PEER {self.me}] {line}\n{self.prompt}")

    async def ask(self, prompt):
        self.prompt = prompt
        self.write(prompt)
        line = await self.typed.get()
        self.prompt = ""
        if line is None:
            raise EOFError
        return line

    # Calls that come in.

    async def on_call(self, reader, writer):
        earlier, turn = self.last_turn, asyncio.get_running_loop().create_future()
        self.last_turn = turn
        caller = writer.get_extra_info("peername")
        try:
            data = await asyncio.wait_for(read_all(reader), CALLER_PATIENCE)
            await asyncio.wait([earlier], timeout=TURN_PATIENCE)
            self.on_message(caller, data, writer)
            writer.close()
        except (asyncio.TimeoutError, TooLong, OSError) as why:
            self.show(f"hung up on port {caller[1]}: {type(why).__name__}")
        finally:
            turn.set_result(None)
            if not writer.is_closing():
                writer.transport.abort()

    def on_message(self, caller, data, writer):
        line = re.fullmatch(rb"(bye|discover) (0|[1-9][0-9]{0,4})\n", data)
        if line and line[1] == b"bye":
            self.known -= {int(line[2])} - {self.me}
            self.show(f"Peer {int(line[2])} has left")
        elif line:
            if port_of(int(line[2])) and len(self.known) < MOST_ASKED:
                self.known.add(int(line[2]))
            writer.write(f"peers {' '.join(map(str, sorted(self.known)))}\n".encode())
        elif data:
            text = clean(data)
            self.show(f"From {caller}: {text}")
            self.relay(text)

    def relay(self, text):
        request = re.fullmatch(r"((?:\[relayed\] )*)relay ([0-9]{1,5}) (.+)", text, re.ASCII | re.S)
        if not request or int(request[2]) > 65535:
            return
        if len(request[1]) >= MOST_MARKS * len(MARK):
            self.show("that message has come far enough")
            return
        message = request[1] + MARK + request[3]
        asyncio.get_running_loop().create_task(self.send(int(request[2]), message))

    # Calls that go out.

    async def dial(self, peer):
        if port_of(peer) is None:
            raise OSError("there is no such peer")
        return await asyncio.open_connection(HOST, port_of(peer))

    async def say(self, peer, text):
        reader, writer = await self.dial(peer)
        try:
            writer.write(text.encode())
            writer.close()
            await writer.wait_closed()
        except asyncio.CancelledError:
            writer.transport.abort()
            raise

    async def send(self, peer, text):
        try:
            await asyncio.wait_for(self.say(peer, text), DIAL_PATIENCE)
            self.show(f"Sent to peer {peer}: {text}")
        except ConnectionRefusedError:
            self.show(f"ERROR: Peer {peer} is not online")
        except asyncio.TimeoutError:
            self.show("ERROR: timed out")
        except OSError as error:
            self.show(f"ERROR: {error}")

    async def broadcast(self, text):
        others = list(self.known - {self.me})
        random.shuffle(others)
        await asyncio.gather(*(self.send(peer, text) for peer in others))

    # A search.

    async def question(self, peer, turns):
        """The peers that this one names; None if it does not accept."""
        async with turns:
            try:
                reader, writer = await asyncio.wait_for(self.dial(peer), DIAL_PATIENCE)
            except (OSError, asyncio.TimeoutError):
                return None
            try:
                writer.write(f"discover {self.me}\n".encode())
                writer.write_eof()
                answer = await asyncio.wait_for(read_all(reader), ANSWER_PATIENCE)
            except (OSError, TooLong, asyncio.TimeoutError):
                answer = b""
            writer.transport.abort()
        words = answer.split() if re.fullmatch(rb"peers( [0-9]{1,5})*\n", answer) else []
        return {int(word) for word in words[1:]}

    async def discover(self):
        asked, online, turns = {self.me}, set(), asyncio.Semaphore(MOST_AT_ONCE)
        wave = (self.known | FRIENDS) - asked
        while wave:
            asked |= wave
            peers = sorted(wave)
            answers = await asyncio.gather(*(self.question(peer, turns) for peer in peers))
            online |= {peer for peer, answer in zip(peers, answers) if answer is not None}
            named = set().union(*filter(None, answers)) - asked
            room = max(0, MOST_ASKED - len(asked))
            wave = set(sorted(filter(port_of, named))[:room])
        self.known -= asked - online - {self.me}
        self.known |= online
        self.show(f"Discovered peers: {sorted(online)}")

    # The user.

    async def serve_user(self):
        while True:
            whom = (await self.ask("Send to peer ID: ")).strip()
            if whom == "quit":
                return
            if whom == "list":
                self.show(f"Known peers: {sorted(self.known)}")
            elif whom == "discover":
                await self.discover()
            elif whom == "broadcast":
                await self.broadcast(await self.ask("Message: "))
            elif re.fullmatch("[0-9]+", whom, re.ASCII):
                await self.send(int(whom), await self.ask("Message: "))
            else:
                self.write("[PEER] Invalid input. Enter peer ID as integer.\n")

    async def live(self):
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.leaving.set)
        server = await asyncio.start_server(self.on_call, HOST, port_of(self.me), backlog=128)
        self.show(f"Listening on {port_of(self.me)}")
        threading.Thread(target=read_keyboard, args=(loop, self.typed), daemon=True).start()
        user, signals = (loop.create_task(c) for c in (self.serve_user(), self.leaving.wait()))
        await asyncio.wait([user, signals], return_when=asyncio.FIRST_COMPLETED)
        if user.done() and not isinstance(user.exception(), (EOFError, type(None))):
            raise user.exception()
        self.prompt = ""
        self.show("Closing connections...")
        server.close()
        goodbyes = [self.say(peer, f"bye {self.me}\n") for peer in self.known - {self.me}]
        goodbyes = asyncio.gather(*goodbyes, return_exceptions=True)
        await asyncio.wait([goodbyes], timeout=GOODBYE_PATIENCE)
        self.show("Shutting down")


def read_keyboard(loop, typed):
    """Runs in a thread, since no event loop can wait for every kind of stdin."""
    rest = b""
    try:
        while data := os.read(0, 65536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                loop.call_soon_threadsafe(typed.put_nowait, line.decode("utf-8", "replace"))
        loop.call_soon_threadsafe(typed.put_nowait, None)
    except RuntimeError:
        pass  # The loop has ended.


async def main():
    await Peer(int(sys.argv[1])).live()


sys.stdout.reconfigure(encoding="utf-8", errors="replace")
asyncio.run(main())
