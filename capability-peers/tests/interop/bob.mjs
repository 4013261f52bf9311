// Bob as the npm package `capnweb` has him: he serves, calls, and prints as `bob.rs` does.
//
// node bob.mjs --port PORT [--peer URL] [--refuse TEXT]
// Without a peer he only serves. With --refuse he takes no messages, and says why.

import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { RpcTarget, newHttpBatchRpcSession, nodeHttpBatchRpcResponse } from "capnweb";

const option = { type: "string" };
const { port, peer, refuse } = parseArgs({
  options: { port: option, peer: option, refuse: option },
}).values;

// As on the lab sheet: what Alice says stands below our own calls, and then we wait for her.
const received = [];
let calls = peer !== undefined;
let says_that_he_waits = calls;

function show() {
  if (calls || received.length === 0) return;
  for (const message of received.splice(0)) console.log(`📨 Bob received: ${message}`);
  if (says_that_he_waits) console.log("⏳ Bob is waiting for calls from Alice...");
  says_that_he_waits = false;
}

class Bob extends RpcTarget {
  #received = 0;

  get name() {
    return "Bob";
  }

  greet() {
    return "Hey there! I'm Bob.";
  }

  chat(message) {
    if (typeof message !== "string") {
      throw new TypeError("chat(message): message must be a string");
    }
    if (refuse !== undefined) throw new RangeError(refuse);
    received.push(message);
    show();
    return `Bob says: Got your message #${++this.#received}!`;
  }

  get_stats() {
    return { name: "Bob", messages_received: this.#received };
  }
}

// Calls one method in a request of its own.
function call(method, ...args) {
  return newHttpBatchRpcSession(`${peer}/rpc/batch`)[method](...args);
}

// Calls `greet` until somebody is there. The test has the patience, and ends it.
async function find() {
  for (;;) {
    try {
      return await call("greet");
    } catch (error) {
      if (error.message !== "fetch failed") throw error;
      await pause(100);
    }
  }
}

async function converse() {
  console.log(`🔗 Connecting to Alice at ${peer}...`);
  const greeting = await find();
  console.log("📞 Bob calls Alice.greet()...");
  console.log(`   ← ${greeting}`);
  console.log("📞 Bob calls Alice.chat('Hi Alice!')...");
  console.log(`   ← ${await call("chat", "Hi Alice, this is Bob!")}`);
  console.log("📞 Bob calls Alice.get_stats()...");
  const { name, messages_received } = await call("get_stats");
  console.log(`   ← {'name': '${name}', 'messages_received': ${messages_received}}\n`);
  calls = false;
  show();
}

const bob = new Bob();
const server = createServer((request, response) => {
  nodeHttpBatchRpcResponse(request, response, bob).catch((error) => {
    response.writeHead(500).end(`${error.message}\n`);
  });
});
console.log(`🚀 Starting Bob on port ${port}...`);
server.listen(Number(port), "127.0.0.1", () => {
  console.log("✅ Bob is running!");
  console.log(`   - Bob exports his capabilities at http://127.0.0.1:${port}/rpc/batch`);
  console.log("   - Bob can receive calls from Alice\n");
  if (peer !== undefined) converse();
});
