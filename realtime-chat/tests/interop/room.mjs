// A chat room as the npm package `capnweb` has it: it calls its clients, and waits
// for each to answer.
//
// node room.mjs --port PORT

import { parseArgs } from "node:util";
import { RpcTarget, newWebSocketRpcSession } from "capnweb";
import { WebSocket, WebSocketServer } from "ws";

// Before Node.js 22 there is none, and capnweb looks at its constants.
globalThis.WebSocket ??= WebSocket;

const { port } = parseArgs({ options: { port: { type: "string" } } }).values;

// What everybody shares. What one connection may call is below.
const clients = new Map();
const history = [];

async function broadcast(message) {
  history.push(message);
  const told = [...clients].map(async ([username, client]) => {
    try {
      // Pulled, as `await` does: a client has to answer.
      console.log(`${username} answered ${await client.onMessage(message)}`);
    } catch (error) {
      if (clients.get(username) === client) remove(username);
    }
  });
  await Promise.all(told);
}

function remove(username) {
  const client = clients.get(username);
  clients.delete(username);
  client?.[Symbol.dispose]();
}

class Room extends RpcTarget {
  async join(username, client) {
    if (clients.has(username)) throw new Error(`Username ${username} is already taken`);
    const kept = client.dup();
    kept.onRpcBroken(() => {
      if (clients.get(username) === kept) this.leave(username);
    });
    clients.set(username, kept);
    await broadcast({ username: "System", text: `${username} joined the chat`, type: "system" });
    const users = [...clients.keys()];
    return { message: `Welcome to the chat, ${username}!`, userCount: users.length, users };
  }

  async sendMessage(username, text) {
    await broadcast({ username, text, type: "chat" });
    return { status: "sent", timestamp: history.length };
  }

  async leave(username) {
    remove(username);
    await broadcast({ username: "System", text: `${username} left the chat`, type: "system" });
    return { message: `Goodbye, ${username}!` };
  }

  listUsers() {
    return [...clients.keys()];
  }

  getHistory() {
    return history.slice(-50);
  }

  get userCount() {
    return clients.size;
  }

  get messageCount() {
    return history.length;
  }
}

const server = new WebSocketServer({ port: Number(port), host: "127.0.0.1", path: "/rpc/ws" });
server.on("connection", (socket) => newWebSocketRpcSession(socket, new Room()));
server.on("listening", () => console.log("The room is open"));
