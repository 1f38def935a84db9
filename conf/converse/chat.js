// Converse.js for the server this page comes from. What a site may want to change is here; the other
// settings: https://conversejs.org/docs/html/configuration.html

// Whose accounts are these? Change it if the page is at chat.example.org and people are @example.org.
const domain = location.hostname;

// Where the server listens: [websocket] path and [bosh] path. Networks with a proxy that does not
// let WebSockets through can use the page with "?bosh" behind its address.
const websocket = `wss://${location.host}/ws`;
const bosh = `https://${location.host}/http-bind`;
const without_websocket = new URLSearchParams(location.search).has("bosh");

// Converse's own footer fetches pictures of its sponsors from another site.
customElements.define("converse-footer", class extends HTMLElement {});

converse.initialize({
  assets_path: new URL("converse/", location.href).pathname,
  view_mode: "fullscreen",

  default_domain: domain,
  muc_domain: `rooms.${domain}`,
  discover_connection_methods: false,
  ...(without_websocket ? { bosh_service_url: bosh } : { websocket_url: websocket }),
  allow_registration: false, // accounts are made by whoever runs the server

  enable_smacks: true, // a page that is loaded again, or was offline, goes on where it was
  message_archiving: "always",
  // No OMEMO: its keys would stay in a browser that may be anybody's.
  blacklisted_plugins: ["converse-omemo", "converse-omemo-views"],

  muc_nickname_from_jid: true,
  muc_respect_autojoin: true,
  show_send_button: true,
});
