// One headless Chromium for a test class, by playwright-core. Tests connect to a Unix socket; each
// connection has pages of its own, which end with it. A request is a line of JSON
// {"id", "command", ...}; the answer is {"id", "result"} or {"id", "error"}.
//   node driver.mjs SOCKET LOG CHROMIUM [CHROMIUM'S ARGUMENTS]
import { appendFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { chromium, devices } from "playwright-core";
import { commands } from "./actions.mjs";

const [socket, log, executablePath, ...args] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", ...args,
  ],
});

// All that a page and its server say, for whoever reads why a test failed.
function record(page, name) {
  const write = (what, text) =>
    appendFileSync(log, `${new Date().toISOString()} ${name} ${what} ${text.trim()}\n`);
  page.on("websocket", (stream) => {
    write("websocket", stream.url());
    stream.on("framesent", ({ payload }) => write(">", String(payload)));
    stream.on("framereceived", ({ payload }) => write("<", String(payload)));
    stream.on("close", () => write("websocket", "closed"));
  });
  page.on("request", (request) => {
    if (request.method() !== "GET") write(`> ${request.method()} ${request.url()}`,
                                          (request.postData() ?? "").slice(0, 20000));
  });
  page.on("response", async (response) => {
    const isText = /^(text.xml|application.(.*xml|.*json))/.test(response.headers()["content-type"] ?? "");
    const body = isText ? await response.text().catch(() => "") : "";
    write(`< ${response.status()} ${response.url()}`, body.slice(0, 20000));
  });
  page.on("requestfailed", (request) => write("failed", `${request.url()} ${request.failure()?.errorText}`));
  page.on("console", (message) => {
    if (message.type() !== "debug") write(`console ${message.type()}`, message.text());
  });
  page.on("pageerror", (error) => write("error", String(error)));
}

class Connection {
  pages = new Map();

  async open({ page: name, width = 1280, height = 800, phone = false, dark = false }) {
    const context = await browser.newContext({
      ignoreHTTPSErrors: true,
      viewport: { width, height },
      colorScheme: dark ? "dark" : "light",
      ...(phone && { userAgent: devices["Pixel 7"].userAgent, isMobile: true, hasTouch: true }),
    });
    const page = await context.newPage();
    record(page, name);
    this.pages.set(name, page);
  }

  async run({ command, page, ...more }) {
    if (command === "open") return this.open({ page, ...more });
    const subject = this.pages.get(page);
    try {
      return await commands[command](subject, more);
    } catch (error) {
      await subject.screenshot({ path: join(dirname(log), `failed-${page}.png`) }).catch(() => {});
      throw error;
    }
  }

  async close() {
    for (const page of this.pages.values()) await page.context().close().catch(() => {});
  }
}

createServer((stream) => {
  const connection = new Connection();
  const answer = (what) => stream.writable && stream.write(JSON.stringify(what) + "\n");
  createInterface({ input: stream }).on("line", async (line) => {
    const { id, ...request } = JSON.parse(line);
    try {
      answer({ id, result: (await connection.run(request)) ?? null });
    } catch (error) {
      answer({ id, error: String(error.stack ?? error) });
    }
  });
  stream.on("error", () => {});
  stream.on("close", () => connection.close());
}).listen(socket);

process.on("SIGTERM", async () => {
  await browser.close();
  process.exit(0);
});
