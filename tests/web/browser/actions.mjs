// What a person does in a page and sees there: Converse's, and that of @xmpp/client.
const view = ".chatbox:not(.hidden):not(#controlbox)";
const timeout = 20000 * Number(process.env.CLARION_PATIENCE ?? 1);

const texts = (page, whose) => page.locator(`${view} ${whose} .chat-msg__text`).allInnerTexts();

async function show(page, kind, jid) {
  const hash = `#converse/${kind}?jid=${jid}`;
  await page.evaluate((hash) => { location.hash = hash; }, hash);
  await page.locator(`[jid="${jid}"] textarea.chat-textarea`).waitFor({ timeout });
}

export const commands = {
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
