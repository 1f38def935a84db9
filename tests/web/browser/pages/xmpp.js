// @xmpp/client in a page: start() logs in, `told` is what happened.
window.told = [];
window.start = (username, password) => {
  const { client, xml } = window.XMPP;
  const xmpp = client({
    service: `wss://${location.host}/ws`, domain: location.hostname, username, password,
  });
  xmpp.on("error", (error) => told.push({ event: "error", text: String(error) }));
  xmpp.on("stanza", (stanza) => {
    const body = stanza.getChildText("body");
    if (stanza.is("message") && body) told.push({ event: "message", body });
  });
  xmpp.on("online", (address) => {
    told.push({ event: "online", jid: address.toString() });
    xmpp.send(xml("presence"));
  });
  window.say = (to, body) =>
    xmpp.send(xml("message", { to, type: "chat" }, xml("body", {}, body)));
  return xmpp.start().then((address) => address.toString());
};
