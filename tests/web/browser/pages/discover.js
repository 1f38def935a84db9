// Converse.js without addresses: it asks for them (XEP-0156).
customElements.define("converse-footer", class extends HTMLElement {});
converse.initialize({
  assets_path: "/converse/",
  default_domain: location.hostname,
  discover_connection_methods: true,
  allow_registration: false,
});
