"""WebSocket (RFC 6455), as much of it as a chat needs: texts, pings and goodbyes."""

import asyncio
import base64
import hashlib
import os

LONGEST = 256 * 1024  # bytes of a message
MOST_WAITING = 1024  # messages for somebody who does not read
ENOUGH_WAITING = 16  # messages that let us read no more calls for now
SILENCE = 10  # seconds without a sign of life
PING_PAUSE = 3  # seconds
LAST_WORDS = 1  # seconds

CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
NORMAL, GOING_AWAY, PROTOCOL, NO_TEXT, NO_UTF8, POLICY, TOO_BIG = (
    1000, 1001, 1002, 1003, 1007, 1008, 1009,
)  # fmt: skip


class Broken(Exception):
    """The other side breaks a rule, and is told which."""

    def __init__(self, code, why):
        super().__init__(why)
        self.code = code


class Closed(Exception):
    """The other side has said goodbye, or is gone: then there is no reason."""


def accept_of(key):
    data = f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()
    return base64.b64encode(hashlib.sha1(data).digest()).decode()


def masked(data, mask):
    key = (mask * (len(data) // 4 + 1))[: len(data)]
    bits = int.from_bytes(data, "big") ^ int.from_bytes(key, "big")
    return bits.to_bytes(len(data), "big")


class WebSocket:
    def __init__(self, reader, writer, is_client):
        self.reader, self.writer, self.is_client = reader, writer, is_client
        self.waiting = []
        self.has_work, self.has_room = asyncio.Event(), asyncio.Event()
        self.has_room.set()
        self.has_said_goodbye = False
        self.tasks = [asyncio.ensure_future(work) for work in (self.write(), self.ping())]

    # What goes out.

    def send(self, text):
        self.queue(TEXT, text.encode("utf-8", "replace"))

    def close(self, code, why):
        self.queue(CLOSE, code.to_bytes(2, "big") + why.encode()[:123])
        self.has_said_goodbye = True

    def queue(self, kind, data=b""):
        if self.has_said_goodbye:
            return
        self.waiting.append(self.frame(kind, data))
        self.has_work.set()
        if len(self.waiting) > MOST_WAITING:
            self.writer.transport.abort()  # It would not read a goodbye, either.
        if len(self.waiting) >= ENOUGH_WAITING:
            self.has_room.clear()

    def frame(self, kind, data):
        size = len(data)
        mask_bit = 128 if self.is_client else 0
        if size < 126:
            head = bytes([128 | kind, mask_bit | size])
        elif size < 65536:
            head = bytes([128 | kind, mask_bit | 126]) + size.to_bytes(2, "big")
        else:
            head = bytes([128 | kind, mask_bit | 127]) + size.to_bytes(8, "big")
        if not self.is_client:
            return head + data
        mask = os.urandom(4)
        return head + mask + masked(data, mask)

    async def write(self):
        try:
            while True:
                await self.has_work.wait()
                self.has_work.clear()
                frames, self.waiting = self.waiting, []
                self.writer.write(b"".join(frames))
                await asyncio.wait_for(self.writer.drain(), SILENCE)
                if len(self.waiting) < ENOUGH_WAITING:
                    self.has_room.set()
                if self.has_said_goodbye and not self.waiting:
                    return
        except (OSError, asyncio.TimeoutError):
            self.writer.transport.abort()
            self.has_room.set()

    async def ping(self):
        while True:
            await asyncio.sleep(PING_PAUSE)
            self.queue(PING)

    # What comes in.

    async def receive(self):
        """The next text. Pings are answered on the way."""
        await self.has_room.wait()
        kind, message = None, b""
        while True:
            is_last, this, data = await self.read_frame(LONGEST - len(message))
            if this == CLOSE:
                self.on_goodbye(data)
            elif this == PING:
                self.queue(PONG, data)
            elif this != PONG:
                if (this == CONTINUED) != (kind is not None):
                    raise self.broken()
                kind = kind or this
                message += data
                if is_last:
                    break
        if kind == BINARY:
            raise Broken(NO_TEXT, "messages must be text, not binary")
        return text_of(message)

    async def read_frame(self, room):
        try:
            first, second = await self.read(2)
            size = second & 127
            is_control = first & 8
            if first & 112 or first & 15 not in (CONTINUED, TEXT, BINARY, CLOSE, PING, PONG):
                raise self.broken()
            if bool(second & 128) == self.is_client or (is_control and (size > 125 or first < 128)):
                raise self.broken()
            if size > 125:
                size = int.from_bytes(await self.read(2 if size == 126 else 8), "big")
            if size > room and not is_control:
                raise Broken(TOO_BIG, "a message has at most 256 KiB")
            mask = b"" if self.is_client else await self.read(4)
            data = await self.read(size)
        except (OSError, EOFError) as error:
            if isinstance(error, asyncio.TimeoutError):
                raise Broken(POLICY, f"nothing was heard for {SILENCE} seconds") from None
            raise Closed from None
        except asyncio.TimeoutError:
            raise Broken(POLICY, f"nothing was heard for {SILENCE} seconds") from None
        return first & 128, first & 15, masked(data, mask) if mask else data

    async def read(self, size):
        return await asyncio.wait_for(self.reader.readexactly(size), SILENCE)

    def broken(self):
        return Broken(PROTOCOL, "this is not the WebSocket protocol")

    def on_goodbye(self, data):
        if len(data) == 1:
            raise self.broken()
        code = int.from_bytes(data[:2], "big") if data else NORMAL
        self.close(code, "")
        raise Closed(text_of(data[2:]) or f"code {code}")

    async def end(self):
        """Lets the goodbye go out, and the other side hang up."""
        try:
            await asyncio.wait(self.tasks[:1], timeout=LAST_WORDS)
            if self.is_client:
                self.writer.write_eof()
            while await asyncio.wait_for(self.reader.read(65536), LAST_WORDS):
                pass
        except (OSError, asyncio.TimeoutError):
            pass
        for task in self.tasks:
            task.cancel()
        self.writer.transport.abort()


def text_of(data):
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Broken(NO_UTF8, "text must be UTF-8") from None
