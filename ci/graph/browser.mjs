// Looks at pictures as a person does: opens pages of `cargo orch graph` in a headless browser, searches and
// clicks with its own mouse and keys, and measures what is seen.
//
//   node browser.mjs BROWSER MERMAID NAME...
//
// NAME stands for NAME.html and NAME.mermaid, which are opened, and for NAME.edges.json, the list of `[from, to]` that each
// has to show. MERMAID is the script of mermaid. What is seen goes to NAME.png, NAME-chosen.png and NAME-mermaid.png.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";
import assert from "node:assert/strict";

const [browser, mermaid, ...names] = process.argv.slice(2);
assert(names.length > 0, "no name is given");

/** A browser, spoken to in the DevTools protocol over a pipe: JSON with a zero byte behind each message. */
class Browser {
  #next = 1;
  #waiting = new Map();
  events = [];

  constructor(program) {
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe", "--no-first-run"];
    this.process = spawn(program, flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    let rest = "";
    this.process.stdio[4].setEncoding("utf8").on("data", (data) => {
      const messages = (rest + data).split("\0");
      rest = messages.pop();
      for (const message of messages) this.#receive(JSON.parse(message));
    });
  }

  #receive(message) {
    if (!message.id) return this.events.push(message);
    const { accept, refuse } = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    message.error ? refuse(new Error(message.error.message)) : accept(message.result);
  }

  send(method, params = {}, sessionId = this.session) {
    const id = this.#next++;
    this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((accept, refuse) => this.#waiting.set(id, { accept, refuse }));
  }

  /** Opens a page in a window of this size, and waits until it has loaded. */
  async open(url, width, height) {
    this.session = undefined;
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    this.session = (await this.send("Target.attachToTarget", { targetId, flatten: true })).sessionId;
    for (const domain of ["Page", "Runtime", "Network", "Log"]) await this.send(`${domain}.enable`);
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
    this.events.length = 0;
    await this.send("Page.navigate", { url });
    await this.until(() => this.events.some((event) => event.method === "Page.loadEventFired"));
  }

  async until(holds) {
    for (let tries = 0; tries < 400; tries++) {
      if (await holds()) return;
      await new Promise((done) => setTimeout(done, 25));
    }
    assert.fail(`not in time: ${holds}`);
  }

  /** What a function says in the page. */
  async ask(question, ...args) {
    const expression = `(${question})(...${JSON.stringify(args)})`;
    const answer = await this.send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    assert(!answer.exceptionDetails, answer.exceptionDetails?.exception?.description);
    return answer.result.value;
  }

  async click({ x, y }) {
    for (const type of ["mousePressed", "mouseReleased"]) {
      await this.send("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
    }
  }

  async type(text) {
    await this.send("Input.insertText", { text });
  }

  async press(key, code) {
    for (const type of ["keyDown", "keyUp"]) {
      await this.send("Input.dispatchKeyEvent", { type, key, code: key, windowsVirtualKeyCode: code, text: type === "keyDown" ? "\r" : undefined });
    }
  }

  async picture(file) {
    const { data } = await this.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true });
    writeFileSync(file, Buffer.from(data, "base64"));
  }
}

/** What the page shows: the names of the nodes that stand out, of the details, and what the search found. */
const shown = () => ({
  lit: [...document.querySelectorAll(".node:not(.faded)")].map((one) => one.dataset.id).sort(),
  chosen: [...document.querySelectorAll(".node.chosen")].map((one) => one.dataset.id),
  details: [...document.querySelectorAll("section")].filter((one) => one.checkVisibility()).map((one) => one.dataset.id),
  hint: document.querySelector(".hint").checkVisibility(),
  found: document.getElementById("found").textContent,
});

/** What cannot be read: text that leaves its box or lies on another, and boxes that lie on each other. */
const illegible = () => {
  const box = (one) => one.getBoundingClientRect();
  const apart = (a, b) => a.right <= b.left + 0.5 || b.right <= a.left + 0.5 || a.bottom <= b.top + 0.5 || b.bottom <= a.top + 0.5;
  const wrong = [];
  const nodes = [...document.querySelectorAll(".node")];
  for (const [index, node] of nodes.entries()) {
    const frame = box(node.querySelector("rect"));
    const texts = [...node.querySelectorAll("text")].filter((text) => !text.classList.contains("reach"));
    for (const text of texts) {
      const { left, right, top, bottom } = box(text);
      const inside = left >= frame.left && right <= frame.right && top >= frame.top - 1 && bottom <= frame.bottom + 1;
      if (!inside) wrong.push(`${node.dataset.id}: \`${text.textContent}\` leaves its box`);
      if (bottom - top < 8) wrong.push(`${node.dataset.id}: \`${text.textContent}\` is too small`);
    }
    for (const other of nodes.slice(index + 1)) {
      if (!apart(frame, box(other.querySelector("rect")))) wrong.push(`${node.dataset.id} lies on ${other.dataset.id}`);
    }
  }
  const labels = [...document.querySelectorAll("#picture text")];
  for (const [index, text] of labels.entries()) {
    for (const other of labels.slice(index + 1)) {
      if (text.checkVisibility() && other.checkVisibility() && !apart(box(text), box(other))) wrong.push(`\`${text.textContent}\` lies on \`${other.textContent}\``);
    }
  }
  return wrong;
};

/** Where a box is, when it is in sight; its corner, since an edge may lie on its middle. */
const corner = (id) => {
  const one = document.querySelector(`.node[data-id="${id}"] rect`);
  one.scrollIntoView({ block: "center", inline: "center" });
  const { left, top } = one.getBoundingClientRect();
  return { x: left + 6, y: top + 6 };
};
/** A place in the picture where no box is. */
const beside = () => {
  const view = document.getElementById("view");
  view.scrollTo(0, 0);
  const { left, top, right, bottom } = view.getBoundingClientRect();
  for (let y = top + 2; y < bottom; y += 7) {
    for (let x = left + 2; x < right; x += 7) {
      if (!document.elementFromPoint(x, y).closest("a") && view.contains(document.elementFromPoint(x, y))) return { x, y };
    }
  }
};

async function page(tab, name, edges) {
  const ids = [...new Set(edges.flat())].sort();
  const near = (id) => [...new Set([id, ...edges.filter((edge) => edge.includes(id)).flat()])].sort();
  await tab.open(pathToFileURL(resolve(`${name}.html`)).href, 1600, 1000);
  const requests = tab.events.filter((event) => event.method === "Network.requestWillBeSent").map((event) => event.params.request.url);
  assert.equal(requests.length, 1, `asked for more than the page: ${requests}`);
  const drawn = await tab.ask(() => [...document.querySelectorAll("path[data-from]")].map((one) => [one.dataset.from, one.dataset.to]));
  assert.deepEqual(drawn.sort(), edges.sort());
  assert.deepEqual(await tab.ask(illegible), []);
  let now = await tab.ask(shown);
  assert.deepEqual([now.details, now.hint, now.chosen], [[], true, []]);
  await tab.picture(`${name}.png`);

  // A click on each box shows its own details, and what it is connected with.
  for (const id of ids) {
    await tab.click(await tab.ask(corner, id));
    await tab.until(async () => (await tab.ask(shown)).chosen[0] === id);
    now = await tab.ask(shown);
    assert.deepEqual([now.details, now.hint, now.lit], [[id], false, near(id)]);
  }
  await tab.picture(`${name}-chosen.png`);
  // A click on a name in the details goes on to that one.
  const [from, to] = edges[0];
  await tab.click(await tab.ask(corner, from));
  await tab.until(async () => (await tab.ask(shown)).chosen[0] === from);
  await tab.click(await tab.ask((to) => {
    const link = [...document.querySelectorAll("section a")].find((one) => one.checkVisibility() && one.textContent === to);
    link.scrollIntoView();
    const { left, top } = link.getBoundingClientRect();
    return { x: left + 3, y: top + 3 };
  }, to));
  await tab.until(async () => (await tab.ask(shown)).chosen[0] === to);
  // One beside the boxes lets go.
  await tab.click(await tab.ask(beside));
  await tab.until(async () => (await tab.ask(shown)).chosen.length === 0);
  now = await tab.ask(shown);
  assert.deepEqual([now.details, now.hint, now.lit], [[], true, ids]);

  // What is typed is searched for; the first that is found is chosen with the enter key.
  const search = await tab.ask(() => {
    const { left, top } = document.getElementById("search").getBoundingClientRect();
    return { x: left + 20, y: top + 10 };
  });
  await tab.click(search);
  await tab.type(to.toUpperCase());
  now = await tab.ask(shown);
  assert(now.lit.includes(to) && now.lit.length < ids.length, `${now.lit}`);
  assert.equal(now.found, `${now.lit.length} of ${ids.length}`);
  await tab.press("Enter", 13);
  await tab.until(async () => (await tab.ask(shown)).chosen.length === 1);
  assert(now.lit.includes((await tab.ask(shown)).chosen[0]));
  await tab.type(" nobody-has-this");
  now = await tab.ask(shown);
  assert.deepEqual([now.lit, now.found], [[], `0 of ${ids.length}`]);
  const errors = tab.events.filter((event) => event.method === "Runtime.exceptionThrown" || (event.method === "Log.entryAdded" && event.params.entry.level === "error"));
  assert.deepEqual(errors, []);
  console.log(`ok    ${name}.html: ${ids.length} boxes, ${edges.length} edges, each clicked, searched and legible`);
}

async function flowchart(tab, name, edges) {
  await tab.open("about:blank", 1600, 1000);
  await tab.send("Runtime.evaluate", { expression: readFileSync(mermaid, "utf8") });
  const drawn = await tab.ask(async (text) => {
    mermaid.initialize({ startOnLoad: false, securityLevel: "strict" });
    await mermaid.parse(text);
    document.body.innerHTML = (await mermaid.render("chart", text)).svg;
    return {
      nodes: document.querySelectorAll(".node").length,
      edges: document.querySelectorAll(".edgePaths path").length,
      labels: [...document.querySelectorAll(".node")].map((one) => one.textContent.trim()),
    };
  }, readFileSync(`${name}.mermaid`, "utf8"));
  const ids = new Set(edges.flat());
  assert.deepEqual([drawn.nodes, drawn.edges], [ids.size, edges.length]);
  for (const id of ids) assert(drawn.labels.some((label) => label.startsWith(id)), `${id} is not among ${drawn.labels}`);
  await tab.picture(`${name}-mermaid.png`);
  console.log(`ok    ${name}.mermaid: ${drawn.nodes} boxes and ${drawn.edges} edges, drawn by mermaid`);
}

const tab = new Browser(browser);
try {
  for (const name of names) {
    const edges = JSON.parse(readFileSync(`${name}.edges.json`, "utf8"));
    await page(tab, name, edges);
    await flowchart(tab, name, edges);
  }
} finally {
  tab.process.kill();
}
