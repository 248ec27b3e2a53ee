// What a page may call: before the script is there, twice, and from a bundle of its own.
import assert from "node:assert/strict";
import { after } from "node:test";
import { built } from "../build.mjs";
import { end, sleep, until, visit } from "./harness.mjs";

after(end);

const STUB = `<script>window.headwater ??= new Proxy([], { get: (q, m) => m == "q" ? q : (...a) => { q.push([m, ...a]); } });</script>`;
const names = (rows) => rows.map(({ event }) => event);

visit("calls before the script has loaded are made up for", async (it) => {
  const early = `${STUB}<script>
    headwater.identify("ada", { plan: "pro" });
    headwater.track("early", { n: 1 });
    const { track } = headwater;
    track("taken off");
  </script>`;
  it.way.answer = async (_number, { method }) => (method === "GET" ? sleep(400) : undefined);
  it.serve({ "/": it.page("", { head: early }) });
  const tab = await it.open("/");
  await tab.evaluate(() => globalThis.headwater.track("late"));
  await tab.goto("about:blank");
  const rows = await it.stored(5);
  assert.deepEqual(names(rows).sort(), ["$identify", "early", "late", "pageview", "taken off"]);
  const row = (name) => rows.find(({ event }) => event === name);
  assert.deepEqual([row("$identify").properties, row("early").properties], [{ plan: "pro" }, { n: 1 }]);
  assert.deepEqual([row("$identify").user_id, row("early").user_id, row("late").user_id], ["ada", "ada", "ada"]);
});

visit("identify, setAnonymousId, revenue, reset", async (it) => {
  it.serve({ "*": it.page() });
  const tab = await it.open("/");
  await tab.evaluate(async () => {
    const headwater = globalThis.headwater;
    headwater.setAnonymousId("device-1");
    headwater.track("one");
    headwater.identify("ada", { plan: "pro", seats: 3 });
    headwater.track("two", { deep: { list: [1, "2", null] } });
    headwater.revenue("19.99", "EUR", { order: "o-1" });
    headwater.revenue(5, "USD");
    headwater.identify(42);
    headwater.reset();
    headwater.track("three");
    await headwater.flush();
  });
  const rows = await it.stored(8);
  assert.deepEqual(
    rows.map(({ event, user_id, anonymous_id }) => [event, user_id, anonymous_id]),
    [
      ["pageview", "", rows[0].anonymous_id],
      ["one", "", "device-1"],
      ["$identify", "ada", "device-1"],
      ["two", "ada", "device-1"],
      ["purchase", "ada", "device-1"],
      ["purchase", "ada", "device-1"],
      // An id that is a number arrives as text.
      ["$identify", "42", "device-1"],
      ["three", "", ""],
    ],
  );
  assert.deepEqual(
    rows.slice(2, 6).map(({ properties, revenue }) => [properties, revenue]),
    [
      [{ plan: "pro", seats: 3 }, null],
      [{ deep: { list: [1, "2", null] } }, null],
      [{ order: "o-1" }, { amount: "19.99", currency: "EUR" }],
      [{}, { amount: "5", currency: "USD" }],
    ],
  );
});

visit("ids and times are fixed at the call; twenty events go at once, fewer after two seconds", async (it) => {
  it.serve({ "*": it.page() });
  const tab = await it.open("/");
  await tab.evaluate(() => globalThis.headwater.flush());
  const called = await tab.evaluate(() => {
    globalThis.headwater.track("alone");
    return Date.now();
  });
  await until(() => it.posts().length === 2, "the second request");
  const waited = Date.now() - called;
  assert.ok(waited > 1500, `${waited} ms`);
  // The quickest of three: what waits for its time waits each time, a busy machine some of the time.
  let quickest = Number.POSITIVE_INFINITY;
  for (const round of [0, 1, 2]) {
    const begin = performance.now();
    await tab.evaluate((round) => {
      for (let n = 0; n < 20; n++) globalThis.headwater.track(`n-${round * 20 + n}`);
    }, round);
    await until(() => it.posts().length === 3 + round, "the next request");
    quickest = Math.min(quickest, performance.now() - begin);
  }
  assert.ok(quickest < 1000, `${quickest} ms`);
  const rows = await it.stored(62);
  assert.deepEqual(names(rows), ["pageview", "alone", ...Array.from({ length: 60 }, (_, n) => `n-${n}`)]);
  assert.ok(Math.abs(Date.parse(rows[1].timestamp) - called) < 500);
  // An event is what it was when it was called.
  assert.equal(new Set(rows.map(({ event_id }) => event_id)).size, 62);
});

visit("what cannot be sent disturbs nobody", async (it) => {
  it.serve({ "*": it.page() });
  const tab = await it.open("/");
  await tab.evaluate(() => {
    const headwater = globalThis.headwater;
    const circle = {};
    circle.circle = circle;
    headwater.track("circle", circle);
    headwater.track("big", { n: 1n });
    headwater.track("function", { n: 1, call() {}, date: new Date(0), nothing: undefined, not: Number.NaN });
    const changing = { n: 1 };
    headwater.track("changing", changing);
    changing.n = 2;
  });
  await tab.goto("about:blank");
  const rows = await it.stored(3);
  assert.deepEqual(
    rows.map(({ event, properties }) => [event, properties]),
    [
      ["pageview", {}],
      ["function", { n: 1, date: "1970-01-01T00:00:00.000Z", not: null }],
      ["changing", { n: 1 }],
    ].sort(([a], [b]) => (a === "pageview" ? -1 : b === "pageview" ? 1 : 0)),
  );
});

visit("two tags and another init count nothing twice", async (it) => {
  const tags = it.tag(it.key) + it.tag(it.key, 'data-auto="outbound"');
  it.serve({ "*": it.page("", { script: tags }) });
  const tab = await it.open("/");
  await tab.evaluate((key) => {
    globalThis.headwater.init({ key, host: "http://other.elsewhere.test" });
    globalThis.headwater.init({ key });
    history.pushState({}, "", "/next");
    globalThis.headwater.track("once");
  }, it.key);
  await tab.goto("about:blank");
  const rows = await it.stored(3);
  assert.deepEqual(
    rows.map(({ event, path }) => [event, path]),
    [
      ["pageview", "/"],
      ["pageview", "/next"],
      ["once", "/next"],
    ],
  );
});

visit("the ES module, in code of the page's own", async (it) => {
  const { code } = await built("index.js");
  const own = `import { init, page, track, identify, flush } from "/headwater.js";
    track("before");
    init({ key: "${it.key}", host: "${it.way.url}", auto: ["outbound"], exclude: ["/admin/*"] });
    init({ key: "${it.key}", host: "http://nowhere.elsewhere.test" });
    identify("ada");
    track("after", { n: 1 });
    globalThis.flushed = flush();`;
  const module = (body) => ({ body, headers: { "content-type": "text/javascript" } });
  it.serve({
    "/headwater.js": module(code),
    "/own.js": module(own),
    "*": it.page("", { script: '<script type="module" src="/own.js"></script>' }),
  });
  const tab = await it.open("/");
  await tab.evaluate(() => globalThis.flushed);
  assert.deepEqual(names(await it.stored(4)).sort(), ["$identify", "after", "before", "pageview"]);
});

visit("the core alone: page views, routes and events", async (it) => {
  const { code } = await built("core.js");
  const tag = `<script defer src="/core.js" data-key="${it.key}" data-host="${it.way.url}"></script>`;
  it.serve({
    "/core.js": { body: code, headers: { "content-type": "text/javascript" } },
    "*": it.page("", { script: STUB + tag, head: "<script>document.title = 'Core'</script>" }),
  });
  const tab = await it.open("/");
  await tab.evaluate(() => {
    globalThis.headwater.track("own", { n: 1 });
    history.pushState({}, "", "/next");
    globalThis.headwater.page();
  });
  await tab.goto("about:blank");
  const rows = await it.stored(4);
  assert.deepEqual(rows.map(({ event, path, properties }) => [event, path, properties]).sort(), [
    ["own", "/", { n: 1 }],
    ["pageview", "/", {}],
    ["pageview", "/next", {}],
    ["pageview", "/next", {}],
  ]);
});

visit("data-debug tells what was sent and answered, and why nothing is", async (it) => {
  it.serve({ "*": it.page('data-debug data-exclude="/quiet"') });
  const context = await it.context();
  const tab = await context.newPage();
  const said = [];
  tab.on("console", (message) => said.push(message.text()));
  await tab.goto(`${it.origin}/`);
  await tab.evaluate(() => globalThis.headwater.flush());
  await until(() => said.some((line) => line.includes("202")), "the answer is told");
  assert.ok(
    said.every((line) => line.startsWith("[headwater]")),
    said.join("\n"),
  );
  assert.ok(said.some((line) => line.includes("pageview")));
  await tab.goto(`${it.origin}/quiet`);
  await until(() => said.some((line) => line === "[headwater] off pageview"), "nothing is sent");
  // Without it, nothing is said.
  it.serve({ "*": it.page() });
  said.length = 0;
  await tab.goto(`${it.origin}/silent`);
  await tab.evaluate(() => globalThis.headwater.flush());
  assert.deepEqual(said, []);
});
