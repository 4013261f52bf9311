"""Cap'n Web, as far as the labs need it: a session of calls, and the HTTP that carries it.

It was written from the page on the protocol, not from the Rust crate: a session is one object, and
what it reads is evaluated at once.
"""

import asyncio
import base64
import json
import re

MOST_BRACKETS = 64
MOST_ENTRIES = 10_000  # of a session's exports
LONGEST_BIGINT = 16_384  # digits
MAX_ID = 2**53 - 1  # JavaScript knows no larger one

UNDEFINED = object()


class Abort(Exception):
    """The session is over: the other side breaks the protocol."""


class PeerAbort(Abort):
    """The session is over: the other side says so."""


class CallError(Exception):
    """A call has failed, and only that call."""

    def __init__(self, message, name="Error", code=None):
        super().__init__(message)
        self.name, self.code = name, code

    def __str__(self):
        return f"{self.name}: {self.args[0]}"

    def form(self):
        code = [None, {"code": self.code}] if self.code else []
        return ["error", self.name, self.args[0], *code]


class Form:
    """A value that we only pass on, such as a date."""

    def __init__(self, form):
        self.form = form


class Written:
    """A value that goes to many, as text. There is nothing in it that can be called."""

    def __init__(self, value):
        self.text = dumps(Session(None, None).written(value))


class Stub:
    """Something of the other side's that can be called, for as long as we keep it."""

    def __init__(self, session, number):
        self.session, self.number = session, number
        self.is_kept = False  # An argument is lent for one call, unless somebody keeps it.

    def keep(self):
        self.is_kept = True
        return self

    def tell(self, method, *args):
        """Calls a method, and wants no answer."""
        self.session.call(self.number, method, args)
        self.session.calls_done(self.session.calls)

    def ask(self, method, *args):
        """Calls a method. Returns the future of its answer."""
        return self.session.ask(self.number, method, args)

    def release(self):
        self.session.send(["release", self.number, 1])


class Target:
    """What can be called. A subclass says by which names."""

    methods = properties = ()

    def get(self, name):
        return getattr(self, name)() if name in self.properties else UNDEFINED


class Session:
    """One side of a conversation. `send` takes a message that goes out."""

    def __init__(self, main, send):
        self.send_text = send
        self.exports = {0: [main, 1]}  # by number: a value, an error or a future; and references
        self.pushed = self.calls = self.exported = 0
        self.answers = {}  # futures, by the number of our call
        self.lent = []  # stubs in the message that is being read

    # What goes out.

    def send(self, message):
        self.send_text(dumps(message))

    def call(self, number, method, args):
        self.calls += 1
        texts = (it.text if isinstance(it, Written) else dumps(self.written(it)) for it in args)
        self.send_text(f'["push",["pipeline",{number},["{method}"],[{",".join(texts)}]]]')

    def ask(self, number, method, args):
        self.call(number, method, args)
        self.send(["pull", self.calls])
        answer = self.answers[self.calls] = asyncio.get_running_loop().create_future()
        return answer

    def calls_done(self, number):
        self.send(["release", number, 1])

    def end(self, why):
        """Nothing more will be answered."""
        for answer in self.answers.values():
            if not answer.done():
                answer.set_exception(CallError(why))
                answer.exception()  # Perhaps nobody asks.
        self.answers.clear()

    def written(self, value):
        if value is UNDEFINED:
            return ["undefined"]
        if isinstance(value, dict):
            return {name: self.written(part) for name, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [[self.written(part) for part in value]]
        if isinstance(value, bytes):
            return ["bytes", base64.b64encode(value).decode().rstrip("=")]
        if isinstance(value, (Form, CallError)):
            return value.form if isinstance(value, Form) else value.form()
        if isinstance(value, Stub):
            return ["import", value.number]
        if isinstance(value, Target):
            self.exported -= 1
            self.exports[self.exported] = [value, 1]
            return ["export", self.exported]
        return value

    # What comes in.

    def receive(self, text):
        message = parse(text)
        kind = message[0] if isinstance(message, list) and message else None
        handler = getattr(self, f"on_{kind}", None) if isinstance(kind, str) else None
        if kind in ("stream", "pipe"):
            raise Abort(f"this session takes no {kind}")
        if not handler or len(message) not in HANDLED.get(kind, ()):
            raise Abort(f"bad RPC message: {text[:80]}")
        handler(*message[1:])
        lent, self.lent = self.lent, []
        for stub in lent:
            if not stub.is_kept:
                stub.release()

    def on_push(self, form):
        if len(self.exports) >= MOST_ENTRIES:
            raise Abort("too many results were never released")
        try:
            value = self.read(form)
        except CallError as error:
            value = error
        self.pushed += 1
        self.exports[self.pushed] = [value, 1]

    def on_pull(self, number):
        if not is_id(number):
            raise Abort("bad RPC message: no number to pull")
        value = self.entry(number)[0] if number > 0 else self.entry(None)
        if isinstance(value, asyncio.Future):
            value.add_done_callback(lambda done: self.answer(number, outcome(done)))
        else:
            self.answer(number, value)

    def answer(self, number, value):
        if isinstance(value, CallError):
            self.send(["reject", number, value.form()])
        else:
            self.send(["resolve", number, self.written(value)])

    def on_resolve(self, number, form):
        self.settle(number, self.read(form))

    def on_reject(self, number, form):
        error = self.read(form)
        self.settle(number, error if isinstance(error, CallError) else CallError("it was rejected"))

    def settle(self, number, value):
        answer = self.answers.pop(number, None) if is_id(number) else None
        if answer:
            self.calls_done(number)
        if answer and not answer.done():
            if isinstance(value, CallError):
                answer.set_exception(value)
            else:
                answer.set_result(value)

    def on_release(self, number, count):
        if not is_id(number) or not is_id(count) or count < 1:
            raise Abort("bad RPC message: no release")
        entry = self.entry(number)
        entry[1] -= count
        if entry[1] < 0:
            raise Abort(f"cannot release {count} references of {number}")
        if entry[1] == 0:
            del self.exports[number]

    def on_abort(self, form):
        error = self.read(form)
        raise PeerAbort(error.args[0] if isinstance(error, CallError) else "the other side gave up")

    def entry(self, number):
        if number not in self.exports:
            raise Abort(f"no such entry on exports table: {number}")
        return self.exports[number]

    # Values.

    def read(self, form):
        if isinstance(form, dict):
            return {name: self.read(part) for name, part in form.items()}
        if not isinstance(form, list):
            return form
        if len(form) == 1 and isinstance(form[0], list):
            return [self.read(part) for part in form[0]]
        tag, *rest = form or [None]
        if tag in ("pipeline", "import"):
            return self.evaluate(form, *rest)
        if tag in ("export", "promise") and len(rest) == 1 and is_id(rest[0]) and rest[0] < 0:
            self.lent.append(Stub(self, rest[0]))
            return self.lent[-1]
        if tag == "undefined" and not rest:
            return UNDEFINED
        if tag == "error" and len(rest) >= 2 and all(isinstance(text, str) for text in rest[:2]):
            properties = rest[3] if len(rest) == 4 and isinstance(rest[3], dict) else {}
            return CallError(rest[1], rest[0], properties.get("code"))
        if tag == "bytes" and rest and isinstance(rest[0], str):
            return bytes_of(rest[0])
        if tag in ("remap", "readable", "writable", "url", "headers", "request", "response", "blob"):
            raise Abort(f"this session takes no {tag}")
        is_form = {
            "date": lambda ms=UNDEFINED: ms is None or isinstance(ms, (int, float)),
            "bigint": lambda n="": isinstance(n, str) and len(n) <= LONGEST_BIGINT and is_whole(n),
            "inf": lambda: True,
            "-inf": lambda: True,
            "nan": lambda: True,
        }.get(tag if isinstance(tag, str) else None)
        if not is_form or len(rest) > 1 or not is_form(*rest):
            raise unknown(form)
        return Form(form)

    def evaluate(self, form, number=None, path=(), args=None, *more):
        is_path = isinstance(path, (list, tuple)) and all(isinstance(p, (str, int)) for p in path)
        is_call = args is None or isinstance(args, list)
        if not is_id(number) or not is_path or not is_call or more:
            raise unknown(form)
        value = self.entry(number)[0]
        args = None if args is None else [self.read(arg) for arg in args]
        if isinstance(value, asyncio.Future):
            value = outcome(value) if value.done() else CallError("there is no answer yet")
        if isinstance(value, CallError):
            raise value
        *way, last = path or [None]
        for name in way if args is not None else path:
            value = part(value, name)
        if args is None:
            return value
        if not isinstance(value, Target) or last not in value.methods:
            name = ".".join(map(str, path))[:80]
            raise CallError(f"'{name}' is not a function.", "TypeError")
        return getattr(value, last)(*args)


HANDLED = {"push": [2], "pull": [2], "resolve": [3], "reject": [3], "release": [3], "abort": [2]}


def dumps(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def parse(text):
    """JSON, and no more brackets than a recursion can follow."""
    depth = 0
    is_deep = text.count("[") + text.count("{") > MOST_BRACKETS
    for sign in re.findall(r'"(?:[^"\\]|\\.)*"?|[][{}]', text, re.S) if is_deep else ():
        depth += (sign in "[{") - (sign in "]}")
        if depth > MOST_BRACKETS:
            raise Abort(f"bad JSON: more than {MOST_BRACKETS} brackets are open")
    try:
        value = json.loads(text, parse_constant=refuse_number, parse_float=finite)
        if "\\u" in text:
            dumps(value).encode()  # Half a pair is no text.
    except ValueError as error:
        raise Abort(f"bad JSON: {error}") from None
    return value


def refuse_number(text):
    raise ValueError(f"{text} is no number")


def finite(text):
    number = float(text)
    return int(number) if number.is_integer() and abs(number) <= MAX_ID else number_in_range(number)


def number_in_range(number):
    if abs(number) == float("inf"):
        raise ValueError("a number is out of range")
    return number


def is_id(number):
    return type(number) is int and abs(number) <= MAX_ID


def is_whole(text):
    return re.fullmatch("-?[0-9]+", text, re.ASCII) is not None


def unknown(form):
    return Abort(f"unknown special value: {json.dumps(form)[:80]}")


def bytes_of(text):
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise unknown(["bytes", text]) from None


def part(value, name):
    if isinstance(value, Target):
        return value.get(name)
    if isinstance(value, dict):
        return value.get(name, UNDEFINED)
    if isinstance(value, list) and isinstance(name, int) and 0 <= name < len(value):
        return value[name]
    return UNDEFINED


def outcome(future):
    """The result of a future that is done, or its error."""
    if future.cancelled():
        return CallError("the call was cancelled")
    error = future.exception()
    if isinstance(error, CallError):
        return error
    return CallError("the call has failed") if error else future.result()


# A session in one request.

MOST_MESSAGES = 2000
BATCH_PATIENCE = 5  # seconds


async def answer_batch(main, body):
    """The status and the body that answer a request with this body."""
    replies = []
    session = Session(main, replies.append)
    try:
        lines = body.decode().split("\n") if body else []
        if len(lines) > MOST_MESSAGES:
            raise Abort(f"a batch has more than {MOST_MESSAGES} messages")
        for line in lines:
            session.receive(line)
        pending = [it for it, _ in session.exports.values() if isinstance(it, asyncio.Future)]
        if pending:
            await asyncio.wait(pending, timeout=BATCH_PATIENCE)
            await asyncio.sleep(0)  # Now their answers are there.
    except UnicodeDecodeError:
        return 500, abort("the request is not UTF-8")
    except Abort as why:
        return 500, abort(str(why))
    return 200, "\n".join(replies)


def abort(why):
    return json.dumps(["abort", ["error", "Error", why]], separators=(",", ":"))


# HTTP.

MAX_HEAD = 16 * 1024
MAX_HEADERS = 64
MAX_BODY = 1024 * 1024
MAX_TRAILERS = 4 * 1024
HEAD_PATIENCE = 5  # seconds
BODY_PATIENCE = 10  # seconds
REPLY_PATIENCE = 5  # seconds
MOST_CALLERS = 256

REASONS = {
    100: "Continue", 101: "Switching Protocols", 200: "OK", 204: "No Content", 400: "Bad Request",
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    408: "Request Timeout", 411: "Length Required", 413: "Content Too Large",
    417: "Expectation Failed", 421: "Misdirected Request", 426: "Upgrade Required",
    431: "Request Header Fields Too Large", 500: "Internal Server Error", 501: "Not Implemented",
    503: "Service Unavailable", 505: "HTTP Version Not Supported",
}  # fmt: skip


class Refusal(Exception):
    """A request is not answered, and its connection ends."""

    def __init__(self, status, why, **headers):
        super().__init__(why)
        self.status, self.headers = status, headers


class Head:
    """The first line of a request or of a response, and its headers."""

    def __init__(self, first, headers):
        self.first, self.headers = first, headers

    def all(self, name):
        return [value for other, value in self.headers if other == name]

    def one(self, name):
        values = self.all(name)
        if len(values) > 1:
            raise Refusal(400, f"there are two headers {name}")
        return values[0] if values else None

    def words(self, name):
        return [word.strip().lower() for value in self.all(name) for word in value.split(",")]


async def read_head(reader, begun=b""):
    try:
        data = begun + await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        data = b" " * (MAX_HEAD + 1)
    if len(data) > MAX_HEAD:
        raise Refusal(431, "the head is too long")
    first, *lines = data[:-4].split(b"\r\n")
    if len(lines) > MAX_HEADERS:
        raise Refusal(431, "there are too many headers")
    if b"\n" in data.replace(b"\r\n", b"") or b"\r" in data.replace(b"\r\n", b""):
        raise Refusal(400, "every line must end in CR LF")
    headers = []
    for line in lines:
        header = re.fullmatch(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0-\x08\x0a-\x1f\x7f]*)", line)
        if not header:
            raise Refusal(400, "a header makes no sense")
        headers.append((header[1].decode().lower(), header[2].decode("latin-1").rstrip(" \t")))
    return Head(first.decode("latin-1"), headers)


def length_of(head):
    """How long a body is: a number of bytes, "chunked", or None."""
    lengths, codings = head.all("content-length"), head.all("transfer-encoding")
    if not codings:
        length = head.one("content-length")
        if length is not None and not re.fullmatch("[0-9]{1,19}", length, re.ASCII):
            raise Refusal(400, "a length is a number")
        return None if length is None else int(length)
    coding = head.one("transfer-encoding").lower()
    if lengths:
        raise Refusal(400, "there are two lengths")
    if re.fullmatch(r"(gzip|x-gzip|deflate|compress)\s*,\s*chunked", coding):
        raise Refusal(501, "this coding is not known here")
    if coding != "chunked":
        raise Refusal(400, "the last coding must be chunked, and once")
    return "chunked"


async def read_body(reader, length):
    if length != "chunked":
        if length > MAX_BODY:
            raise Refusal(413, "a body has at most 1 MiB")
        return await reader.readexactly(length)
    body = b""
    while size := await chunk_size(reader):
        if len(body) + size > MAX_BODY:
            raise Refusal(413, "a body has at most 1 MiB")
        body += await reader.readexactly(size)
        if await reader.readexactly(2) != b"\r\n":
            raise Refusal(400, "a chunk is longer than it says")
    trailers = 0
    while (line := await reader.readuntil(b"\n")) != b"\r\n":
        trailers += len(line)
        if trailers > MAX_TRAILERS:
            raise Refusal(431, "the trailers are too long")
    return body


async def chunk_size(reader):
    size = re.fullmatch(rb"([0-9A-Fa-f]{1,16})(;[^\r\n]*)?\r\n", await reader.readuntil(b"\n"))
    if not size:
        raise Refusal(400, "a chunk makes no sense")
    return int(size[1], 16)


class Request:
    def __init__(self, head, method, path, reader, writer):
        self.head, self.method, self.path = head, method, path
        self.reader, self.writer = reader, writer
        self.body = None
        self.taken = False  # by somebody who goes on with the connection


class HttpServer:
    """Answers requests to this machine, from programs on it and from pages of its own.

    `route` takes a request with its body; it returns a status, a body, and headers.
    """

    def __init__(self, route, most_callers=MOST_CALLERS, methods=None):
        self.route, self.most_callers = route, most_callers
        self.callers = {}  # tasks: whether each is idle; the longest idle first
        self.port = None
        self.is_full = False  # The system has no room for another one.
        self.hosts = ("127.0.0.1", "localhost", "[::1]")
        self.methods = methods or {}  # by path

    async def listen(self, host, port):
        server = await asyncio.start_server(self.serve, host, port, limit=MAX_HEAD - 4, backlog=512)
        self.port = server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        me = asyncio.current_task()
        try:
            if len(self.callers) >= self.most_callers and not self.makes_room():
                why = "this peer talks to too many callers; try again soon"
                raise Refusal(503, why, Retry_After="1")
            self.callers[me] = True
            while not reader.at_eof() and await self.serve_one(me, reader, writer):
                self.callers[me] = self.callers.pop(me) or True
        except Refusal as why:
            await self.refuse(writer, reader, why)
        except (OSError, EOFError, asyncio.TimeoutError, asyncio.CancelledError):
            pass
        finally:
            self.callers.pop(me, None)
            writer.close()
            asyncio.get_running_loop().call_later(1, writer.transport.abort)

    def makes_room(self):
        idle = next((task for task, is_idle in self.callers.items() if is_idle), None)
        if idle:
            del self.callers[idle]
            idle.cancel()
        return idle is not None

    async def serve_one(self, me, reader, writer):
        """Whether another request may follow."""
        begun = await reader.read(1)
        if not begun:
            return False
        self.callers[me] = False
        if not begun.isalpha():
            raise Refusal(400, "this is no HTTP request")
        try:
            head = await asyncio.wait_for(read_head(reader, begun), HEAD_PATIENCE)
            request = self.read_request(head, reader, writer)
            await asyncio.wait_for(self.add_body(request), BODY_PATIENCE)
        except asyncio.TimeoutError:
            raise Refusal(408, "the request did not come in time") from None
        except asyncio.LimitOverrunError:
            raise Refusal(400, "a chunk makes no sense") from None
        result = await self.route(request)
        if request.taken:
            return False
        status, body, *headers = result
        closes = "close" in head.words("connection") or request.head.first.endswith("/1.0")
        reply = response(status, body, closes, *headers)
        writer.write(reply)
        await asyncio.wait_for(writer.drain(), REPLY_PATIENCE)
        return not closes

    def read_request(self, head, reader, writer):
        first = re.fullmatch(r"([A-Z]+) (/[!-~]*|\*) HTTP/([0-9])\.([0-9])", head.first)
        if not first:
            raise Refusal(400, "this is no HTTP request")
        if first[3] != "1":
            raise Refusal(505, "this server speaks HTTP/1.1")
        host = head.one("host")
        if host is None:
            raise Refusal(400, "a request names its host")
        if host.lower() not in self.names():
            raise Refusal(421, "there is no such host here")
        origins = [f"http://{name}" for name in self.names()]
        is_foreign = any(origin.lower() not in origins for origin in head.all("origin"))
        if is_foreign or not {"cross-site", "same-site"}.isdisjoint(head.words("sec-fetch-site")):
            raise Refusal(403, "no page of another origin may call")
        return Request(head, first[1], first[2], reader, writer)

    def names(self):
        return [*self.hosts, *(f"{host}:{self.port}" for host in self.hosts)]

    async def add_body(self, request):
        expected = [word for word in request.head.words("expect") if word != "100-continue"]
        if expected:
            raise Refusal(417, "nothing else can be expected than 100-continue")
        length = length_of(request.head)
        methods = self.methods.get(request.path.partition("?")[0], ())
        if length is None and request.method == "POST" in methods:
            raise Refusal(411, "a call needs a length")
        if length not in (None, 0, "chunked") and length > MAX_BODY:
            raise Refusal(413, "a body has at most 1 MiB")
        if length and request.head.words("expect"):
            request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.body = await read_body(request.reader, length) if length else b""

    async def refuse(self, writer, reader, why):
        headers = {name.replace("_", "-"): value for name, value in why.headers.items()}
        try:
            writer.write(response(why.status, f"{why}\n", True, headers))
            writer.write_eof()
            # Whoever still sends would otherwise lose the reply.
            await asyncio.wait_for(reader.read(MAX_BODY), 1)
        except (OSError, asyncio.TimeoutError):
            pass


def response(status, body, closes=False, headers=None):
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    lines += ["Connection: close"] if closes else []
    return "\r\n".join([*lines, "", ""]).encode() + body
