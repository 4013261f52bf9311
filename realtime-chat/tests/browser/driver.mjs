// A browser that is driven from a terminal: one line in, what to do; one line out, that it is done.
//
// node driver.mjs FOLDER
// Each line begins with a name: whose tab it is. Then comes what she does, or what she must see:
//
//   Alice opens http://127.0.0.1:8080/
//   Alice joins as Alice
//   Alice reads [Bob] hello
//
// Where a text has several lines, `⏎` stands between them. The answer is `✅ ` and the line when it is
// done, or `❌ ` and why when it is not done in time. Downloads and screenshots go to FOLDER. At the end
// of the input, the driver prints what any page has complained of.

import { existsSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const PATIENCE = 30_000; // Milliseconds. A test that passes never waits it out.
const PROMPTLY = 10_000; // Sooner than the page would look again by itself.
const STILL_AT_IT = 4_000; // The other side loses patience after ten seconds of silence.

const folder = process.argv[2];
const names = ["chromium", "chromium-browser", "google-chrome"];
const paths = [process.env.CHROMIUM, ...names.map((name) => `/usr/bin/${name}`)];
const executablePath = paths.find((path) => path && existsSync(path));
if (!executablePath) throw new Error("no Chromium is here: install it, or say in CHROMIUM where it is");
const browser = await patiently(() => chromium.launch({
  executablePath,
  chromiumSandbox: process.getuid?.() !== 0, // As root there is none.
}));

// Prints a line now and then while the work goes on.
async function patiently(work) {
  const alive = setInterval(() => console.log("… still at it"), STILL_AT_IT);
  try {
    return await work();
  } finally {
    clearInterval(alive);
  }
}

const tabs = new Map();
const complaints = [];
const excused = [];

// -- What a tab shows.

// The lines of the log, as the terminal client would print them.
function lines(page) {
  return page.locator("#log .line:not([hidden])").evaluateAll((all) => all.map((line) => {
    const said = line.querySelector(".said");
    if (!said) return `*** ${line.textContent} ***`;
    return `[${line.querySelector(".who > span").textContent}] ${said.firstChild.textContent}`;
  }));
}

// Waits until what has changed is on the screen.
const painted = (page) => page.evaluate(() => new Promise((resolve) => {
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)));
}));

const log = async (page) => JSON.stringify(await lines(page));
const text = (page) => page.locator("body").innerText();

// Waits until `look` returns something true.
async function until(look, why, patience = PATIENCE) {
  const deadline = Date.now() + patience;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > deadline) throw new Error(await why());
    await new Promise((resume) => setTimeout(resume, 25));
  }
}

const button = (page, name) => page.getByRole("button", { name, exact: true });

// -- What can be done, and seen.

const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
const settings = {
  "on a phone": phone,
  "in the dark": { colorScheme: "dark" },
  "on a phone in the dark": { ...phone, colorScheme: "dark" },
};

const verbs = {
  async opens(name, rest) {
    const [, url, how] = /^(\S+) ?(.*)$/.exec(rest);
    const context = await browser.newContext({ viewport: { width: 1100, height: 760 }, ...settings[how] });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    await page.addInitScript(() => {
      window.WebSocket = class extends WebSocket {
        constructor(...words) {
          super(...words);
          window.link = this; // The last one: see below.
          window.dialed?.(this);
        }
      };
      // A screen reader says by itself what is new, or shown again, in a live region.
      window.heard = [];
      const regions = "[aria-live], [role=log], [role=status], [role=alert]";
      const listen = ({ type, target, addedNodes }) => {
        for (const node of type === "attributes" ? [target] : addedNodes) {
          const one = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
          const region = one?.closest(regions);
          if (region && region.ariaLive !== "off" && one.checkVisibility()) window.heard.push(node.textContent);
        }
      };
      const options = { subtree: true, childList: true, attributeFilter: ["hidden"] };
      new MutationObserver((changes) => changes.forEach(listen)).observe(document, options);
    });
    tabs.set(name, page);
    const { host } = new URL(url);
    const isHere = (other) => other.startsWith("blob:") || new URL(other).host === host;
    const complain = (text) => complaints.push(`${name}: ${text}`);
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complain(message.text());
    });
    page.on("pageerror", (error) => complain(error.message));
    page.on("request", (request) => isHere(request.url()) || complain(`asks ${request.url()}`));
    page.on("websocket", (socket) => isHere(socket.url()) || complain(`dials ${socket.url()}`));
    page.on("dialog", (dialog) => { complain(`dialog: ${dialog.message()}`); dialog.dismiss(); });
    const response = await page.goto(url);
    if (response.status() !== 200) throw new Error(`status ${response.status()}`);
  },
  async "comes to"(name, url) {
    await verbs.opens(name, url);
    await verbs.joins(tabs.get(name), `as ${name}`);
    await verbs.reads(tabs.get(name), `*** Welcome to the chat, ${name}! ***`);
  },
  // As `ssh -L` does, or a published port of a container: all bytes go to another port.
  async "comes through a tunnel to"(name, url) {
    const { hostname, port } = new URL(url);
    const tunnel = createServer((near) => {
      const far = connect(port, hostname);
      near.on("error", () => far.destroy()).pipe(far);
      far.on("error", () => near.destroy()).pipe(near);
    });
    await new Promise((resolve) => tunnel.listen(0, "127.0.0.1", resolve));
    tunnel.unref();
    await verbs["comes to"](name, `http://localhost:${tunnel.address().port}/`);
  },
  async "comes back as"(page, name) {
    await page.reload();
    await verbs.joins(page, `as ${name}`);
    await verbs.reads(page, `*** Welcome to the chat, ${name}! ***`);
  },
  async closes(page) { await page.context().close(); },
  async fills(page, rest) {
    const [, label, text] = /^(.*?): ?(.*)$/s.exec(rest);
    await page.getByLabel(label, { exact: true }).fill(text);
  },
  async joins(page, rest) {
    await page.getByLabel("Your name").fill(rest.replace("as ", ""));
    await button(page, "Join the chat").click();
  },
  async presses(page, name) { await button(page, name).click(); },
  async "presses the first"(page, name) { await button(page, name).first().click(); },
  async hits(page, rest) {
    const [, key, count] = /^(\S+)(?: (\d+) times)?$/.exec(rest);
    for (let n = 0; n < Number(count ?? 1); n += 1) await page.keyboard.press(key);
  },
  async enters(page, room) {
    await page.getByLabel("Name of another room").fill(room);
    await button(page, "Enter").click();
    await verbs.reads(page, `*** You are in #${room.toLowerCase()} now ***`);
  },
  async types(page, words) { await page.keyboard.type(words); },
  // As an input method does before its conversion is done: for Japanese, say.
  async composes(page, text) {
    const cdp = await page.context().newCDPSession(page);
    const end = text.length;
    await cdp.send("Input.imeSetComposition", { text, selectionStart: end, selectionEnd: end });
  },
  // One browser says only by the code 229 that a key was meant for the input method.
  async "ends the composing with"(page, key) {
    await page.locator(":focus").evaluate((one, key) => {
      one.dispatchEvent(new KeyboardEvent("keydown", { key, keyCode: 229, bubbles: true, cancelable: true }));
    }, key);
  },
  async says(page, words) {
    await page.locator("#text").fill(words);
    await page.locator("#text").press("Enter");
  },
  // Between the first and the last frame of a goodbye there is always a moment: here she uses it.
  async "says into the closing link"(page, words) {
    await page.evaluate((words) => {
      window.link.close();
      document.querySelector("#text").value = words;
      document.querySelector("#talk").requestSubmit();
    }, words);
  },
  // Her link is lost; and as soon as there is a new one, but before she has joined over it, she leaves.
  async "leaves on her way back"(page) {
    await page.evaluate(() => new Promise((resolve) => {
      window.dialed = (link) => link.addEventListener("open", () => {
        delete window.dialed;
        document.querySelector("#leave").click();
        resolve();
      });
      window.link.close();
    }));
  },
  async "will say as soon as she is back:"(page, words) {
    await page.evaluate((words) => {
      const banner = document.querySelector("#banner");
      const watch = new MutationObserver(() => {
        if (!banner.hidden) return;
        watch.disconnect();
        document.querySelector("#text").value = words;
        document.querySelector("#talk").requestSubmit();
      });
      watch.observe(banner, { attributes: true });
    }, words);
  },
  async reads(page, line) {
    await until(async () => (await lines(page)).includes(line), async () => `it reads ${await log(page)}`);
  },
  async "has read once"(page, line) {
    await verbs.reads(page, line);
    const count = (await lines(page)).filter((other) => other === line).length;
    if (count !== 1) throw new Error(`${count} times: ${await log(page)}`);
  },
  async "has not read"(page, line) {
    if ((await lines(page)).includes(line)) throw new Error("it has");
  },
  async sees(page, words) {
    const why = async () => `it shows ${JSON.stringify(await text(page))}`;
    await until(async () => (await text(page)).includes(words), why);
  },
  async "no longer sees"(page, words) {
    await until(async () => !(await text(page)).includes(words), () => "it is still there");
  },
  async "starts to listen"(page) { await page.evaluate(() => { window.heard = []; }); },
  async hears(page, words) {
    const heard = () => page.evaluate(() => window.heard.join("; "));
    await until(async () => (await heard()).includes(words), async () => `it hears ${await heard()}`);
  },
  async "has not heard"(page, words) {
    if ((await page.evaluate(() => window.heard.join("; "))).includes(words)) throw new Error("it has");
  },
  async "has a window of"(page, size) {
    const [width, height] = size.split("x").map(Number);
    await page.setViewportSize({ width, height });
    await painted(page);
  },
  // Some layouts are, on the way to another size.
  async "is taller for a moment and then lower"(page) {
    await page.evaluate(() => {
      const { style } = document.querySelector("#chat");
      style.height = "1400px";
      document.querySelector("#log").getBoundingClientRect();
      style.height = "400px";
    });
    await painted(page);
  },
  async "is at the end"(page) {
    const rest = () => page.locator("#log").evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight);
    await painted(page);
    if (await rest() > 1) throw new Error(`${await rest()} pixels are below`);
  },
  // From now on she looks at the first line that is to be seen whole.
  async "scrolls up by"(page, pixels) {
    await page.locator("#log").hover();
    const top = () => page.locator("#log").evaluate((log) => log.scrollTop);
    const before = await top();
    await page.mouse.wheel(0, -Number(pixels));
    await until(async () => (await top()) <= before - Number(pixels), async () => `${before}, ${await top()}`);
    await painted(page);
    await page.locator("#log").evaluate((log) => {
      const at = (line) => line.getBoundingClientRect().top;
      window.line = [...log.querySelectorAll(".line")].find((line) => at(line) >= at(log));
      window.lineAt = at(window.line);
    });
  },
  async "looks at the same line"(page) {
    await painted(page);
    const moved = await page.evaluate(() => window.line.getBoundingClientRect().top - window.lineAt);
    if (Math.abs(moved) > 1) throw new Error(`it has moved by ${moved} pixels`);
  },
  async "tells people apart by colours:"(page, count) {
    const colours = (faces) => new Set(faces.map((face) => getComputedStyle(face).color)).size;
    const seen = await page.locator("#people .face").evaluateAll(colours);
    if (seen !== Number(count)) throw new Error(`by ${seen}`);
  },
  async "has the address"(page, url) {
    if (page.url() !== url) throw new Error(page.url());
  },
  // Role and name, as a screen reader has them.
  async "stands on"(page, what) {
    const here = async () => (await page.locator(":focus").ariaSnapshot()).split("\n")[0].replace(/^- '?/, "");
    await until(async () => (await here()).startsWith(what), async () => `it is ${await here()}`);
  },
  async "has written"(page, words) {
    const written = () => page.locator("#text").inputValue();
    await until(async () => (await written()) === words, written);
  },
  async "meets people"(page, names) {
    const people = page.locator("#people .name");
    const shown = async () => (await people.allInnerTexts()).join(", ");
    await until(async () => (await shown()) === names, async () => `it meets ${await shown()}`, PROMPTLY);
  },
  async "knows rooms"(page, rooms) {
    const labels = (all) => all.map((one) => one.ariaLabel);
    const shown = async () => (await page.locator("#rooms li button").evaluateAll(labels)).join("; ");
    await until(async () => (await shown()) === rooms, async () => `it knows ${await shown()}`, PROMPTLY);
  },
  async shares(page, path) {
    const button = page.getByRole("button", { name: "File" });
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), button.click()]);
    await chooser.setFiles(path);
  },
  async saves(page, rest) {
    const [file, name] = rest.split(" as ");
    const save = button(page, `Save ${file}`).last();
    const [download] = await Promise.all([page.waitForEvent("download"), save.click()]);
    if (download.suggestedFilename() !== file) throw new Error(`it is called ${download.suggestedFilename()}`);
    await download.saveAs(join(folder, name));
  },
  // Nothing of what others wrote has become a part of the page, or has run.
  async "is unharmed"(page) {
    const grown = "main img, main script, main b, main a, aside b, aside img";
    const harm = await page.evaluate((grown) => [window.harmed, document.querySelectorAll(grown).length], grown);
    if (harm[0] !== undefined || harm[1] !== 0) throw new Error(JSON.stringify(harm));
  },
  async "shows at most"(page, count) {
    const shown = await page.locator("#log .line").count();
    if (shown > Number(count)) throw new Error(`${shown} lines`);
  },
  async "has room for everything"(page) {
    const wide = await page.evaluate(() => {
      const width = document.documentElement.clientWidth;
      const all = [...document.querySelectorAll("body *")].filter((one) => one.checkVisibility());
      const out = all.filter((one) => one.getBoundingClientRect().right > width + 0.5);
      const small = all.filter((one) => one.matches("button, input, textarea")).filter((one) => {
        const { width: w, height: h } = one.getBoundingClientRect();
        return !one.closest(".who") && (w < 44 || h < 44); // Within a line of text it may be smaller.
      });
      const name = (one) => `${one.tagName}#${one.id}.${one.className}`;
      const scrolls = document.documentElement.scrollWidth > width;
      return { scrolls, out: out.map(name), small: small.map(name) };
    });
    if (wide.scrolls || wide.out.length || wide.small.length) throw new Error(JSON.stringify(wide));
  },
  // Every control has a name, and every text stands out from its background.
  async "can be read by everybody"(page) {
    const cdp = await page.context().newCDPSession(page);
    const { nodes } = await cdp.send("Accessibility.getFullAXTree");
    const used = ["button", "textbox", "link", "progressbar", "log", "region", "complementary"];
    const nameless = nodes.filter(({ ignored, role, name }) => !ignored && used.includes(role?.value) && !name?.value);
    const pale = await page.evaluate(() => {
      const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
      const rgba = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
      };
      const light = (color) => {
        const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        const [r, g, b] = color.map((part) => linear(part / 255)); // As WCAG 2 has it.
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const behind = (one) => {
        for (let at = one; at; at = at.parentElement) {
          const color = rgba(getComputedStyle(at).backgroundColor);
          if (color[3] === 255) return color;
        }
        return [255, 255, 255];
      };
      const hasText = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
      const texts = [...document.querySelectorAll("body *")]
        .filter((one) => one.checkVisibility() && !one.matches("script, style, :disabled") && hasText(one));
      return texts.map((one) => {
        const [a, b] = [light(rgba(getComputedStyle(one).color)), light(behind(one))].sort((x, y) => y - x);
        return [one.textContent.trim().slice(0, 30), (a + 0.05) / (b + 0.05)];
      }).filter(([, contrast]) => contrast < 4.5);
    });
    const roles = nameless.map((node) => node.role.value);
    if (roles.length || pale.length) throw new Error(JSON.stringify({ nameless: roles, pale }));
  },
  async "fits the phone in the picture"(page, name) {
    await verbs["has room for everything"](page);
    await verbs["can be read by everybody"](page);
    await verbs["is photographed as"](page, name);
  },
  async "is photographed as"(page, name) { await page.screenshot({ path: join(folder, `${name}.png`) }); },
  async "may complain of"(name, text) { excused.push(`${name}: ${text}`); },
};

const byName = ["opens", "comes to", "comes through a tunnel to", "may complain of"];
const sorted = Object.keys(verbs).sort((a, b) => b.length - a.length);

async function obey(line) {
  const [, name, rest] = /^(\S+) (.*)$/.exec(line);
  const verb = sorted.find((one) => rest === one || rest.startsWith(`${one} `));
  if (!verb) throw new Error("nobody can do that");
  const words = rest.slice(verb.length + 1).replaceAll("⏎", "\n");
  await verbs[verb](byName.includes(verb) ? name : tabs.get(name), words);
}

console.log("✅ The browser is open");
for await (const line of createInterface({ input: process.stdin })) {
  try {
    await patiently(() => obey(line));
    console.log(`✅ ${line}`);
  } catch (error) {
    console.log(`❌ ${line}: ${error.message.split("\n").slice(0, 3).join(" ")}`);
    process.exitCode = 1;
    break; // What comes now would fail because of this.
  }
}
await browser.close();
for (const complaint of complaints) {
  if (excused.some((start) => complaint.startsWith(start))) continue;
  console.log(`❌ ${complaint}`);
  process.exitCode = 1;
}
