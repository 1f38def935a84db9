// What a person does in a page and sees there: Converse's, that of @xmpp/client, and those that the
// server makes itself.
import { createRequire } from "node:module";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const view = ".chatbox:not(.hidden):not(#controlbox)";
const timeout = 20000 * Number(process.env.CLARION_PATIENCE ?? 1);

const texts = (page, whose) => page.locator(`${view} ${whose} .chat-msg__text`).allInnerTexts();

async function show(page, kind, jid) {
  const hash = `#converse/${kind}?jid=${jid}`;
  await page.evaluate((hash) => { location.hash = hash; }, hash);
  await page.locator(`[jid="${jid}"] textarea.chat-textarea`).waitFor({ timeout });
}

// By what a person reads on it. Several: the first.
const button = (page, name) => page.getByRole("button", { name, exact: true })
  .or(page.getByRole("link", { name, exact: true })).first();

export const commands = {
  // --- pages of the server ---
  fill: (page, { label, text }) => page.getByLabel(label, { exact: true }).first().fill(text, { timeout }),
  // `yes`: what is said to the question whether.
  async click(page, { name, yes = true }) {
    const answer = (dialog) => (yes ? dialog.accept() : dialog.dismiss());
    page.on("dialog", answer);
    await button(page, name).click({ timeout });
    page.off("dialog", answer);
  },
  press: (page, { keys }) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve()),
  type: (page, { text }) => page.keyboard.type(text),
  focused: (page) => page.evaluate(() => {
    const one = document.activeElement;
    return one.labels?.[0]?.innerText ?? one.innerText;
  }),
  text: (page) => page.locator("body").innerText(),
  address: (page) => page.url(),
  href: (page, { name }) => button(page, name).getAttribute("href"),
  source: (page) => page.evaluate(async () => (await fetch(location.href)).text()),
  reads: (page, { text }) => page.getByText(text).first().waitFor({ timeout }),
  // Whether it is wider than the window.
  overflows: (page) => page.evaluate(() => document.documentElement.scrollWidth > innerWidth),
  // Serious faults for who cannot see, or has no mouse: what is wrong, and where.
  async faults(page) {
    await page.evaluate(await import("node:fs").then(({ readFileSync }) => readFileSync(axe, "utf8")));
    const { violations } = await page.evaluate(() => axe.run());
    return violations.filter((one) => ["serious", "critical"].includes(one.impact))
      .map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
  },

  // --- Converse, @xmpp/client ---
  visit: (page, { url }) => page.goto(url, { timeout }),
  run: (page, { script }) => page.evaluate(script),
  reload: (page) => page.reload({ timeout }),
  offline: (page, { yes }) => page.context().setOffline(yes),
  screenshot: (page, { file, quality = 60 }) =>
    page.screenshot({ path: file, type: "jpeg", quality }),

  async login(page, { jid, password }) {
    await page.locator("input[name=jid]").fill(jid, { timeout });
    await page.locator("input[name=password]").fill(password);
    await page.locator("#converse-login button[type=submit]").click();
    await commands.is_online(page);
  },
  is_online: (page) => page.locator("converse-user-profile").waitFor({ timeout }),

  chat: (page, { jid }) => show(page, "chat", jid),
  room: (page, { jid }) => show(page, "room", jid),

  async say(page, { body }) {
    const field = page.locator(`${view} textarea.chat-textarea`);
    await field.fill(body);
    await field.press("Enter");
  },
  // The texts of the conversation that is open, from the oldest to the newest.
  heard: (page) => texts(page, ".chat-msg__content--them"),
  conversation: (page) => texts(page, ".chat-msg__content"),

  upload: (page, { file }) =>
    page.locator(`${view} .fileupload`).setInputFiles(file, { timeout }),
  // Width and height of each picture among the messages that is loaded.
  pictures: (page) => page.locator(`${view} .chat-msg img.chat-image`).evaluateAll((images) => images
    .filter((one) => one.complete && one.naturalWidth)
    .map((one) => [one.naturalWidth, one.naturalHeight])),
};
