// The page goes while events are on their way.
import assert from "node:assert/strict";
import { after } from "node:test";
import { end, visit } from "./harness.mjs";

after(end);

const names = (rows) => rows.map(({ event }) => event);
/** A hundred events of 2 KB each. */
const plenty = () => {
  for (let n = 0; n < 100; n++) globalThis.headwater.track("big", { n, text: "x".repeat(2000) });
};
const numbers = (rows) => rows.filter(({ event }) => event === "big").map(({ properties }) => properties.n);
const all = Array.from({ length: 100 }, (_, n) => n);

for (const runBeforeUnload of [false, true])
  visit(`a tab that is closed at once after a click (asked before: ${runBeforeUnload})`, async (it) => {
    const other = it.elsewhere({ "*": "elsewhere" });
    const body = `<a href="${other}/away?token=1">away</a><button onclick="headwater.track('bought', { n: 1 })">buy</button>`;
    it.serve({ "/": it.page('data-auto="outbound"', { body }) });
    const context = await it.context();
    const tab = await it.open("/", context);
    // Its page lives on: nothing but the tab's end makes the events go.
    await tab.evaluate(() => document.querySelector("button").click());
    await tab.close({ runBeforeUnload });
    assert.deepEqual(names(await it.stored(2)), ["pageview", "bought"]);
    const second = await it.open("/", context);
    await second.evaluate(() => document.querySelector("a").click());
    await second.close({ runBeforeUnload });
    const rows = await it.stored(4);
    assert.deepEqual(names(rows), ["pageview", "bought", "pageview", "outbound"]);
    assert.deepEqual(rows[3].properties, { href: `${other}/away` });
  });

visit("a link that leads away at once", async (it) => {
  const other = it.elsewhere({ "*": "elsewhere" });
  it.serve({ "/": it.page('data-auto="outbound"', { body: `<a href="${other}/next">next</a>` }) });
  const tab = await it.open("/");
  await tab.click("a");
  await tab.waitForURL("**/next");
  assert.deepEqual(names(await it.stored(2)), ["pageview", "outbound"]);
});

visit("events that a page makes in its own handlers of the end", async (it) => {
  const head = `<script>
    addEventListener("pagehide", () => headwater.track("at pagehide"));
    document.addEventListener("visibilitychange", () => headwater.track("at " + document.visibilityState));
  </script>`;
  it.serve({ "/": it.page("", { head }) });
  const tab = await it.open("/");
  await tab.goto("about:blank");
  assert.deepEqual(names(await it.stored(3)).sort(), ["at hidden", "at pagehide", "pageview"]);
});

visit("a tab that goes behind another one, and stays open", async (it) => {
  const told = [];
  const open = `<script>
    addEventListener("load", () => setTimeout(() => window.open("/front"), 300));
    document.addEventListener("visibilitychange", () => fetch("/tell?" + document.visibilityState));
  </script>`;
  const plain = { body: "in front", headers: { "content-type": "text/html" } };
  it.serve({
    "/": it.page("", { head: open }),
    "/tell": (request, response) => {
      told.push([request.url.split("?")[1], performance.now()]);
      response.end();
    },
    "/front": plain,
  });
  // Where a debugger listens, all tabs are visible.
  const stop = await it.alone("/");
  const rows = await it.stored(1).finally(stop);
  assert.deepEqual(names(rows), ["pageview"]);
  const [[state, hidden]] = told;
  assert.equal(state, "hidden");
  // It does not wait for its two seconds.
  const waited = it.posts()[0].at - hidden;
  assert.ok(waited < 1800, `${waited} ms`);
});

visit("200 KB at pagehide, kept on the device: all, once", async (it) => {
  it.serve({ "/": it.page('data-persist="local"'), "/later": it.page('data-persist="local"') });
  const context = await it.context();
  const tab = await it.open("/", context);
  await tab.evaluate(() => globalThis.headwater.flush());
  await tab.evaluate(`addEventListener("pagehide", () => { (${plenty})() })`);
  await tab.close();
  // What the browser has let through by now; the rest goes with the next page.
  const early = numbers(await it.stored(101, { seconds: 1 }));
  const next = await it.open("/later", context);
  await next.evaluate(() => globalThis.headwater.flush());
  const rows = await it.stored(102);
  assert.deepEqual(
    numbers(rows).sort((a, b) => a - b),
    all,
  );
  assert.deepEqual(
    names(rows).filter((name) => name !== "big"),
    ["pageview", "pageview"],
  );
  const left = await next.evaluate(() => Object.keys(localStorage).filter((name) => name.includes("queue")));
  assert.deepEqual(await next.evaluate((left) => left.map((name) => localStorage[name]).join(""), left), "");
  console.log(`200 KB at pagehide: ${early.length} of 100 events before the next page`);
});

visit("200 KB at pagehide, nothing kept: what the page's share lets through, at least", async (it) => {
  it.serve({ "/": it.page(), "/next": it.page() });
  const tab = await it.open("/");
  await tab.evaluate(() => globalThis.headwater.flush());
  await tab.evaluate(`addEventListener("pagehide", () => { (${plenty})() })`);
  await tab.close();
  // 64 KiB hold 29 of them; less than a quarter of the share may stay unused.
  const closed = numbers(await it.stored(1 + 22));
  assert.ok(closed.length >= 22, `${closed.length}`);
  assert.equal(new Set(closed).size, closed.length);
  console.log(`200 KB at pagehide, the tab closed: ${closed.length} of 100 events`);
});

visit("200 KB that waited before the page was hidden", async (it) => {
  it.serve({ "/": it.page(), "/next": it.page() });
  const tab = await it.open("/");
  await tab.evaluate(() => globalThis.headwater.flush());
  // In the same task as the way out: no timer has had a chance.
  await tab.evaluate(`{ (${plenty})(); location.href = "/next" }`);
  await tab.waitForURL("**/next");
  const rows = await it.stored(2 + 22);
  const got = numbers(rows);
  assert.ok(got.length >= 22, `${got.length}`);
  assert.equal(new Set(got).size, got.length);
  console.log(`200 KB in the task of a navigation: ${got.length} of 100 events`);
});

visit("a browser without keepalive: beacons, halved until they are taken", async (it) => {
  const head = "<script>delete Request.prototype.keepalive</script>";
  it.serve({ "/": it.page("", { head }) });
  const context = await it.context();
  const tab = await it.open("/", context);
  await tab.evaluate(() => globalThis.headwater.track("last"));
  await tab.close();
  assert.deepEqual(names(await it.stored(2)), ["pageview", "last"]);
  const [post, ...more] = it.posts();
  assert.equal(more.length, 0);
  assert.match(post.headers["content-type"], /^text\/plain/);
  // What is too much for one is given to several.
  const second = await it.open("/", context);
  await second.evaluate(() => globalThis.headwater.flush());
  await second.evaluate(`addEventListener("pagehide", () => { (${plenty})() })`);
  await second.close();
  const got = numbers(await it.stored(3 + 22));
  assert.ok(got.length >= 22, `${got.length}`);
  assert.equal(new Set(got).size, got.length);
  console.log(`200 KB at pagehide by beacons: ${got.length} of 100 events`);
});
