// What visitors and owners decide: who is not counted, and what is kept on the device.
import assert from "node:assert/strict";
import { after } from "node:test";
import { end, sleep, visit } from "./harness.mjs";

after(end);

const shown = (rows) => rows.map(({ event, path }) => [event, path]);
const kept = (tab) => tab.evaluate(() => [Object.entries({ ...localStorage }), Object.entries({ ...sessionStorage })]);
/** Everything that a page can do. */
const everything = () => {
  const it = globalThis.headwater;
  it.track("made", { n: 1 });
  it.identify("ada", { plan: "pro" });
  it.revenue("1.00", "EUR");
  it.setAnonymousId("device");
  it.page();
  history.pushState({}, "", "/other");
  return it.flush();
};

for (const [name, member, value] of /** @type {const} */ ([
  ["DNT", "doNotTrack", "1"],
  ["GPC", "globalPrivacyControl", true],
]))
  visit(`${name}: nothing is sent and nothing kept`, async (it) => {
    it.serve({ "*": it.page('data-persist="local" data-auto="outbound,download,form"') });
    const context = await it.context();
    await context.addInitScript(
      ({ member, value }) => {
        Object.defineProperty(Navigator.prototype, member, { get: () => value });
      },
      { member, value },
    );
    const tab = await it.open("/", context);
    assert.equal(await tab.evaluate((member) => navigator[member], member), value);
    await tab.evaluate(everything);
    await sleep(2500);
    assert.deepEqual(await kept(tab), [[], []]);
    await tab.goto("about:blank");
    await sleep(300);
    assert.deepEqual([it.posts(), await it.stored(0)], [[], []]);
  });

visit("a browser that says that tracking is fine is counted", async (it) => {
  it.serve({ "*": it.page() });
  const context = await it.context();
  await context.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, "doNotTrack", { get: () => "0" });
    Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => false });
  });
  const tab = await it.open("/", context);
  await tab.goto("about:blank");
  assert.deepEqual(shown(await it.stored(1)), [["pageview", "/"]]);
});

visit("by default nothing is kept on the device, whatever the page does", async (it) => {
  it.serve({ "*": it.page('data-auto="outbound,download,form"') });
  const context = await it.context();
  const tab = await it.open("/", context);
  await tab.evaluate(everything);
  assert.deepEqual(await kept(tab), [[], []]);
  assert.deepEqual(await tab.evaluate(() => indexedDB.databases()), []);
  assert.deepEqual([await context.cookies(), await tab.evaluate(() => document.cookie)], [[], ""]);
  const rows = await it.stored(6);
  assert.deepEqual(
    rows.map(({ event, user_id, anonymous_id }) => [event, user_id, anonymous_id]),
    [
      ["pageview", "", ""],
      ["made", "", ""],
      ["$identify", "ada", ""],
      ["purchase", "ada", ""],
      ["pageview", "ada", "device"],
      ["pageview", "ada", "device"],
    ],
  );
  // The next page knows nobody.
  await tab.goto(`${it.origin}/next`);
  await tab.goto("about:blank");
  const next = (await it.stored(7)).at(-1);
  assert.deepEqual([next.path, next.user_id, next.anonymous_id], ["/next", "", ""]);
});

for (const persist of ["local", "session"])
  visit(`data-persist=${persist}: the same visitor on every page, for as long as was chosen`, async (it) => {
    it.serve({ "*": it.page(`data-persist="${persist}"`) });
    const context = await it.context();
    const tab = await it.open("/1", context);
    const id = await tab.evaluate(() => globalThis.headwater.getAnonymousId());
    assert.match(id, /^[\w.-]{16,128}$/);
    const [local, session] = await kept(tab);
    const [holding, empty] = persist === "local" ? [local, session] : [session, local];
    assert.deepEqual(
      holding.find(([name]) => name === "headwater.id"),
      ["headwater.id", id],
    );
    assert.ok(holding.every(([name]) => name.startsWith("headwater.")));
    assert.deepEqual([empty, await context.cookies()], [[], []]);
    await tab.goto(`${it.origin}/2`);
    await tab.evaluate(() => globalThis.headwater.identify("ada"));
    await tab.goto(`${it.origin}/3`);
    await tab.close();
    // A new tab has a session of its own.
    const other = await it.open("/4", context);
    await other.goto("about:blank");
    const rows = await it.stored(5);
    const longer = persist === "local";
    assert.deepEqual(
      rows.map(({ path, user_id, anonymous_id }) => [path, user_id, anonymous_id === id]),
      [
        ["/1", "", true],
        ["/2", "", true],
        ["/2", "ada", true],
        ["/3", "ada", true],
        ["/4", longer ? "ada" : "", longer],
      ],
    );
  });

visit("two tabs that keep: one visitor, nothing lost, nothing twice", async (it) => {
  it.serve({ "*": it.page('data-persist="local"') });
  const context = await it.context();
  // The second begins once the first has an id: without a lock, two that begin within the same milliseconds on a device
  // that knows nothing yet can each make one.
  const tabs = [await it.open("/left", context)];
  tabs.push(await it.open("/right", context));
  await context.setOffline(true);
  for (let n = 0; n < 15; n++)
    await Promise.all(
      tabs.map((tab, index) => tab.evaluate(([n, index]) => globalThis.headwater.track(`${index}-${n}`), [n, index])),
    );
  // One goes with its events unsent, and comes back while the other is there.
  await tabs[0].close();
  await context.setOffline(false);
  const again = await it.open("/again", context);
  const rows = await it.stored(33);
  const expected = Array.from({ length: 15 }, (_, n) => [`0-${n}`, `1-${n}`]).flat();
  assert.deepEqual(
    rows
      .filter(({ event }) => event !== "pageview")
      .map(({ event }) => event)
      .sort(),
    expected.sort(),
  );
  assert.deepEqual(
    shown(rows.filter(({ event }) => event === "pageview"))
      .map(([, path]) => path)
      .sort(),
    [...["/again", "/left", "/right"]],
  );
  const last = rows.filter(({ path }) => path === "/again").map(({ anonymous_id }) => anonymous_id);
  assert.equal(last[0], await again.evaluate(() => globalThis.headwater.getAnonymousId()));
  assert.equal(new Set(rows.map(({ anonymous_id }) => anonymous_id)).size, 1);
  await Promise.all([again, tabs[1]].map((tab) => tab.evaluate(() => globalThis.headwater.flush())));
  const queues = (await kept(again))[0].filter(([name, value]) => name.includes("queue") && value);
  assert.deepEqual(queues, []);
});

visit("optOut holds for later visits, and takes what was kept; optIn takes it back", async (it) => {
  it.serve({ "*": it.page('data-persist="local"') });
  const context = await it.context();
  const tab = await it.open("/1", context);
  await tab.evaluate(() => globalThis.headwater.flush());
  await tab.evaluate(async () => {
    globalThis.headwater.track("waits");
    globalThis.headwater.optOut();
    globalThis.headwater.track("after");
    await globalThis.headwater.flush();
  });
  const [local, session] = await kept(tab);
  assert.deepEqual([local.map(([name]) => name), session], [["headwater.off"], []]);
  await tab.goto(`${it.origin}/2`);
  await tab.evaluate(everything);
  assert.deepEqual(
    (await kept(tab))[0].map(([name]) => name),
    ["headwater.off"],
  );
  const before = it.posts().length;
  await tab.evaluate(async () => {
    globalThis.headwater.optIn();
    globalThis.headwater.track("back");
    await globalThis.headwater.flush();
  });
  assert.equal(it.posts().length, before + 1);
  await tab.goto(`${it.origin}/3`);
  await tab.goto("about:blank");
  const rows = await it.stored(3);
  assert.deepEqual(
    rows.map(({ event, path }) => [event, path.slice(0, 2)]),
    [
      ["pageview", "/1"],
      ["back", "/o"],
      ["pageview", "/3"],
    ],
  );
  assert.ok(!(await kept(await it.open("/4", context)))[0].some(([name]) => name === "headwater.off"));
});

visit("optOut while a request fails: what comes back is gone, too", async (it) => {
  it.way.answer = async (_number, { method }) => {
    if (method !== "POST") return undefined;
    await sleep(400);
    return { status: 503, headers: { "access-control-allow-origin": "*" }, body: "" };
  };
  it.serve({ "*": it.page('data-persist="local"') });
  const tab = await it.open("/");
  await tab.evaluate(async () => {
    const headwater = globalThis.headwater;
    const answered = headwater.flush();
    headwater.optOut();
    await answered;
  });
  it.way.answer = () => undefined;
  await tab.evaluate(async () => {
    globalThis.headwater.optIn();
    await globalThis.headwater.flush();
  });
  assert.deepEqual((await kept(tab))[0], []);
  await tab.goto("about:blank");
  assert.deepEqual(await it.stored(0), []);
});

visit("reset and optOut on a page from which nothing is sent", async (it) => {
  it.serve({ "*": it.page('data-persist="local" data-exclude="/logout,/out"') });
  const context = await it.context();
  const tab = await it.open("/", context);
  await tab.evaluate(() => globalThis.headwater.identify("ada"));
  await tab.goto(`${it.origin}/logout`);
  await tab.evaluate(() => globalThis.headwater.reset());
  await tab.goto(`${it.origin}/after`);
  await tab.evaluate(() => globalThis.headwater.flush());
  const rows = await it.stored(3);
  assert.deepEqual(
    rows.map(({ event, user_id }) => [event, user_id]),
    [
      ["pageview", ""],
      ["$identify", "ada"],
      ["pageview", ""],
    ],
  );
  assert.notEqual(rows[0].anonymous_id, rows[2].anonymous_id);
  await tab.goto(`${it.origin}/out`);
  await tab.evaluate(() => globalThis.headwater.optOut());
  assert.deepEqual(
    (await kept(tab))[0].map(([name]) => name),
    ["headwater.off"],
  );
});

visit("optOut where nothing is kept", async (it) => {
  it.serve({ "*": it.page() });
  const context = await it.context();
  const tab = await it.open("/1", context);
  await tab.evaluate(() => {
    globalThis.headwater.optOut();
    globalThis.headwater.track("after");
  });
  await tab.goto(`${it.origin}/2`);
  await tab.goto("about:blank");
  await sleep(300);
  assert.deepEqual(shown(await it.stored(0)), []);
});

visit("a device that lets nothing be kept", async (it) => {
  it.serve({ "*": it.page('data-persist="local"') });
  const context = await it.context();
  await context.addInitScript(() => {
    for (const name of ["localStorage", "sessionStorage"])
      Object.defineProperty(window, name, {
        get() {
          throw new DOMException("no", "SecurityError");
        },
      });
  });
  const tab = await it.open("/", context);
  await tab.evaluate(everything);
  await tab.evaluate(() => {
    globalThis.headwater.reset();
    globalThis.headwater.optOut();
    globalThis.headwater.optIn();
    globalThis.headwater.track("last");
  });
  await tab.goto("about:blank");
  const rows = await it.stored(6);
  assert.deepEqual([rows[0].event, rows.at(-1).event, rows.at(-1).user_id], ["pageview", "last", ""]);
});

visit("a device with no room", async (it) => {
  it.serve({ "*": it.page('data-persist="local"') });
  const context = await it.context();
  await context.addInitScript(() => {
    if (location.protocol === "http:") localStorage.full = "x".repeat(5 * 1024 * 1024 - 200);
  });
  const tab = await it.open("/", context);
  await tab.evaluate(() => globalThis.headwater.flush());
  await context.setOffline(true);
  await tab.evaluate(() => {
    for (let n = 0; n < 10; n++) globalThis.headwater.track("kept", { n, text: "y".repeat(500) });
  });
  await context.setOffline(false);
  await tab.evaluate(() => globalThis.headwater.flush());
  const rows = await it.stored(11);
  assert.deepEqual(
    rows.map(({ event }) => event),
    ["pageview", ...Array(10).fill("kept")],
  );
});
