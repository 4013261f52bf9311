"""A right chat server in Python: one event loop, in which the room decides.

It was written from the lab sheet and the page on the protocol, not from the Rust program. What it
lacks is the page for browsers: there is only a hint.
"""

import argparse
import asyncio
import collections
import errno
import fcntl
import hmac
import itertools
import json
import os
import re
import signal
import stat
import sys

from capnweb import UNDEFINED, Abort, CallError, HttpServer, PeerAbort, Refusal, Session, Stub
from capnweb import Target, Written, abort, answer_batch
from chat_names import LONGEST_MESSAGE, MAX_FILE, MOST_FILES
from chat_names import file_name, looks_like, room_name, size_in_words, user_name
from screen import Screen, can_be_seen, clean
from websocket import GOING_AWAY, POLICY, Broken, Closed, WebSocket, accept_of

MOST_CONNECTIONS = 768
JOIN_PATIENCE = 60  # seconds
READ_PATIENCE = 10  # seconds for a part of a file
MOST_ROOMS = 64
MOST_LINES = 50  # of a message
MOST_REMEMBERED = 50  # notes of a room
MOST_HISTORY = 4 * 1024 * 1024  # bytes that are read of its file
LAST_WORDS = 1.5  # seconds for all goodbyes

EMOJI = {
    "wave": "👋", "smile": "😄", "smiley": "😃", "grin": "😁", "joy": "😂", "wink": "😉",
    "heart": "❤️", "+1": "👍", "thumbsup": "👍", "-1": "👎", "thumbsdown": "👎", "ok_hand": "👌",
    "clap": "👏", "tada": "🎉", "rocket": "🚀", "fire": "🔥", "eyes": "👀", "thinking": "🤔",
    "cry": "😢", "sob": "😭", "sunglasses": "😎", "coffee": "☕", "star": "⭐", "crab": "🦀",
}  # fmt: skip
WORD_OF_CODES = re.compile(r"(?<!\S)(\(*)(\\*)((?::[^:\s]+:)+)([).,!?;…]*)(?!\S)")
LINE_END = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")
WORDS = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"}


def refused(why, code="bad_request"):
    return CallError(why, code=code)


def with_emoji(text):
    """A word of nothing but codes becomes emoji; a backslash before it is taken away instead."""
    return re.sub(WORD_OF_CODES, word_with_emoji, text)


def word_with_emoji(word):
    before, slashes, codes, behind = word.groups()
    names = codes[1:-1].split("::")
    if not all(name in EMOJI for name in names):
        return word[0]
    shown = slashes[1:] + codes if slashes else "".join(EMOJI[name] for name in names)
    return before + shown + behind


def lines_of(text):
    """The text, fit for a terminal, with its lines as they are."""
    return "\n".join(clean(line) for line in re.split(LINE_END, text))


class Bucket:
    """How much one client may still say."""

    def __init__(self, burst, rate):
        self.burst, self.rate, self.level = burst, rate, burst
        self.at = asyncio.get_running_loop().time()

    def take(self):
        now = asyncio.get_running_loop().time()
        self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1:
            why = f"slow down: at most {self.rate} messages a second, {self.burst} at once"
            raise refused(why, "too_many")
        self.level -= 1


class SharedFile(Target):
    """A file that stays where it is: a read is passed on to whoever shares it."""

    methods = ("read",)

    def __init__(self, owner, stub):
        self.owner, self.stub = owner, stub

    def read(self, offset=UNDEFINED, *_):
        if type(offset) is not int or not 0 <= offset <= MAX_FILE:
            raise CallError("read: offset must be a whole number", "TypeError")
        if self not in self.owner.files:
            raise refused(f"{self.owner.last_name} has left, and the file with them", "not_found")
        return asyncio.ensure_future(self.fetch(offset))

    async def fetch(self, offset):
        try:
            part = await asyncio.wait_for(self.stub.ask("read", offset), READ_PATIENCE)
        except asyncio.TimeoutError:
            raise refused(f"{self.owner.last_name} does not answer", "canceled") from None
        if not isinstance(part, bytes):
            raise refused(f"{self.owner.last_name} has sent no bytes", "internal")
        return part


class Visitor(Target):
    """A connection to the chat, and what it can call."""

    methods = (
        "join", "sendMessage", "leave", "listUsers", "getHistory", "sendPrivate", "enterRoom",
        "listRooms", "setTyping", "shareFile",
    )  # fmt: skip
    properties = ("userCount", "messageCount")

    def __init__(self, chat, can_join):
        self.chat, self.can_join = chat, can_join
        self.name = self.last_name = self.client = None
        self.room = "#lobby"
        self.files = []
        self.is_typing = False
        self.held = None  # notes that come after the answer to `join`
        self.words, self.strokes = (Bucket(chat.options.burst, chat.options.rate) for _ in "12")

    # Who calls.

    def may(self, method, username):
        name = self.read(method, "username", username, user_name)
        if self.name is None or looks_like(name) != looks_like(self.name):
            raise refused(f"you have not joined as {name}", "permission_denied")

    def read(self, method, what, value, rule):
        if not isinstance(value, str):
            raise CallError(f"{method}: {what} must be a string", "TypeError")
        try:
            return rule(value)
        except ValueError as why:
            raise refused(f"{method}: {why}") from None

    def message(self, method, text):
        self.read(method, "text", text, str)
        shown = lines_of(text)
        if max(len(text.encode()), len(shown.encode())) > LONGEST_MESSAGE:
            raise refused(f"{method}: a message has at most {LONGEST_MESSAGE} bytes", "too_many")
        if not can_be_seen(text):
            raise refused(f"{method}: a message needs some text")
        if len(shown.rstrip("\n").split("\n")) > MOST_LINES:
            raise refused(f"{method}: a message has at most {MOST_LINES} lines", "too_many")
        return with_emoji(shown)

    # What can be called.

    def join(self, username=UNDEFINED, client=UNDEFINED, *_):
        self.words.take()
        name = self.read("join", "username", username, user_name)
        if not isinstance(client, Stub):
            text = "join: client must be something that can be called"
            raise CallError(text, "TypeError")
        if not self.can_join:
            raise refused("join over a WebSocket: over one request nobody can call you back")
        if self.name:
            raise refused(f"you have joined as {self.name} already")
        if looks_like(name) in map(looks_like, (user.name for user in self.chat.users)):
            raise refused(f"Username {name} is already taken")
        self.name = self.last_name = name
        self.client = client.keep()
        self.room, self.held = "#lobby", []
        if not self.chat.names_in(self.room):
            self.chat.tell_all(self.room, system(f"{name} joined the chat"))
            self.chat.users.append(self)
        else:
            self.chat.users.append(self)
            self.chat.tell_all(self.room, system(f"{name} joined the chat"))
        users = self.chat.names_in(self.room)
        message = f"Welcome to the chat, {name}!"
        return {"message": message, "userCount": len(users), "users": users, "room": self.room}

    def sendMessage(self, username=UNDEFINED, text=UNDEFINED, *_):
        self.words.take()
        text = self.message("sendMessage", text)
        self.may("sendMessage", username)
        self.types(False)
        note = {"username": self.name, "text": text, "type": "chat"}
        self.chat.tell_all(self.room, note)
        return {"status": "sent", "timestamp": self.chat.count}

    def leave(self, username=UNDEFINED, *_):
        self.may("leave", username)
        name = self.name
        self.go()
        return {"message": f"Goodbye, {name}!"}

    def listUsers(self, *_):
        return self.chat.names_in(self.room)

    def getHistory(self, *_):
        return list(self.chat.rooms[self.room])

    def sendPrivate(self, username=UNDEFINED, to=UNDEFINED, text=UNDEFINED, *_):
        self.words.take()
        text = self.message("sendPrivate", text)
        self.may("sendPrivate", username)
        to = self.read("sendPrivate", "to", to, user_name)
        users = [user for user in self.chat.users if looks_like(user.name) == looks_like(to)]
        if not users:
            raise refused(f"nobody here is called {to}", "not_found")
        note = {"username": self.name, "text": text, "type": "private", "to": users[0].name}
        for user in dict.fromkeys([self, *users]):
            user.tell("onMessage", note)
        return {"status": "sent"}

    def enterRoom(self, username=UNDEFINED, room=UNDEFINED, *_):
        self.words.take()
        self.may("enterRoom", username)
        room = self.read("enterRoom", "room", room, room_name)
        if room != self.room:
            self.chat.make_room(room)
            old, name = self.room, self.name
            self.types(False)
            self.chat.users.remove(self)
            self.chat.tell_all(room, system(f"{name} came from {old}"))
            self.chat.tell_all(old, system(f"{name} went to {room}"))
            self.room = room
            self.chat.users.append(self)
        users = self.chat.names_in(room)
        message = f"You are in {room} now"
        return {"message": message, "userCount": len(users), "users": users, "room": room}

    def listRooms(self, *_):
        names = ["#lobby", *sorted(self.chat.rooms.keys() - {"#lobby"})]
        return [{"name": room, "userCount": len(self.chat.names_in(room))} for room in names]

    def setTyping(self, username=UNDEFINED, is_typing=UNDEFINED, *_):
        self.strokes.take()
        self.may("setTyping", username)
        if not isinstance(is_typing, bool):
            raise CallError("setTyping: isTyping must be true or false", "TypeError")
        self.types(is_typing)
        return UNDEFINED

    def shareFile(self, username=UNDEFINED, about=UNDEFINED, stub=UNDEFINED, *_):
        self.words.take()
        self.may("shareFile", username)
        about = about if isinstance(about, dict) else {}
        name = self.read("shareFile", "name", about.get("name"), file_name)
        size = about.get("size")
        if type(size) is not int or size < 0:
            raise CallError("shareFile: size must be a whole number", "TypeError")
        if size > MAX_FILE:
            raise refused("shareFile: a file has at most 16 MiB", "too_many")
        if not isinstance(stub, Stub):
            text = "shareFile: file must be something that can be called"
            raise CallError(text, "TypeError")
        if len(self.files) >= MOST_FILES:
            text = f"you share {MOST_FILES} files already; they go when you leave"
            raise refused(text, "too_many")
        file = SharedFile(self, stub.keep())
        self.files.append(file)
        text = f"shares {name} ({size_in_words(size)})"
        note = {"username": self.name, "text": text, "type": "file"}
        self.chat.tell_all(self.room, {**note, "file": {"name": name, "size": size}}, file)
        return {"status": "shared"}

    def userCount(self):
        return len(self.chat.users)

    def messageCount(self):
        return self.chat.count

    # What it is told.

    def tell(self, method, note):
        if self.held is not None:
            self.held.append((method, note))
        else:
            self.client.tell(method, note)

    def is_answered(self):
        held, self.held = self.held, None
        for method, note in held or []:
            self.tell(method, note)

    def types(self, is_typing):
        if self.is_typing != is_typing:
            self.is_typing = is_typing
            for user in self.chat.users:
                if user.room == self.room and user is not self:
                    user.tell("onTyping", {"username": self.name, "isTyping": is_typing})

    def go(self):
        if self.name is None:
            return
        self.is_answered()
        self.types(False)
        name, self.name = self.name, None
        self.chat.users.remove(self)
        for stub in [self.client, *(file.stub for file in self.files)]:
            stub.release()
        self.files = []
        self.chat.tell_all(self.room, system(f"{name} left the chat"))
        self.room = "#lobby"


def system(text):
    return {"username": "System", "text": text, "type": "system"}


class ChatSession(Session):
    """What a visitor is told while it joins goes out after the answer."""

    def __init__(self, visitor, send):
        super().__init__(visitor, send)
        self.visitor = visitor

    def receive(self, text):
        has_joined = self.visitor.held is not None
        super().receive(text)
        if has_joined:
            self.visitor.is_answered()


class Chat:
    """Who is there, and what was said. The room decides, and never waits."""

    def __init__(self, options, history):
        self.options, self.history = options, history
        self.users = []  # in the order in which they came to their rooms
        self.rooms = {"#lobby": collections.deque(maxlen=MOST_REMEMBERED)}
        self.count = 0  # notes so far

    def names_in(self, room):
        return [user.name for user in self.users if user.room == room]

    def make_room(self, room):
        if room not in self.rooms and len(self.rooms) >= MOST_ROOMS:
            others = itertools.islice(self.rooms, 1, None)
            empty = next((other for other in others if not self.names_in(other)), None)
            if not empty:
                text = f"there are {MOST_ROOMS} rooms, and somebody is in each"
                raise refused(text, "too_many")
            del self.rooms[empty]
        self.rooms.setdefault(room, collections.deque(maxlen=MOST_REMEMBERED))

    def tell_all(self, room, note, file=None):
        """What is told is in the file before anybody has seen it."""
        self.history.record(room, note)
        self.remember(room, note)
        note = {**note, "file": {**note["file"], "content": file}} if file else Written(note)
        for user in self.users:
            if user.room == room:
                user.tell("onMessage", note)

    def remember(self, room, note):
        self.count += 1
        if room in self.rooms:
            self.rooms[room].append(note)


class History:
    """A file that only grows, or none."""

    def __init__(self, path, show):
        self.show, self.file = show, None
        self.lost = 0
        self.is_torn = False
        self.notes, self.news = [], []
        if path:
            self.open(path)

    def open(self, path):
        try:
            if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
                sys.exit(f"error: {path} is no plain file: choose another --history file")
            self.file = open(path, "a+b", buffering=0)
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            size = os.fstat(self.file.fileno()).st_size
        except BlockingIOError:
            sys.exit(f"error: another chat server writes {path}: choose another --history file")
        except OSError as error:
            why = f"{error.strerror}; choose another --history file"
            sys.exit(f"error: cannot use {path} for the history: {why}")
        skipped = max(0, size - MOST_HISTORY)
        self.file.seek(skipped)
        data = self.file.read()
        if skipped:
            data = data.partition(b"\n")[2]
            end = "bytes stay in the file, but were not read"
            self.news.append(f"⚠️ The history is long: its first {skipped} {end}")
        *lines, torn = data.split(b"\n")
        self.is_torn = bool(torn)
        notes = [note_of(line) for line in lines]
        self.notes = [note for note in notes if note]
        bad = len(notes) - len(self.notes)
        if bad == 1:
            self.news.append("⚠️ One line of the history makes no sense and was skipped")
        elif bad:
            self.news.append(f"⚠️ {bad} lines of the history make no sense and were skipped")
        if torn:
            self.news.append("⚠️ The last line of the history is torn and was skipped")

    def record(self, room, note):
        if not self.file:
            return
        line = json.dumps({"room": room, **note}, ensure_ascii=False, separators=(",", ":"))
        data = ("\n" if self.is_torn else "").encode() + f"{line}\n".encode()
        try:
            while data:
                data = data[self.file.write(data) :]
            if self.lost:
                messages = "one message is" if self.lost == 1 else f"{self.lost} messages are"
                self.show(f"✅ The history is written again; {messages} missing in it")
            self.is_torn, self.lost = False, 0
        except OSError as error:
            self.is_torn = True
            self.lost += 1
            if self.lost == 1:
                what = "⚠️ The history cannot be written, and what is said now is not kept"
                self.show(f"{what}: {error.strerror}")


def note_of(line):
    try:
        note = json.loads(line)
        room = room_name(note.pop("room"))
        is_note = all(isinstance(note[name], str) for name in ("username", "text", "type"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return (room, note) if is_note and note["type"] in ("chat", "system", "file") else None


class Server:
    def __init__(self, options):
        self.options = options
        self.leaving = asyncio.Event()
        self.screen = Screen("", self.leaving.set)
        self.show = self.screen.show
        self.history = History(options.history, self.show)
        self.chat = Chat(options, self.history)
        for room, note in self.history.notes:
            try:
                self.chat.make_room(room)
            except CallError:
                pass
            self.chat.remember(room, note)
        self.sockets = set()
        self.methods = {
            "/": ("GET", "HEAD", "OPTIONS"),
            "/rpc/batch": ("OPTIONS", "POST"),
            "/rpc/ws": ("GET", "OPTIONS"),
        }
        self.http = HttpServer(self.route, MOST_CONNECTIONS, self.methods)

    # HTTP.

    async def route(self, request):
        path, _, query = request.path.partition("?")
        if request.method not in WORDS:
            return 501, "there is no such method\n"
        if path == "*" and request.method == "OPTIONS":
            return 204, "", {"Allow": ", ".join(sorted(WORDS))}
        if path not in self.methods:
            return 404, "there is nothing here\n"
        allowed = {"Allow": ", ".join(self.methods[path])}
        if request.method == "OPTIONS":
            return 204, "", allowed
        if request.method not in self.methods[path]:
            return 405, "call it in another way\n", allowed
        if path == "/":
            page = "Start a chat client: this server has no page.\n"
            return 200, "" if request.method == "HEAD" else page, {"Cache-Control": "no-store"}
        if not self.knows_token(request, query):
            text = "a token is needed here: Authorization: Bearer SECRET, or ?token=SECRET\n"
            return 401, text, {"WWW-Authenticate": "Bearer"}
        if path == "/rpc/batch":
            return await answer_batch(Visitor(self.chat, can_join=False), request.body)
        return await self.upgrade(request)

    def knows_token(self, request, query):
        token = self.options.token
        given = [it[7:] for it in request.head.all("authorization") if it.startswith("Bearer ")]
        given += [pair[6:] for pair in query.split("&") if pair.startswith("token=")]
        return not token or any(hmac.compare_digest(it.encode(), token.encode()) for it in given)

    async def upgrade(self, request):
        head = request.head
        is_upgrade = "websocket" in head.words("upgrade") and "upgrade" in head.words("connection")
        versions = head.all("sec-websocket-version")
        if not is_upgrade or versions != ["13"] or head.first.endswith("/1.0"):
            headers = {"Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
            return 426, "this is a place for WebSocket 13\n", headers
        key = head.one("sec-websocket-key") or ""
        if not re.fullmatch("[A-Za-z0-9+/]{21}[AQgw]==", key):
            raise Refusal(400, "the key is 16 bytes in base64")
        request.taken = True
        accept = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept_of(key)}"
        request.writer.write(f"HTTP/1.1 101 Switching Protocols\r\n{accept}\r\n\r\n".encode())
        await self.serve(WebSocket(request.reader, request.writer, is_client=False))
        return None

    async def serve(self, socket):
        visitor = Visitor(self.chat, can_join=True)
        session = ChatSession(visitor, socket.send)
        self.sockets.add(socket)
        joined_late = asyncio.get_running_loop().call_later(
            JOIN_PATIENCE, self.hurries, socket, session, visitor
        )
        try:
            while True:
                session.receive(await socket.receive())
                if visitor.last_name:
                    joined_late.cancel()
        except Broken as why:
            self.dismiss(socket, why.code, str(why))
        except PeerAbort as why:
            socket.close(3000, str(why))
        except Abort as why:
            self.dismiss(socket, 3000, str(why))
        except Closed:
            pass
        finally:
            joined_late.cancel()
            self.sockets.discard(socket)
            session.end("it has left")
            visitor.go()
            await socket.end()

    def hurries(self, socket, session, visitor):
        if not visitor.last_name:
            self.dismiss(socket, POLICY, f"join within {JOIN_PATIENCE} seconds")

    def dismiss(self, socket, code, why):
        socket.send(abort(why))
        socket.close(code, why)

    # The whole.

    async def live(self):
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.leaving.set)
        loop.set_exception_handler(self.on_trouble)
        host = "127.0.0.1" if self.options.host == "localhost" else self.options.host
        await self.listen(host)
        place = f"{host}:{self.http.port}"
        options = [f"--url ws://{place}/rpc/ws"] if place != "127.0.0.1:8080" else []
        options += ["--token SECRET"] if self.options.token else []
        words = " ".join(["--", *options] if options else [])
        self.show(f"🚀 Chat server running on http://{place}")
        self.show(f"   WebSocket endpoint: ws://{place}/rpc/ws")
        self.show(f"   HTTP endpoint: http://{place}/rpc/batch")
        self.show(f"   Browser page: http://{place}/\n")
        self.show(f"Run clients with: cargo run -p realtime-chat --bin chat-client {words}".rstrip())
        self.show("Press Ctrl+C to stop")
        for line in self.history.news:
            self.show(line)
        self.task = loop.create_task(self.screen.run())
        await self.leaving.wait()
        for socket in list(self.sockets):
            self.dismiss(socket, GOING_AWAY, "the server is shutting down")
        if self.sockets:
            writers = [socket.tasks[0] for socket in self.sockets]
            await asyncio.wait(writers, timeout=LAST_WORDS)
        self.show("👋 Chat server shutting down...")
        await self.screen.end(0)

    async def listen(self, host):
        if host not in self.http.hosts:
            self.http.hosts += (host,)
        try:
            await self.http.listen(host, self.options.port)
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                sys.exit(f"error: {host} is no address of this machine: choose another --host")
            why = error.strerror
            if error.errno == errno.EADDRINUSE:
                why = "perhaps by another chat server: stop that one, or choose another --port"
                why = f"is in use, {why}"
            sys.exit(f"error: port {self.options.port} {why}")

    def on_trouble(self, loop, context):
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            self.http.makes_room()
            if not self.http.is_full:
                self.http.is_full = True
                self.show(f"⚠️ No call can be accepted for now: {error.strerror}")
        elif not isinstance(error, (OSError, CallError)):
            loop.default_exception_handler(context)


def number_from_to(least, most):
    def read(text):
        if not re.fullmatch("[0-9]{1,7}", text, re.ASCII) or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {least} to {most}")
        return int(text)

    return read


def token(text):
    if not re.fullmatch("[A-Za-z0-9._~-]{1,256}", text):
        why = "a token is 1 to 256 of: letters from a to z, digits, - . _ ~"
        raise argparse.ArgumentTypeError(why)
    return text


def host(text):
    if not re.fullmatch(r"localhost|[0-9]{1,3}(\.[0-9]{1,3}){3}", text):
        raise argparse.ArgumentTypeError("write localhost, or an IP address")
    return text


def read_arguments():
    parser = argparse.ArgumentParser(allow_abbrev=False, epilog="Ctrl-C ends the server.")
    parser.add_argument("--port", type=number_from_to(0, 65535), default=8080)
    parser.add_argument("--host", type=host, default="127.0.0.1")
    parser.add_argument("--token", type=token, metavar="SECRET", help="or CHAT_TOKEN")
    parser.add_argument("--history", metavar="FILE")
    parser.add_argument("--rate", type=number_from_to(1, 1_000_000), default=5)
    parser.add_argument("--burst", type=number_from_to(1, 1_000_000), default=20)
    options = parser.parse_args()
    options.token = options.token or os.environ.get("CHAT_TOKEN")
    return options


async def main():
    await Server(read_arguments()).live()


asyncio.run(main())
