"""A right discovery chat in Python: one event loop, a task for each link, and no line editor.

It was written from the lab sheet, not from the Rust program, and differs wherever the sheet leaves
it free: an acceptor that takes a caller has its link at once, so it needs no reservations; an
announcement that comes at a busy moment is forgotten, since the next one is not far; and a forged
`bye` puts nothing off.
"""

import argparse
import asyncio
import collections
import errno
import ipaddress
import os
import random
import re
import secrets
import signal
import socket
import sys

from screen import Screen, acts, can_be_seen, clean, keyboard

FIRST_PAUSES = (0, 0.3, 0.7)  # seconds before an announcement; then about 5 s
HELLO_PATIENCE = 2  # seconds for a caller's hello
DIAL_PATIENCE = 2  # seconds until a peer accepts
ANSWER_PATIENCE = 5  # seconds from there to its hello
SILENCE = 6  # seconds after which a peer is lost
PING_PAUSE = 2  # seconds
CROSSING = 3  # seconds after a link's begin in which there is no other one
LONGEST_PAUSE = 30  # seconds between two dials of a peer that never answers
FULL_PATIENCE = 0.2  # seconds that our next line waits for a full outbox
FAREWELL = 10  # seconds, as long as messages still go out
LAST_WORDS = 0.5  # seconds in which no message goes out any more, or nobody hangs up

LONGEST_DATAGRAM = 256  # bytes
LONGEST_LINE = 4160  # bytes with the newline
LONGEST_MESSAGE = 4096  # bytes
LONGEST_NAME = 32  # characters
LONGEST_OUTBOX = 256  # frames
MOST_LINKS = 256
MOST_CALLERS = 128  # that have not said hello
MOST_DIALS = 64  # half of them to one address
MOST_FAILED = 1000  # peers that are dialed again later

ID = "[0-9a-f]{18}"
CARD = rf"({ID}) ([1-9][0-9]{{0,4}}) (.*)"
HERE = re.compile(rf"p2pchat/1 here {CARD}", re.S)
HELLO = re.compile(rf"p2pchat/1 hello ({ID}|-) {CARD}", re.S)
SAY = re.compile(rb"say ([1-9][0-9]{0,19}) (.*)", re.S)
OTHER_VERSION = re.compile(rb"p2pchat/(?!1 )([0-9]{1,9}) ")
HELP = """\
❓ Type a message and press Enter: it goes to everybody who is there. Or type
  /list    to see who is there
  /help    to read this again
  /quit    to leave (Ctrl-D and Ctrl-C do the same)
  //...    to send a message that begins with /"""


class NotOurs(Exception):
    """A peer does not speak the protocol."""

    def __str__(self):
        return "it does not speak the protocol"


class Dup(Exception):
    """A peer has another link with us, or soon will."""


NO_LINK = (OSError, EOFError, NotOurs, Dup, asyncio.TimeoutError)

# Names.


def name_of_stranger(text):
    name = re.sub("[:#\t]", "\N{REPLACEMENT CHARACTER}", clean(text.strip(" ")))
    return name[:LONGEST_NAME].rstrip(" ") if can_be_seen(text) else None


def our_name(text):
    bad = next((char for char in text if acts(char) or char in ":#"), None)
    if bad:
        raise argparse.ArgumentTypeError(f"a name cannot contain {bad!r}")
    if not can_be_seen(text):
        raise argparse.ArgumentTypeError("a name needs a character that can be seen")
    if len(text.strip()) > LONGEST_NAME:
        raise argparse.ArgumentTypeError(f"a name has at most {LONGEST_NAME} characters")
    return text.strip()


class Lines:
    """What a peer says, cut into lines."""

    def __init__(self, reader):
        self.reader, self.ready, self.rest = reader, collections.deque(), b""

    async def next(self, patience):
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        while not self.ready:
            data = await asyncio.wait_for(self.reader.read(65536), deadline - loop.time())
            if not data:
                raise EOFError("it hung up")
            *lines, self.rest = (self.rest + data).split(b"\n")
            self.ready.extend(lines)
            if len(self.rest) >= LONGEST_LINE:
                self.ready.append(self.rest)
        line = self.ready.popleft()
        if len(line) >= LONGEST_LINE:
            raise NotOurs
        return line[:-1] if line.endswith(b"\r") else line


class Link:
    def __init__(self, hello, ip, lines, writer):
        _, self.id, self.port, self.name = hello
        self.ip, self.lines, self.writer = ip, lines, writer
        self.outbox = asyncio.Queue(LONGEST_OUTBOX)
        self.since = asyncio.get_running_loop().time()
        self.unsure = 0  # messages since it was last heard
        self.talking = self.writing = None  # its tasks

    def is_young(self):
        return asyncio.get_running_loop().time() - self.since < CROSSING

    async def write(self):
        """Sends what is in the outbox, up to the goodbye."""
        self.writer.transport.set_write_buffer_limits(0)
        frame = None
        try:
            while frame != b"bye\n":
                frame = await self.outbox.get()
                self.writer.write(frame)
                await self.writer.drain()
            self.writer.write_eof()
        except OSError:
            self.writer.transport.abort()


def hang_up(writer):
    """Closes a connection, and does not wait long for what is still to be sent."""
    writer.close()
    asyncio.get_running_loop().call_later(LAST_WORDS, writer.transport.abort)


class Peer(asyncio.DatagramProtocol):
    def __init__(self, options):
        self.id, self.options, self.port = secrets.token_hex(9), options, None
        self.leaving = asyncio.Event()
        self.screen = Screen("" if options.plain else "💬 ", self.leaving.set)
        self.links = {}  # by id
        self.dialing = {}  # by id, or by address where that is all we know: the address
        self.failed = {}  # by id: when it may be dialed again, and the pause after that
        self.callers = collections.deque()  # the tasks of those without a hello, the oldest first
        self.tasks = set()
        self.said = 0
        self.told = set()

    def start(self, work):
        """Runs this on its own, for as long as it needs."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)  # The loop itself would not keep it.
        task.add_done_callback(self.tasks.discard)
        return task

    def tell_once(self, what, line):
        if what not in self.told:
            self.told.add(what)
            self.show(line)

    def show(self, line, ends_a_paragraph=False):
        self.screen.show(line)
        if ends_a_paragraph and self.screen.prompt:
            self.screen.write("\n")
        self.screen.ask()

    # Finding others.

    async def announce(self):
        pauses = iter(FIRST_PAUSES)
        while True:
            await asyncio.sleep(next(pauses, random.uniform(4, 6)))
            self.shout(f"here {self.id} {self.port} {self.options.name}")

    def shout(self, words):
        for where in self.options.broadcast:
            try:
                self.sender.sendto(f"p2pchat/1 {words}".encode(), where)
            except OSError as error:
                why = f"{error.strerror}: name its broadcast address with --broadcast"
                self.tell_once("network", f"⚠️ Cannot announce to the network: {why}")

    def datagram_received(self, data, address):
        ip = address[0]
        if len(data) > LONGEST_DATAGRAM or not self.is_near(ip):
            return
        self.notice_version(data, ip)
        here = HERE.fullmatch(data.decode("utf-8", "replace"))
        if here and self.may_dial(here[1], (ip, int(here[2]))):
            self.start(self.dial_heard(here[1], (ip, int(here[2]))))

    def is_near(self, ip):
        ip = ipaddress.ip_address(ip)
        return ip.is_loopback or (ip.is_private and not self.options.local)

    def notice_version(self, data, ip):
        if other := OTHER_VERSION.match(data):
            who = f"A peer at {ip} speaks p2pchat/{int(other[1])}"
            only = "and this program only p2pchat/1: they cannot talk"
            self.tell_once("version", f"⚠️ {who}, {only}")

    # Calling others.

    def may_dial(self, whom, address):
        is_known = whom == self.id or whom in self.links or whom in self.dialing
        there = sum(address == other for other in self.dialing.values())
        not_before, _ = self.failed.get(whom, (0, 0))
        return (
            address[1] <= 65535
            and not is_known
            and not self.leaving.is_set()
            and len(self.dialing) < MOST_DIALS
            and there < MOST_DIALS // 2
            and asyncio.get_running_loop().time() >= not_before
        )

    async def dial_heard(self, whom, address):
        _, pause = self.failed.pop(whom, (0, 1))
        try:
            await self.dial(whom, address, whom)
            pause = 1
        except NO_LINK:
            pass
        # Whether there was a link or not: it is left alone for a moment.
        not_before = asyncio.get_running_loop().time() + pause
        self.failed[whom] = not_before, min(2 * pause, LONGEST_PAUSE)
        if len(self.failed) > MOST_FAILED:
            del self.failed[next(iter(self.failed))]

    async def dial_named(self, named):
        host, port = named.rsplit(":", 1)
        pause = 1
        while True:
            try:
                address = await self.address_of(host.strip("[]"), int(port))
                if all((link.ip, link.port) != address for link in self.links.values()):
                    await self.dial("-", address, address)
                pause = 1
            except Dup:
                pause = 1  # It is there.
            except NO_LINK as error:
                why = str(error) or "no answer"
                line = f"⚠️ No answer from {named} yet ({why}); trying again until there is"
                self.tell_once(named, line)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def address_of(self, host, port):
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        ips = [ipaddress.ip_address(address[0]) for *_, address in found]
        ips = [ip for ip in ips if ip.is_loopback or not self.options.local]
        if not ips:
            raise OSError("it is not on this machine, and --local stays here")
        return str(min(ips, key=lambda ip: ip.version)), port

    async def dial(self, whom, address, key):
        """Ends when the link ends, or tells why there is none."""
        self.dialing[key] = address
        try:
            link = await self.shake_hands(whom, address)
        finally:
            self.dialing.pop(key, None)
        await self.talk(link)

    async def shake_hands(self, whom, address):
        source = (self.options.bind, 0) if self.options.bind else None
        connecting = asyncio.open_connection(*address, local_addr=source)
        reader, writer = await asyncio.wait_for(connecting, DIAL_PATIENCE)
        try:
            writer.write(self.hello(whom))
            lines = Lines(reader)
            line = await lines.next(ANSWER_PATIENCE)
            if line == b"dup":
                raise Dup
            hello = to, who, _, _ = self.read_hello(line, address[0])
            if to != self.id or who == self.id or whom not in (who, "-"):
                raise OSError("another peer listens there")
            if who in self.links and self.links[who].is_young() and self.id > who:
                raise Dup  # Nameless dials have crossed. The one of the smaller id counts.
            return self.link(hello, address[0], lines, writer)
        except BaseException:
            hang_up(writer)
            raise

    def hello(self, to):
        return f"p2pchat/1 hello {to} {self.id} {self.port} {self.options.name}\n".encode()

    def read_hello(self, line, ip):
        """The four parts of a hello: for whom, from whom, its port and its name."""
        self.notice_version(line, ip)
        hello = HELLO.fullmatch(line.decode("utf-8", "replace"))
        name = hello and name_of_stranger(hello[4])
        if not name or int(hello[3]) > 65535:
            raise NotOurs
        return hello[1], hello[2], int(hello[3]), name

    # Being called.

    async def on_call(self, reader, writer):
        me = asyncio.current_task()
        self.callers.append(me)
        if len(self.callers) > MOST_CALLERS:
            self.callers.popleft().cancel()
        try:
            link = await self.answer(Lines(reader), writer)
        except (asyncio.CancelledError, *NO_LINK):
            hang_up(writer)
            return
        finally:
            if me in self.callers:
                self.callers.remove(me)
        await self.talk(link)

    async def answer(self, lines, writer):
        ip = writer.get_extra_info("peername")[0]
        line = await lines.next(HELLO_PATIENCE)
        hello = to, who, _, _ = self.read_hello(line, ip)
        if to not in (self.id, "-") or who == self.id:
            raise NotOurs
        if self.prefers_another_link(to, who):
            writer.write(b"dup\n")
            raise Dup
        link = self.link(hello, ip, lines, writer)
        writer.write(self.hello(who))
        return link

    def prefers_another_link(self, to, who):
        if who in self.links:
            return to == "-" or self.links[who].is_young()
        if to == "-" and who in self.dialing:
            return True  # It gains nothing by a second link.
        # The dials cross, and the one of the smaller id counts. Who is at an address that we dial,
        # nobody knows yet.
        is_nameless = to == "-" and any(isinstance(whom, tuple) for whom in self.dialing)
        return self.id < who and (who in self.dialing or is_nameless)

    # Links.

    def link(self, hello, ip, lines, writer):
        link = Link(hello, ip, lines, writer)
        old = self.links.get(link.id)
        if self.leaving.is_set() or (not old and len(self.links) >= MOST_LINKS):
            if not self.leaving.is_set():
                self.tell_once("crowd", f"⚠️ There is no room for more than {MOST_LINKS} peers")
            raise Dup
        self.links[link.id] = link
        if not old:
            self.show(f"🔍 Discovered new peer: {self.who(link)} ({ip})", True)
        else:
            if not old.is_young():
                self.show(f"🔁 {self.who(link)} reconnected from {ip}")
            hang_up(old.writer)
        return link

    def who(self, link):
        """Its name, and a part of its id where the name alone would not do."""
        names = [other.name for other in self.links.values() if other.id != link.id]
        is_known = link.name in (self.options.name, *names)
        return f"{link.name}#{link.id[:6]}" if is_known else link.name

    async def talk(self, link):
        """Hears a peer, up to the end of its link."""
        link.talking, link.writing = asyncio.current_task(), self.start(link.write())
        try:
            while (line := await link.lines.next(SILENCE)) != b"bye":
                link.unsure = 0
                say = SAY.fullmatch(line)
                if say and int(say[1]) < 1 << 64 and len(say[2]) <= LONGEST_MESSAGE:
                    await self.screen.room()
                    self.on_message(link, clean(say[2].decode("utf-8", "replace")))
            link.unsure = 0
            self.lose(link, "👋 {} left")
        except asyncio.TimeoutError:
            self.lose(link, f"⚠️ lost {{}} (no answer for {SILENCE} s)")
        except NotOurs as why:
            self.lose(link, f"⚠️ lost {{}} ({why})")
        except (EOFError, OSError):
            self.lose(link, "👋 {} left (without saying goodbye)")
        finally:
            link.writing.cancel()
            hang_up(link.writer)

    def on_message(self, link, text):
        if self.links.get(link.id) is link and not self.leaving.is_set():
            self.show(f"📨 {self.who(link)} says: {text}")

    def lose(self, link, notice):
        if self.links.get(link.id) is not link:
            return
        who = self.who(link)
        del self.links[link.id]
        if not self.leaving.is_set():
            self.show(notice.format(who))
            self.doubt(link, who)

    def doubt(self, link, who):
        messages = max(link.unsure, link.outbox.qsize())
        if messages:
            self.show(f"⚠️ {messages} message(s) to {who} may not have arrived")

    async def ping(self):
        while True:
            await asyncio.sleep(PING_PAUSE)
            for link in self.links.values():
                if link.outbox.empty():
                    link.outbox.put_nowait(b"ping\n")

    # The user.

    async def serve_user(self, typed):
        while (line := await typed.get()) is not None:
            self.screen.is_asking = False
            line = clean(line)
            if line.strip() == "/quit":
                return
            await self.screen.room()
            await self.obey(line)
            self.screen.ask()

    async def obey(self, line):
        command = line.strip()
        if command == "/list" and self.links:
            links = sorted(self.links.values(), key=lambda link: (link.name, link.id))
            lines = [f"\n  - {self.who(l)} ({shown(l.id)}) at {l.ip}:{l.port}" for l in links]
            self.show("👥 Discovered peers:" + "".join(lines), True)
        elif command == "/list":
            self.show("📭 No peers yet", True)
        elif command == "/help":
            self.show(HELP, True)
        elif line.startswith("//"):
            await self.say(line[1:])
        elif line.startswith("/"):
            how = "/help lists what there is, and a message that begins with / is typed with two"
            self.show(f"⚠️ Unknown command {command}: {how} of them")
        elif command:
            await self.say(line)

    async def say(self, text):
        size = len(text.encode("utf-8", "replace"))
        if size > LONGEST_MESSAGE:
            most = f"a message has at most {LONGEST_MESSAGE} bytes, and this one has {size}"
            self.show(f"⚠️ Not sent: {most}. Send it in parts")
            return
        self.said += 1
        frame = f"say {self.said} {text}\n".encode("utf-8", "replace")
        puts = {self.start(link.outbox.put(frame)): link for link in self.links.values()}
        done = set()
        if puts:
            done, _ = await asyncio.wait(puts, timeout=FULL_PATIENCE)
        for put, link in puts.items():
            if put in done:
                link.unsure += 1
            else:
                put.cancel()
                self.lose(link, "⚠️ lost {} (it does not read what is sent)")
                link.writer.transport.abort()
        self.show(f"📤 Message sent to {len(done)} peer(s)" if done else "📭 No peers yet", True)

    # The end.

    def on_signal(self):
        if self.leaving.is_set():
            os._exit(130)
        self.leaving.set()

    async def leave(self):
        """Says goodbye, and stays as long as messages still go out."""
        self.leaving.set()
        self.ears.close()
        self.shout(f"bye {self.id}")
        loop = asyncio.get_running_loop()
        end = loop.time() + FAREWELL
        links = list(self.links.values())
        pending = {self.start(self.say_goodbye(link)) for link in links}
        while pending and loop.time() < end:
            waiting = [link.outbox.qsize() for link in links]
            done, pending = await asyncio.wait(pending, timeout=LAST_WORDS)
            if not done and waiting == [link.outbox.qsize() for link in links]:
                break
        for link in links:
            if not link.writing.done():
                self.doubt(link, self.who(link))
        self.screen.show("👋 Goodbye!")
        await self.screen.end(0)

    async def say_goodbye(self, link):
        await link.outbox.put(b"bye\n")
        await asyncio.wait([link.writing])
        await asyncio.wait([link.talking], timeout=LAST_WORDS)

    # The whole.

    async def live(self):
        self.start(self.screen.run())
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self.on_trouble)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.on_signal)
        await self.open_sockets()
        self.show(
            "🎙️  Starting P2P Chat...\n"
            f"👤 Your ID: {shown(self.id)}\n"
            f"📡 Your Name: {self.options.name}\n"
            f"🔌 Listening on port: {self.port}\n"
            f"🔗 TCP listener started on port {self.port}",
            True,
        )
        for work in (self.announce(), self.ping(), *map(self.dial_named, self.options.peer)):
            self.start(work)
        user, end = self.start(self.serve_user(keyboard())), self.start(self.leaving.wait())
        await asyncio.wait([user, end], return_when=asyncio.FIRST_COMPLETED)
        user.cancel()
        await self.leave()

    async def open_sockets(self):
        options = self.options
        try:
            port = f"TCP port {options.port}"
            way_out = (
                "perhaps by another peer on this machine: "
                "choose another --port, or --port 0 for any that is free"
            )
            home = options.bind or ("127.0.0.1" if options.local else "0.0.0.0")
            server = await asyncio.start_server(self.on_call, home, options.port)
            self.port = server.sockets[0].getsockname()[1]

            port, way_out = f"UDP port {options.discovery_port}", "choose another --discovery-port"
            heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            heard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            heard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            heard.bind(("0.0.0.0", options.discovery_port))
            loop = asyncio.get_running_loop()
            self.ears, _ = await loop.create_datagram_endpoint(lambda: self, sock=heard)
            self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            self.sender.bind((home, 0))
            self.sender.setblocking(False)
        except OSError as error:
            why = f"in use, {way_out}" if error.errno == errno.EADDRINUSE else f"no port: {error}"
            sys.exit(f"error: {port} is {why}")

    def on_trouble(self, loop, context):
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            self.tell_once("full", f"⚠️ No call can be accepted for now: {error.strerror}")
        elif not isinstance(error, OSError):
            loop.default_exception_handler(context)


def shown(peer_id):
    return "-".join(peer_id[at : at + 6] for at in (0, 6, 12))


# The command line.


def host_and_port(text):
    if not re.fullmatch(r"[^\s:]+:[1-9][0-9]{0,4}|\[[^\s]+\]:[1-9][0-9]{0,4}", text):
        raise argparse.ArgumentTypeError("write a host and a port, such as bob.lan:8081")
    return text


def ip_and_port(text):
    try:
        ip, port = text.split(":")
        return str(ipaddress.IPv4Address(ip)), port_number(port)
    except ValueError:
        example = "write an IPv4 address and a port, such as 192.168.1.255:9999"
        raise argparse.ArgumentTypeError(example) from None


def port_number(text):
    if not re.fullmatch("[0-9]{1,5}", text, re.ASCII) or int(text) > 65535:
        raise ValueError
    return int(text)


def read_arguments():
    parser = argparse.ArgumentParser(prog="p2p_chat", allow_abbrev=False)
    commands = parser.add_subparsers(dest="start", required=True)
    about = "Nothing is encrypted, and nobody proves who they are: use it among people you trust."
    start = commands.add_parser("start", allow_abbrev=False, description=about)
    start.add_argument("--name", type=our_name, required=True)
    start.add_argument("--port", type=port_number, default=0)
    start.add_argument("--local", action="store_true")
    start.add_argument("--peer", type=host_and_port, action="append", default=[])
    start.add_argument("--discovery-port", type=port_number, default=9999)
    start.add_argument("--broadcast", type=ip_and_port, action="append", default=[])
    start.add_argument("--bind", type=lambda text: str(ipaddress.IPv4Address(text)))
    start.add_argument("--plain", action="store_true")
    options = parser.parse_args()
    is_loopback = options.bind and ipaddress.ip_address(options.bind).is_loopback
    if options.local and options.bind and not is_loopback:
        start.error("with --local, --bind takes an address that begins with 127")
    if options.local and options.broadcast:
        start.error("--local and --broadcast do not go together")
    options.local |= bool(is_loopback)
    everybody = "127.255.255.255" if options.local else "255.255.255.255"
    options.broadcast = options.broadcast or [(everybody, options.discovery_port)]
    return options


async def main(options):
    await Peer(options).live()


asyncio.run(main(read_arguments()))
