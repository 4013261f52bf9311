"""A right chat client in Python: what is typed is done in its order, one line after the other.

It was written from the lab sheet and the page on the protocol, not from the Rust program.
"""

import argparse
import asyncio
import base64
import json
import os
import re
import signal
import stat
import sys

from capnweb import UNDEFINED, Abort, CallError, PeerAbort, Refusal, Session, Stub, Target
from capnweb import abort, read_head
from chat_names import CHUNK, LONGEST_MESSAGE, MAX_FILE, MOST_FILES
from chat_names import file_name, room_name, size_in_words, user_name
from screen import Screen, clean, keyboard
from websocket import NORMAL, Broken, Closed, WebSocket, accept_of

DIAL_PATIENCE = 5  # seconds
CALL_PATIENCE = 10  # seconds
GOODBYE_PATIENCE = 1  # seconds
MOST_OFFERS = 32  # files that can be saved
MOST_NAMES = 1000  # of one file in a folder

HELP = """
Commands:
  /users  - List connected users
  /quit   - Leave the chat
  /help   - Show this help
  /msg NAME TEXT  - Tell one user only
  /join #ROOM     - Go to another room
  /rooms          - List the rooms
  /send FILE      - Offer a file to everybody in the room
  /save NUMBER    - Save a file that was offered
  //TEXT          - Say something that begins with /

"""


class Gone(Exception):
    """The chat is over, for this reason."""


class Trouble(Exception):
    """A file cannot be sent or saved."""


def one(name):
    """A name as it is shown: what could not be one stands in quotes."""
    try:
        return user_name(name)
    except ValueError:
        return json.dumps(clean(name), ensure_ascii=False)


def texts(values):
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


class SharedFile(Target):
    methods = ("read",)

    def __init__(self, chat, path, name, size):
        self.chat, self.path, self.name, self.size = chat, path, name, size
        self.progress = Progress(size)

    def read(self, offset=UNDEFINED, *_):
        if type(offset) is not int or not 0 <= offset <= self.size:
            raise CallError("read: offset must be a whole number", "TypeError")
        try:
            with open(self.path, "rb") as file:
                file.seek(offset)
                part = file.read(min(CHUNK, self.size - offset))
        except OSError as error:
            raise CallError(f"the file cannot be read: {error.strerror}") from None
        if offset == 0:
            self.progress = Progress(self.size)
        if percent := self.progress.reaches(offset + len(part)):
            self.chat.show(f"📤 {self.name}: {percent} % sent")
        return part


class Progress:
    """Tells each quarter once."""

    def __init__(self, size):
        self.size, self.told = size, 0

    def reaches(self, done):
        percent = 100 * done // self.size // 25 * 25 if self.size else 100
        if percent > self.told:
            self.told = percent
            return percent
        return None


class Me(Target):
    """What the server can call."""

    methods = ("onMessage", "onTyping")

    def __init__(self, chat):
        self.chat = chat

    def onMessage(self, note=UNDEFINED, *_):
        if isinstance(note, dict) and texts([note.get(it) for it in ("username", "text", "type")]):
            self.chat.on_note(note)
        return UNDEFINED

    def onTyping(self, *_):
        return UNDEFINED


class Chat:
    def __init__(self, options):
        self.options, self.name = options, options.name
        self.leaving = asyncio.Event()
        self.says_goodbye = False
        self.screen = Screen("", self.leaving.set)
        self.is_colourful = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self.known = set()  # names
        self.offers = {}  # by number: a file's name, size and stub
        self.offered = self.shared = 0
        self.tasks = set()

    def show(self, line, colour=None):
        self.screen.show(f"\x1b[{colour}m{line}\x1b[0m" if colour and self.is_colourful else line)

    # What we are told.

    def on_note(self, note):
        kind, who, text = note["type"], note["username"], clean(note["text"])
        is_ours = who == self.name
        if kind == "system":
            if news := re.fullmatch("(.*) (joined the chat|came from #.*)", text):
                self.known.add(news[1])
            self.show(f"*** {text} ***", 33)
            return
        self.known.add(who)
        if kind == "chat":
            self.show(f"[You] {text}" if is_ours else f"[{one(who)}] {text}", 90 if is_ours else None)
        elif kind == "private" and isinstance(note.get("to"), str):
            ours = f"[You, privately to {one(note['to'])}] {text}"
            self.show(ours if is_ours else f"[{one(who)}, privately] {text}", 90 if is_ours else None)
        elif kind == "file" and isinstance(note.get("file"), dict) and not is_ours:
            self.on_offer(who, note["file"])

    def on_offer(self, who, file):
        name, size, stub = file.get("name"), file.get("size"), file.get("content")
        if not isinstance(name, str) or type(size) is not int or size < 0:
            return
        offer = f"[{one(who)}] shares {clean(name)} ({size_in_words(size)})"
        if not isinstance(stub, Stub):
            self.show(f"{offer}, which cannot be had any more")
            return
        self.offered += 1
        self.offers[self.offered] = clean(name), size, stub.keep()
        if len(self.offers) > MOST_OFFERS:
            self.offers.pop(min(self.offers))[2].release()
        self.show(f"{offer}: /save {self.offered}")

    # What is typed.

    async def obey(self, line):
        command, _, rest = line.partition(" ")
        rest = rest.strip()
        if not line.strip():
            return
        if line.startswith("//"):
            await self.say(line[1:])
        elif not line.startswith("/"):
            await self.say(line)
        elif line.strip() == "/help":
            self.screen.write(HELP)
        elif line.strip() == "/users":
            users = await self.ask("listUsers")
            self.show(f"\nConnected users: {self.names(users)}\n")
        elif line.strip() == "/rooms":
            rooms = await self.ask("listRooms")
            rooms = [f"{clean(room['name'])} ({room['userCount']})" for room in rooms]
            self.show(f"\nRooms: {', '.join(rooms)}\n")
        elif command == "/join":
            await self.join_room(rest)
        elif command == "/msg":
            await self.whisper(rest)
        elif command == "/send":
            await self.share(rest)
        elif command == "/save":
            self.save(rest)
        else:
            how = "/help lists what there is, and a message that begins with / is typed with two"
            self.show(f"❌ Unknown command {line.strip()}: {how} of them")

    def names(self, users):
        if not texts(users):
            raise CallError("the server's answer makes no sense")
        self.known |= set(users)
        return ", ".join(one(name) for name in users)

    async def say(self, text):
        self.check_length(text)
        await self.ask("sendMessage", text)

    def check_length(self, text):
        size = len(text.encode("utf-8", "replace"))
        if size > LONGEST_MESSAGE:
            most = f"a message has at most {LONGEST_MESSAGE} bytes, and this one has {size}"
            raise CallError(f"Not sent: {most}. Send it in parts")

    async def join_room(self, room):
        try:
            answer = await self.ask("enterRoom", room_name(room))
        except ValueError as why:
            raise CallError(str(why)) from None
        users = answer.get("users") if isinstance(answer, dict) else None
        room, users, count = clean(str(answer["room"])), self.names(users), len(users)
        self.show(f"\nYou are in {room} now\nConnected users ({count}): {users}\n")

    async def whisper(self, rest):
        spaced = [name for name in self.known if rest.startswith(f"{name} ")]
        to = max(spaced, key=len, default=rest.partition(" ")[0])
        text = rest[len(to) :].strip()
        if not to or not text:
            raise CallError("Type it like this: /msg NAME TEXT")
        self.check_length(text)
        await self.ask("sendPrivate", to, text)

    async def ask(self, method, *args):
        try:
            names = [self.name] if method not in ("listUsers", "listRooms") else []
            asked = self.session.ask(0, method, [*names, *args])
            return await asyncio.wait_for(asked, CALL_PATIENCE)
        except asyncio.TimeoutError:
            text = f"The server has not answered for {CALL_PATIENCE} s: try again, or /quit"
            raise CallError(text) from None

    # Files.

    async def share(self, path):
        if not path:
            raise CallError("Type it like this: /send FILE")
        try:
            found = os.stat(path)
            if not stat.S_ISREG(found.st_mode):
                raise Trouble("it is no plain file")
            if found.st_size > MAX_FILE:
                size = size_in_words(found.st_size)
                raise Trouble(f"it has {size}, and a file has at most {MAX_FILE >> 20} MiB")
            if self.shared == MOST_FILES:
                text = f"you share {MOST_FILES} files already"
                raise Trouble(f"{text}. Leave and come back to share others")
            name = file_name(os.path.basename(path))
            file = SharedFile(self, path, name, found.st_size)
            await self.ask("shareFile", {"name": name, "size": file.size}, file)
        except (Trouble, ValueError, CallError) as why:
            why = why.args[0]
            raise CallError(f"Cannot send {path}: {why}") from None
        except OSError as error:
            why = "there is no such file" if not os.path.lexists(path) else error.strerror
            raise CallError(f"Cannot send {path}: {why}") from None
        self.shared += 1
        self.show(f"📤 Sharing {name} ({size_in_words(file.size)})")

    def save(self, rest):
        if not re.fullmatch("[0-9]{1,9}", rest, re.ASCII):
            raise CallError("Type it like this: /save NUMBER")
        if int(rest) not in self.offers:
            text = "take the number of one that was shared lately"
            raise CallError(f"There is no file {int(rest)} to be saved: {text}")
        task = asyncio.ensure_future(self.fetch_and_tell(*self.offers[int(rest)]))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def fetch_and_tell(self, name, size, stub):
        try:
            data = await self.fetch(file_name(name), size, stub)
            path = self.keep(name, data)
            self.show(f"✅ Saved {name} ({size_in_words(size)}) as {path}")
        except (Trouble, ValueError) as why:
            self.show(f"❌ Cannot save {name}: {why}")
        except CallError as error:
            self.show(f"❌ Cannot save {name}: {clean(error.args[0])}")
        except asyncio.TimeoutError:
            self.show(f"❌ Cannot save {name}: nothing came for {CALL_PATIENCE} s. Try again")
        except OSError as error:
            self.show(f"❌ Cannot save {name}: {error.strerror}")

    async def fetch(self, name, size, stub):
        data, progress = b"", Progress(size)
        while len(data) < size:
            part = await asyncio.wait_for(stub.ask("read", len(data)), CALL_PATIENCE)
            if not isinstance(part, bytes):
                raise Trouble("the server's answer makes no sense")
            data += part
            promised = size_in_words(size)
            if not part:
                raise Trouble(f"it ended after {size_in_words(len(data))}, and {promised} were promised")
            if len(data) > size:
                raise Trouble(f"it is longer than the {promised} promised")
            percent = progress.reaches(len(data))
            if percent and percent < 100 and size > CHUNK:
                self.show(f"📥 {name}: {percent} %")
        return data

    def keep(self, name, data):
        """Writes a new file, and never over another one."""
        if not os.path.isdir(self.options.downloads):
            text = f"there is no folder {self.options.downloads}"
            raise Trouble(f"{text}. Make one, or name another with --downloads")
        stem, ending = os.path.splitext(name)
        for number in range(MOST_NAMES):
            other = f"{stem} ({number}){ending}" if number else name
            path = os.path.join(self.options.downloads, other)
            try:
                with open(path, "xb") as file:
                    file.write(data)
                return path
            except FileExistsError:
                pass
            except OSError:
                os.unlink(path)
                raise
        raise Trouble(f"{MOST_NAMES} files of that name are there already. Move some away")

    # A conversation, from the dial to the goodbye.

    async def dial(self):
        place = f"{self.options.host}:{self.options.port}"
        elsewhere = "or name another place with --url"
        try:
            connecting = self.handshake(place)
            return await asyncio.wait_for(connecting, DIAL_PATIENCE)
        except ConnectionRefusedError:
            text = f"nobody listens at {place}. Start chat-server, {elsewhere}"
        except asyncio.TimeoutError:
            text = f"no answer from {place} for {DIAL_PATIENCE} s. Is it the right place? "
            text += "Name another with --url"
        except (EOFError, Refusal, asyncio.LimitOverrunError, ConnectionResetError):
            text = f"there is no chat server at {place}: it does not speak HTTP"
        except OSError as error:
            text = f"there is no {place} ({error.strerror}). Name another place with --url"
        raise Gone(text)

    async def handshake(self, place):
        options = self.options
        reader, writer = await asyncio.open_connection(options.host, options.port, limit=2**18)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {options.path} HTTP/1.1",
            f"Host: {place}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
        ]
        lines += [f"Authorization: Bearer {options.token}"] if options.token else []
        writer.write("\r\n".join([*lines, "", ""]).encode())
        head = await read_head(reader)
        status = re.match(r"HTTP/1\.1 ([0-9]{3})( |$)", head.first)
        if not status:
            raise Refusal(400, "this is no HTTP")
        if status[1] == "401":
            raise Gone("the server wants a token that is right. Give it with --token")
        if status[1] != "101" or head.all("sec-websocket-accept") != [accept_of(key)]:
            text = f"has no chat there for us (HTTP status {status[1]}). Look at --url"
            raise Gone(f"what listens at {place} {text}")
        return WebSocket(reader, writer, is_client=True)

    async def join(self):
        """Ends when we are in."""
        self.socket = await self.dial()
        self.session = Session(None, self.socket.send)
        self.listening = asyncio.ensure_future(self.listen())
        joining = asyncio.ensure_future(self.ask("join", Me(self)))
        await asyncio.wait([joining, self.listening], return_when=asyncio.FIRST_COMPLETED)
        if not joining.done():
            joining.cancel()
            await self.listening
        answer = await joining
        users = answer.get("users") if isinstance(answer, dict) else None
        names = self.names(users)
        self.show(f"Welcome to the chat, {self.name}!\nConnected users ({len(users)}): {names}\n")
        self.show("Type messages and press Enter to send.")
        self.show("Type '/quit' to exit, '/users' to list users, '/help' for commands\n")

    async def listen(self):
        """Ends with the reason why the chat is over."""
        try:
            while True:
                text = await self.socket.receive()
                await self.screen.room()
                self.session.receive(text)
        except Closed as why:
            text = clean(str(why))
            raise Gone(f"the server has hung up: {text}" if text else IS_GONE) from None
        except Broken as why:
            self.socket.send(abort(str(why)))
            self.socket.close(why.code, str(why))
            text = IS_GONE if "nothing was heard" in str(why) else f"{BROKEN}: {why}"
            raise Gone(text) from None
        except Abort as why:
            if isinstance(why, PeerAbort) and await self.hears_goodbye() == str(why):
                raise Gone(f"the server has hung up: {clean(str(why))}") from None
            self.socket.send(abort(str(why)))
            self.socket.close(3000, str(why))
            raise Gone(f"{BROKEN}: {clean(str(why))}") from None
        finally:
            self.session.end("the chat has ended before it was here")

    async def hears_goodbye(self):
        """A server says why it hangs up, in Cap'n Web and then in WebSocket."""
        try:
            await asyncio.wait_for(self.socket.receive(), GOODBYE_PATIENCE)
        except Closed as why:
            return str(why)
        except (Broken, asyncio.TimeoutError):
            pass
        return None

    async def ask_for_name(self, typed):
        while True:
            self.screen.write("\nEnter your username: ")
            name = await typed.get()
            if name is None:
                self.show("")
                return None
            try:
                return user_name(name)
            except ValueError as why:
                self.show(f"❌ {why}")

    async def converse(self):
        typed = keyboard()
        self.show("=== Cap'n Web Chat Client ===")
        while True:
            self.name = self.options.name or await self.ask_for_name(typed)
            if self.name is None:
                return
            self.show(f"\nConnecting to chat server as '{self.name}'...\n")
            try:
                await self.join()
                break
            except CallError as error:
                await self.hang_up()
                if self.options.name:
                    await self.screen.end(1, f"❌ {clean(error.args[0])}\n")
                self.show(f"❌ {clean(error.args[0])}")
        user = asyncio.ensure_future(self.serve_user(typed))
        await asyncio.wait([user, self.listening], return_when=asyncio.FIRST_COMPLETED)
        if not self.says_goodbye:
            user.cancel()
            await self.listening
        await user

    async def serve_user(self, typed):
        while (line := await typed.get()) is not None and line.strip() != "/quit":
            try:
                await self.obey(clean(line))
            except CallError as error:
                self.show(f"❌ {clean(error.args[0])}")
        if self.tasks:
            await asyncio.wait(self.tasks)
        await self.goodbye()

    async def goodbye(self):
        self.says_goodbye = True
        self.show("\nLeaving chat...")
        if not self.listening.done():
            leaving = self.session.ask(0, "leave", [self.name])
            await asyncio.wait([leaving], timeout=GOODBYE_PATIENCE)
            await self.hang_up()

    async def hang_up(self):
        self.listening.cancel()
        self.socket.close(NORMAL, "")
        await self.socket.end()

    async def live(self):
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.on_signal)
        loop.set_exception_handler(lambda loop, context: None)  # Reasons are told where they arise.
        self.tasks_of_ours = [loop.create_task(self.screen.run())]
        conversing, leaving = (loop.create_task(it) for it in (self.converse(), self.leaving.wait()))
        await asyncio.wait([conversing, leaving], return_when=asyncio.FIRST_COMPLETED)
        if not conversing.done():
            conversing.cancel()
            if hasattr(self, "listening"):
                await self.goodbye()
            else:
                self.show("")
        elif isinstance(conversing.exception(), Gone):
            await self.screen.end(1, f"Connection error: {conversing.exception()}\n")
        elif conversing.exception():
            raise conversing.exception()
        await self.screen.end(0)

    def on_signal(self):
        if self.leaving.is_set():
            os._exit(130)
        self.leaving.set()


IS_GONE = "the server is gone. When it is back, start again"
BROKEN = "the conversation broke off"


def name(text):
    try:
        return user_name(text)
    except ValueError as why:
        raise argparse.ArgumentTypeError(str(why)) from None


def url(text):
    place = re.fullmatch(r"ws://([^\s/:?#@]+)(?::([0-9]{1,5}))?(/[!-~]*)?", text)
    if not place or int(place[2] or 80) > 65535:
        raise argparse.ArgumentTypeError("write a URL such as ws://127.0.0.1:8080/rpc/ws")
    return place[1], int(place[2] or 80), place[3] or "/"


def token(text):
    if not re.fullmatch("[!-~]+", text):
        raise argparse.ArgumentTypeError("a token has letters, digits and signs of ASCII only")
    return text


def read_arguments():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--url", type=url, default="ws://127.0.0.1:8080/rpc/ws")
    parser.add_argument("--name", type=name)
    parser.add_argument("--token", type=token, metavar="SECRET", help="or CHAT_TOKEN")
    parser.add_argument("--downloads", metavar="FOLDER", default=".")
    options = parser.parse_args()
    options.host, options.port, options.path = options.url
    options.token = options.token or os.environ.get("CHAT_TOKEN")
    return options


async def main():
    await Chat(read_arguments()).live()


asyncio.run(main())
