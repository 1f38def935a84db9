"""Where browsers find how to connect: /.well-known/host-meta, host-meta.json, and files of a directory."""
import json
import unittest
import xml.etree.ElementTree as ET

from web_server import WebCase

XRD = "{http://docs.oasis-open.org/ns/xri/xrd-1.0}"
WEBSOCKET = "urn:xmpp:alt-connections:websocket"


class HostMeta(WebCase):
    domains = '["example.test", "other.test"]'
    options = ('[host."other.test".http]\nexternal_url = "https://web.other.test/"\n'
               '[host."other.test".host_meta]\nips = ["192.0.2.1", "2001:db8::1"]\ntls_port = 5223\n')

    def links(self, host):
        document = json.loads(self.server.get("/.well-known/host-meta.json", host).text)
        return {link["rel"]: link for link in document["links"]}

    def test_the_same_in_xml_and_json(self):
        answer = self.server.get("/.well-known/host-meta")
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.getheader("Content-Type").startswith("application/xrd+xml"))
        self.assertEqual(answer.getheader("Access-Control-Allow-Origin"), "*")
        self.assertIn("max-age", answer.getheader("Cache-Control"))
        xml = {link.get("rel"): link.get("href") for link in ET.fromstring(answer.text).iter(XRD + "Link")}
        answer = self.server.get("/.well-known/host-meta.json")
        self.assertEqual(answer.getheader("Content-Type"), "application/json")
        self.assertEqual(answer.getheader("Access-Control-Allow-Origin"), "*")
        links = self.links("example.test")
        self.assertEqual(xml, {rel: link["href"] for rel, link in links.items()})
        self.assertNotIn("xmpp", json.loads(answer.text))
        self.assertEqual(xml[WEBSOCKET], f"wss://example.test:{self.server.https_port}/ws")

    def test_what_is_not_offered_is_not_announced(self):
        with open(self.server.config, "a") as config:
            config.write('[websocket]\npath = ""\n')
        self.server.ask("reload")
        self.server.wait_until(lambda: WEBSOCKET not in self.links("example.test"), "still announced")

    def test_each_host_has_its_own(self):
        for name in ("other.test", "web.other.test"):
            links = self.links(name)
            self.assertTrue(links[WEBSOCKET]["href"].startswith("wss://web.other.test/"))
            self.assertEqual(links[WEBSOCKET]["ips"], ["192.0.2.1", "2001:db8::1"])
            self.assertEqual(links["urn:xmpp:alt-connections:tls"]["port"], 5223)
            self.assertEqual(links["urn:xmpp:alt-connections:tls"]["sni"], "other.test")

    def test_other_names_have_none(self):
        for host in ("nowhere.test", "localhost", "127.0.0.1"):
            self.assertEqual(self.server.get("/.well-known/host-meta", host, encrypted=False).status, 404)

    def test_pages_of_other_sites_may_ask(self):
        answer = self.server.get("/.well-known/host-meta.json", method="OPTIONS",
                                 headers={"Origin": "https://elsewhere.test", "Access-Control-Request-Method": "GET"})
        self.assertLess(answer.status, 300)
        self.assertEqual(answer.getheader("Access-Control-Allow-Origin"), "*")
        self.assertEqual(self.server.get("/.well-known/host-meta", method="HEAD").text, "")


class Files(WebCase):
    domains = '["example.test", "other.test"]'
    options = '[host."example.test".web]\ndirectory = "www"\n'

    def prepare(self):
        self.site = self.server.directory / "www"
        (self.site / "app").mkdir(parents=True)
        (self.site / "index.html").write_text("<p>home</p>")
        (self.site / "app/main.js").write_text("0123456789")
        (self.site / ".hidden").write_text("secret")
        (self.site / "key").symlink_to(self.server.directory / "key.pem")

    def test_a_page_and_its_parts(self):
        page = self.server.get("/")
        self.assertEqual((page.status, page.text), (200, "<p>home</p>"))
        self.assertEqual(page.getheader("X-Content-Type-Options"), "nosniff")
        self.assertIn("default-src", page.getheader("Content-Security-Policy"))
        script = self.server.get("/app/main.js")
        self.assertTrue(script.getheader("Content-Type").startswith("text/javascript"))
        known = {"If-None-Match": script.getheader("ETag")}
        self.assertEqual(self.server.get("/app/main.js", headers=known).status, 304)
        part = self.server.get("/app/main.js", headers={"Range": "bytes=2-4"})
        self.assertEqual((part.status, part.text), (206, "234"))
        self.assertEqual(self.server.get("/app").getheader("Location"), "/app/")
        self.assertEqual(self.server.get("/", method="POST", body="x").status, 405)

    def test_what_nobody_may_see(self):
        for path in ("/.hidden", "/key", "/..%2fkey.pem", "/%2e%2e/key.pem", "/none", "//app/main.js"):
            answer = self.server.get(path)
            self.assertIn(answer.status, (400, 404), path)
            self.assertNotIn("PRIVATE", answer.text)
        self.assertEqual(self.server.get("/", "other.test").status, 404)


if __name__ == "__main__":
    unittest.main()
