// @xmpp/client, unmodified, driven by a test: commands are lines of JSON on standard input, what
// happens to the client is told as lines of JSON on standard output.
//   node client.js SERVICE DOMAIN USER PASSWORD RESOURCE
import dns from "node:dns";
import { createInterface } from "node:readline";
import { client, xml } from "@xmpp/client";
import { WebSocket } from "ws";

globalThis.WebSocket ??= WebSocket; // Node has one of its own from version 22
// A host that has a name only for this test: CLARION_HOST="NAME ADDRESS".
const [host, address] = (process.env.CLARION_HOST ?? "").split(" ");
const { lookup } = dns;
dns.lookup = (name, options, done) => lookup(name === host ? address : name, options, done);

const [service, domain, username, password, resource] = process.argv.slice(2);
const xmpp = client({ service, domain, username, password, resource });
xmpp.reconnect.delay = 100; // its default of a second makes tests long
const tell = (event, more = {}) => console.log(JSON.stringify({ event, ...more }));

xmpp.on("online", (address) => {
  tell("online", { jid: address.toString() });
  xmpp.send(xml("presence"));
});
xmpp.on("disconnect", () => tell("disconnected"));
xmpp.on("error", (error) => tell("error", { text: String(error) }));
xmpp.streamManagement.on("resumed", () => tell("resumed"));
xmpp.on("stanza", (stanza) => {
  const body = stanza.getChildText("body");
  if (stanza.is("message") && body) tell("message", { body, from: stanza.attrs.from });
});
// Every top-level element that arrives: also those of stream management.
xmpp.on("element", (element) => {
  if (element.is("r", "urn:xmpp:sm:3")) tell("ack-requested");
  if (element.is("enabled", "urn:xmpp:sm:3")) tell("enabled");
});

const commands = {
  say: async ({ to, body }) => {
    await xmpp.send(xml("message", { to, type: "chat" }, xml("body", {}, body)));
    tell("sent");
  },
  // An IQ of ours whose result this client does not count (its `h` lags behind from then on).
  ping: async () => {
    await xmpp.iqCaller.request(xml("iq", { type: "get" }, xml("ping", "urn:xmpp:ping")));
    tell("pong");
  },
  stop: () => xmpp.stop(),
};
createInterface({ input: process.stdin }).on("line", async (line) => {
  const { command, ...more } = JSON.parse(line);
  try {
    await commands[command](more);
  } catch (error) {
    tell("error", { text: String(error) }); // the connection is gone: what was sent is queued
  }
});
xmpp.start().catch((error) => tell("error", { text: String(error) }));
