// Calls a peer with the npm package `capnweb`, and prints one line for each answer.
//
// node calls.mjs URL
// Each batch is a request of its own; the test compares every line.

import { RpcTarget, newHttpBatchRpcSession } from "capnweb";

const url = process.argv[2];

// What really went over the line: how many requests, how many answers, and what was given back.
let requests = 0;
let answered = 0;
let released = [];
const fetchPlainly = globalThis.fetch;
globalThis.fetch = async (...args) => {
  requests += 1;
  const response = await fetchPlainly(...args);
  const lines = (await response.clone().text()).split("\n");
  released = lines.filter((line) => line.startsWith('["release"'));
  answered = lines.length - released.length;
  return response;
};

// Makes all calls in one request, and prints what becomes of each: [words, promise].
async function batch(title, makeCalls) {
  requests = 0;
  const calls = makeCalls(newHttpBatchRpcSession(url));
  const answers = await Promise.allSettled(calls.map(([, promise]) => promise));
  console.log(`${title} (requests: ${requests}, answers: ${answered})`);
  calls.forEach(([words], index) => {
    const { value, reason } = answers[index];
    console.log(`  ${words}: ${reason ? `${reason.name}: ${reason.message}` : show(value)}`);
  });
}

function show(value) {
  return value === undefined ? "undefined" : JSON.stringify(value);
}

await batch("one call", (peer) => [["greet()", peer.greet()]]);
await batch("text", (peer) => [["chat(...)", peer.chat('grüß dich 👋, "Peer"')]]);
await batch("an object", (peer) => [["get_stats()", peer.get_stats()]]);
await batch("properties", (peer) => [
  ["name", peer.name],
  ["nothing", peer.nothing],
]);

await batch("three calls", (peer) => [
  ["greet()", peer.greet()],
  ["chat('one')", peer.chat("one")],
  ["get_stats()", peer.get_stats()],
]);
await batch("pipelined argument", (peer) => [["chat(greet())", peer.chat(peer.greet())]]);
await batch("pipelined property", (peer) => [["get_stats().name", peer.get_stats().name]]);
await batch("both", (peer) => [["chat(get_stats().name)", peer.chat(peer.get_stats().name)]]);
await batch("a call that nobody waits for", (peer) => {
  peer.chat("nobody waits");
  return [["get_stats()", peer.get_stats()]];
});

await batch("unknown method", (peer) => [
  ["nope()", peer.nope()],
  ["name()", peer.name()],
  ["greet()", peer.greet()],
]);
await batch("pipelined from an error", (peer) => [["chat(nope())", peer.chat(peer.nope(1))]]);
await batch("wrong arguments", (peer) => [
  ["chat()", peer.chat()],
  ["chat(null)", peer.chat(null)],
  ["chat(42)", peer.chat(42)],
  ["chat(list)", peer.chat(["a", ["b"], []])],
  ["chat(object)", peer.chat({ text: "a" })],
  ["chat(date)", peer.chat(new Date(0))],
  ["chat(bytes)", peer.chat(new Uint8Array([1, 2, 3]))],
  ["chat(infinite)", peer.chat(Infinity)],
  ["chat(big)", peer.chat(12345678901234567890n)],
  ["chat(error)", peer.chat(new RangeError("a"))],
]);

class Callback extends RpcTarget {
  called() {
    console.log("  this was called back, and should not have been");
  }
}
await batch("callbacks", (peer) => [
  ["chat(function)", peer.chat(() => console.log("  so was this"))],
  ["chat(object)", peer.chat(new Callback())],
  ["greet(callback)", peer.greet(new Callback())],
  ["get_stats()", peer.get_stats()],
]);
console.log(`  given back: ${released.sort().join(" ")}`);

await batch("as before", (peer) => [
  ["chat('goodbye')", peer.chat("goodbye")],
  ["get_stats()", peer.get_stats()],
]);
