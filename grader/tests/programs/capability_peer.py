"""A right Alice or Bob in Python: `capability_peer.py alice [--port PORT] [--peer URL] ...`.

It was written from the lab sheet, not from the Rust program: one event loop, which serves and calls
at the same time.
"""

import argparse
import asyncio
import errno
import http
import re
import signal
import sys

from capnweb import UNDEFINED, Abort, CallError, Form, HttpServer, Refusal, Session, Target
from capnweb import answer_batch, length_of, read_body, read_head
from screen import Screen, clean

CALL_PATIENCE = 5  # seconds
LOOK_AGAIN = 0.1  # seconds
HELD = 1  # seconds that a message may wait for the end of our own calls
LULL = 1  # seconds without a message before we say that we are waiting
LONGEST_MESSAGE = 4096  # bytes

ALICE = {
    "name": "Alice",
    "whose": "her",
    "port": 8080,
    "greeting": "Hello! I'm Alice.",
    "thanks": "Alice says: Thanks for the message #{}!",
    "friend": "Bob",
    "friends_port": 8081,
    "message": "Hi Bob, this is Alice!",
    "in_short": "Hi Bob!",
}
BOB = {
    "name": "Bob",
    "whose": "his",
    "port": 8081,
    "greeting": "Hey there! I'm Bob.",
    "thanks": "Bob says: Got your message #{}!",
    "friend": "Alice",
    "friends_port": 8080,
    "message": "Hi Alice, this is Bob!",
    "in_short": "Hi Alice!",
}


class NotThere(Exception):
    """The friend cannot be called, perhaps only not yet."""


class NoHttp(Exception):
    """Somebody answers who speaks no HTTP."""


class Peer(Target):
    methods = ("greet", "chat", "get_stats")
    properties = ("name",)

    def __init__(self, role, options):
        self.role, self.options = role, options
        self.received = 0
        self.held = []  # messages that wait for the end of our own calls
        self.is_calling = True
        self.has_said_that_it_waits = False
        self.leaving = asyncio.Event()
        self.screen = Screen("", self.leaving.set)
        self.show = self.screen.show
        methods = {"/rpc/batch": ("OPTIONS", "POST")}
        self.server = HttpServer(self.route, methods=methods)

    # What can be called.

    def name(self):
        return self.role["name"]

    def greet(self, *_):
        return self.role["greeting"]

    def chat(self, message=UNDEFINED, *_):
        if not isinstance(message, str):
            raise CallError("chat(message): message must be a string", "TypeError")
        if len(message.encode()) > LONGEST_MESSAGE:
            text = f"chat(message): a message has at most {LONGEST_MESSAGE} bytes"
            raise CallError(text, code="too_many")
        if not self.screen.has_room.is_set():
            raise CallError("chat(message): the terminal stands still", code="too_many")
        self.received += 1
        self.on_message(clean(message))
        return self.role["thanks"].format(self.received)

    def get_stats(self, *_):
        return {"name": self.role["name"], "messages_received": self.received}

    async def route(self, request):
        if request.path.partition("?")[0] != "/rpc/batch":
            return 404, "there is nothing here\n"
        if request.method == "POST":
            return *await answer_batch(self, request.body), {"Content-Type": "text/plain"}
        if request.method == "OPTIONS":
            return 204, "", {"Allow": "OPTIONS, POST"}
        if request.method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT"):
            return 405, "call it with POST\n", {"Allow": "OPTIONS, POST"}
        return 501, "there is no such method\n"

    # The order on the screen: what others say stands below our own calls.

    def on_message(self, message):
        self.held.append(f"📨 {self.role['name']} received: {message}")
        if not self.is_calling:
            self.release()
        elif len(self.held) == 1:
            asyncio.get_running_loop().call_later(HELD, self.release)

    def release(self):
        held, self.held = self.held, []
        for line in held:
            self.show(line)
        if held and not self.is_calling:
            self.says_that_it_waits()

    def says_that_it_waits(self):
        if not self.has_said_that_it_waits:
            self.has_said_that_it_waits = True
            self.show("⏳ {name} is waiting for calls from {friend}...".format(**self.role))

    # Calling the friend.

    async def converse(self):
        self.show("🔗 Connecting to {friend} at {0}...".format(self.options.peer, **self.role))
        lull = LULL
        try:
            greeting = await self.look()
            self.tell_call("greet", "", greeting)
            thanks = await self.call("chat", self.role["message"])
            self.tell_call("chat", repr(self.role["in_short"]), thanks)
            self.tell_call("get_stats", "", await self.call("get_stats"))
            if self.options.pipeline:
                thanks = await self.batch(two_calls_in_one)
                self.tell_call("chat", f"{self.role['friend']}.get_stats().name", thanks)
        except NotThere as why:
            self.show("❌ Could not connect to {friend}: {0}".format(why, **self.role))
            how = "Start {friend} in another terminal, then {name} again".format(**self.role)
            self.show(f"   {how}; or name another place with --peer URL")
            lull = 0
        self.show("")
        self.is_calling = False
        self.release()
        await asyncio.sleep(lull)
        self.says_that_it_waits()

    async def look(self):
        """Calls `greet` until the friend is there."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.options.wait
        while True:
            try:
                return await self.call("greet")
            except NotThere:
                if loop.time() >= end:
                    raise
            await asyncio.sleep(LOOK_AGAIN)

    def tell_call(self, method, args, answer):
        self.show("📞 {name} calls {friend}.{0}({1})...".format(method, args, **self.role))
        if isinstance(answer, Exception):
            self.show(f"   ❌ {clean(str(answer))}")
        else:
            answer = None if answer is UNDEFINED else answer
            self.show(f"   ← {clean(answer if isinstance(answer, str) else repr(answer))}")

    async def call(self, method, *args):
        return await self.batch(lambda session: session.ask(0, method, args))

    async def batch(self, ask):
        """The answer of the friend, or the error that stands for it."""
        lines = []
        session = Session(None, lines.append)
        answer = ask(session)
        try:
            body = await asyncio.wait_for(self.post("\n".join(lines).encode()), CALL_PATIENCE)
            for line in body.decode().split("\n") if body else []:
                session.receive(line)
            session.end("Batch RPC request ended.")
            return await answer
        except ConnectionRefusedError:
            raise NotThere("nobody listens there") from None
        except asyncio.TimeoutError:
            raise NotThere(f"no answer within {CALL_PATIENCE} s") from None
        except UnicodeDecodeError:
            return CallError("the answer is not UTF-8")
        except Abort as why:
            return CallError(str(why))
        except (CallError, NoHttp) as error:
            return error
        except OSError as error:
            raise NotThere(error.strerror) from None

    async def post(self, body):
        host, _, port = self.options.peer[len("http://") :].partition(":")
        reader, writer = await asyncio.open_connection(host, port or 80)
        try:
            head = f"POST /rpc/batch HTTP/1.1\r\nHost: {host}:{port or 80}\r\n"
            head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode() + body)
            return await self.read_response(reader)
        except (EOFError, Refusal, asyncio.LimitOverrunError):
            raise NoHttp("the answer is no HTTP") from None
        finally:
            writer.transport.abort()

    async def read_response(self, reader):
        head = await read_head(reader)
        first = re.match(r"HTTP/1\.[01] ([0-9]{3})", head.first)
        if not first:
            raise NoHttp("the answer is no HTTP")
        status = int(first[1])
        if not 200 <= status < 300:
            known = {status.value: status.phrase for status in http.HTTPStatus}
            raise CallError(f"RPC request failed: {status} {known.get(status, '')}".rstrip())
        length = length_of(head)
        return await (reader.read() if length is None else read_body(reader, length))

    # The whole.

    async def live(self):
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.leaving.set)
        loop.set_exception_handler(self.on_trouble)
        try:
            await self.server.listen("127.0.0.1", self.options.port)
        except OSError as error:
            why = str(error)
            if error.errno == errno.EADDRINUSE:
                why = "stop that one, or choose another --port"
                why = f"is in use, perhaps by another peer: {why}"
            sys.exit(f"error: port {self.options.port} {why}")
        port = self.server.port
        self.show("🚀 Starting {name} on port {0}...".format(port, **self.role))
        self.show("✅ {name} is running!".format(**self.role))
        url = f"http://127.0.0.1:{port}/rpc/batch"
        self.show("   - {name} exports {whose} capabilities at {0}".format(url, **self.role))
        self.show("   - {name} can receive calls from {friend}\n".format(**self.role))
        self.tasks = [loop.create_task(self.screen.run()), loop.create_task(self.converse())]
        await self.leaving.wait()
        self.show("👋 {name} shutting down...".format(**self.role))
        await self.screen.end(0)

    def on_trouble(self, loop, context):
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            self.server.makes_room()
            if not self.server.is_full:
                self.server.is_full = True
                self.show(f"⚠️ No call can be accepted for now: {error.strerror}")
        elif not isinstance(error, OSError):
            loop.default_exception_handler(context)


def two_calls_in_one(session):
    """Calls `chat` with the name in the answer to `get_stats`, which is not there yet."""
    session.call(0, "get_stats", ())
    return session.ask(0, "chat", [Form(["pipeline", session.calls, ["name"]])])


def number_up_to(most):
    def read(text):
        if not re.fullmatch("[0-9]{1,5}", text, re.ASCII) or int(text) > most:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to {most}")
        return int(text)

    return read


def url(text):
    if not text.startswith("http://"):
        raise argparse.ArgumentTypeError("write a URL that begins with http://")
    place = re.fullmatch(r"(http://[^\s/?#@]+?)(/rpc/batch)?/*", text)
    if not place:
        example = "write a host and a port, such as http://127.0.0.1:8081"
        raise argparse.ArgumentTypeError(example)
    return place[1]


def read_arguments():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("who", choices=("alice", "bob"))
    parser.add_argument("--port", type=number_up_to(65535))
    parser.add_argument("--peer", type=url, metavar="URL")
    parser.add_argument("--wait", type=number_up_to(86_400), default=30, metavar="SECONDS")
    parser.add_argument("--pipeline", action="store_true")
    options = parser.parse_args()
    role = ALICE if options.who == "alice" else BOB
    if options.port is None:
        options.port = role["port"]
    if options.peer is None:
        options.peer = f"http://127.0.0.1:{role['friends_port']}"
    return role, options


async def main():
    await Peer(*read_arguments()).live()


asyncio.run(main())
