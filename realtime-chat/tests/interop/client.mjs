// A chat client as the npm package `capnweb` has it. It makes the calls that are typed, one line
// of JSON each, and prints what comes back, and what it is told.
//
// node client.mjs URL
//   ["join", "Bob", "$client"]         calls join, with something to be told through
//   ["shareFile", "Bob", {...}, "$file"]   calls shareFile, with a file of 100,000 bytes
//   ["fetch"]                          reads all of the file that was offered last
//   ["get", "userCount"]               reads a property

import { createInterface } from "node:readline";
import { RpcTarget, newWebSocketRpcSession } from "capnweb";
import { WebSocket } from "ws";

// Before Node.js 22 there is none, and capnweb looks at its constants.
globalThis.WebSocket ??= WebSocket;

const bytes = Uint8Array.from({ length: 100_000 }, (_, place) => place % 251);
let offered;

class Client extends RpcTarget {
  onMessage(note) {
    const { content, ...file } = note.file ?? {};
    if (content) offered = content.dup();
    console.log(`onMessage ${JSON.stringify(content ? { ...note, file } : note)}`);
  }

  onTyping(typing) {
    console.log(`onTyping ${JSON.stringify(typing)}`);
  }
}

class File extends RpcTarget {
  read(offset) {
    return bytes.slice(offset, offset + 32 * 1024);
  }
}

async function fetchAll() {
  let length = 0;
  for (;;) {
    const part = await offered.read(length);
    if (part.length === 0) return `${length} bytes`;
    // The test's file is the same as ours.
    for (const [place, byte] of part.entries()) {
      if (byte !== bytes[length + place]) return `another byte at ${length + place}`;
    }
    length += part.length;
  }
}

const room = newWebSocketRpcSession(new WebSocket(process.argv[2]));
room.onRpcBroken((error) => {
  console.log(`broken: ${error.message}`);
  process.exit();
});

function call([method, ...args]) {
  if (method === "fetch") return fetchAll();
  if (method === "get") return room[args[0]];
  const things = { $client: () => new Client(), $file: () => new File() };
  return room[method](...args.map((arg) => things[arg]?.() ?? arg));
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(`= ${JSON.stringify(await call(JSON.parse(line)))}`);
  } catch (error) {
    console.log(`! ${error.name}: ${error.message} (${error.code})`);
  }
}
room[Symbol.dispose]();
