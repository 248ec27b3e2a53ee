// Pages that change without a load: each address counts once, with the title that it has once it is there.
import assert from "node:assert/strict";
import { after } from "node:test";
import { end, sleep, until, visit } from "./harness.mjs";

after(end);

/** An application as they are: the address changes first, the title after the view is there. */
const APPLICATION = `<script>
  const titles = { "/": "Home", "/a": "A", "/b": "B", "/c": "C", "/d": "D", "/e": "E" };
  const view = () => setTimeout(() => { document.title = titles[location.pathname] }, 30);
  go = (path, how = "pushState") => { history[how]({ at: path }, "", path); view(); };
  addEventListener("popstate", view);
</script>`;
const shown = (rows) => rows.map(({ event, path, title }) => [event, path, title]);
const trail = (rows) => rows.map(({ url, referrer }) => [url, referrer]);
/** Waits until the view is there. */
const titled = (tab, title) => tab.waitForFunction((title) => document.title === title, title);
const go = (tab, path, how = "pushState") => tab.evaluate(([path, how]) => globalThis.go(path, how), [path, how]);

visit("five routes: pushed, replaced, gone back to", async (it) => {
  it.serve({ "*": it.page("", { head: APPLICATION, title: "Home" }) });
  const other = it.elsewhere({
    "/": { body: `<a href="${it.origin}/">go</a>`, headers: { "content-type": "text/html" } },
  });
  const tab = await (await it.context()).newPage();
  await tab.goto(other);
  await tab.click("a");
  await tab.waitForURL(`${it.origin}/`);
  for (const [path, title, how] of [
    ["/a", "A"],
    ["/b", "B"],
    ["/c", "C", "replaceState"],
    ["/d", "D"],
  ]) {
    await go(tab, path, how);
    await titled(tab, title);
  }
  await tab.evaluate(() => history.back());
  await titled(tab, "C");
  await tab.goto("about:blank");
  const rows = await it.stored(6);
  assert.deepEqual(
    shown(rows),
    [
      ["/", "Home"],
      ["/a", "A"],
      ["/b", "B"],
      ["/c", "C"],
      ["/d", "D"],
      ["/c", "C"],
    ].map((row) => ["pageview", ...row]),
  );
  // Where each page came from, and the first from outside.
  const at = (path) => it.origin + path;
  assert.deepEqual(trail(rows), [
    [at("/"), `${other}/`],
    [at("/a"), at("/")],
    [at("/b"), at("/a")],
    [at("/c"), at("/b")],
    [at("/d"), at("/c")],
    [at("/c"), at("/d")],
  ]);
  assert.deepEqual(
    rows.map(({ medium }) => medium),
    ["referral", ...Array(5).fill(rows[1].medium)],
  );
  assert.notEqual(rows[1].medium, "referral");
});

visit("what a router does around a route makes no second page view", async (it) => {
  it.serve({ "*": it.page("", { head: APPLICATION, title: "Home" }) });
  const tab = await it.open("/");
  await tab.evaluate(() => {
    // State is kept, the scroll position noted, the same link clicked twice, a filter written into the address.
    history.replaceState({ key: 1 }, "");
    history.replaceState({ key: 1, y: 300 }, "", location.href);
    globalThis.go("/a");
    globalThis.go("/a");
    history.replaceState({}, "", "/a?sort=price");
    history.replaceState({}, "", "/a?sort=name");
    location.hash = "#part";
    history.pushState({}, "", "/a?sort=name#other");
    // What the browser refuses is refused as ever.
    try {
      history.pushState({}, "", "http://elsewhere.test/");
    } catch (error) {
      globalThis.refused = String(error);
    }
  });
  assert.match(await tab.evaluate(() => globalThis.refused), /SecurityError/);
  await sleep(200);
  await tab.goto("about:blank");
  const paths = (await it.stored(2)).map(({ path }) => path);
  assert.deepEqual(paths, ["/", "/a"]);
});

visit("a route that leads to another one at once: both addresses, in order", async (it) => {
  it.serve({ "*": it.page("", { head: APPLICATION, title: "Home" }) });
  const tab = await it.open("/");
  await tab.evaluate(() => {
    globalThis.go("/b");
    globalThis.go("/c", "replaceState");
  });
  await sleep(100);
  await tab.goto("about:blank");
  const rows = await it.stored(3);
  assert.deepEqual(trail(rows), [
    [`${it.origin}/`, ""],
    [`${it.origin}/b`, `${it.origin}/`],
    [`${it.origin}/c`, `${it.origin}/b`],
  ]);
});

visit("data-spa=off leaves addresses alone; page() counts by hand", async (it) => {
  it.serve({ "*": it.page('data-spa="off"', { head: APPLICATION, title: "Home" }) });
  const tab = await it.open("/");
  await go(tab, "/a");
  await go(tab, "/b");
  await titled(tab, "B");
  await tab.evaluate(() => globalThis.headwater.page());
  await tab.goto("about:blank");
  assert.deepEqual(shown(await it.stored(2)), [
    ["pageview", "/", "Home"],
    ["pageview", "/b", "B"],
  ]);
});

visit("data-hash: fragments are pages", async (it) => {
  it.serve({ "*": it.page("data-hash", { title: "Hash" }) });
  const tab = await it.open("/app/2000?utm_campaign=2026#/inbox");
  const changed = () =>
    new Promise((done) => {
      addEventListener("hashchange", () => done(undefined), { once: true });
      location.hash = "#/mail/1";
    });
  await tab.evaluate(changed);
  await tab.evaluate(() => history.pushState({}, "", "#/mail/2"));
  await tab.goto("about:blank");
  const rows = await it.stored(3);
  assert.deepEqual(
    rows.map(({ path, url }) => [path, url]),
    ["inbox", "mail/1", "mail/2"].map((route) => [`/app/2000#/${route}`, `${it.origin}/app/2000?utm_campaign=2026`]),
  );
});

visit("data-exclude: nothing at all from such pages, everything from the others", async (it) => {
  it.serve({
    "*": it.page('data-exclude="/admin/*,/private,/a.c*,/x(y,[z" data-auto="outbound"', { head: APPLICATION }),
  });
  const tab = await it.open("/admin/users");
  await tab.evaluate(() => globalThis.headwater.track("secret"));
  for (const path of ["/private", "/privately", "/admin", "/abc", "/a.csv", "/ü"]) await go(tab, path);
  await tab.evaluate(() => globalThis.headwater.track("open"));
  await go(tab, "/admin/");
  await tab.evaluate(() => globalThis.headwater.identify("root"));
  await tab.goto("about:blank");
  const rows = await it.stored(5);
  assert.deepEqual(
    rows.map(({ event, path }) => [event, decodeURI(path)]),
    [
      ["pageview", "/privately"],
      ["pageview", "/admin"],
      ["pageview", "/abc"],
      ["pageview", "/ü"],
      ["open", "/ü"],
    ],
  );
});

visit("the title of an excluded page is not told as another's", async (it) => {
  it.serve({ "*": it.page('data-exclude="/admin/*"', { title: "Home" }) });
  const tab = await it.open("/");
  await tab.evaluate(() => {
    history.pushState({}, "", "/admin/7");
    document.title = "Secret of user 7";
  });
  await tab.goto("about:blank");
  assert.deepEqual(shown(await it.stored(1)), [["pageview", "/", "Home"]]);
});

visit("back/forward cache: a page that comes back is seen again", async (it) => {
  const restored =
    "<script>addEventListener('pageshow', (event) => { globalThis.persisted = event.persisted })</script>";
  it.serve({ "*": it.page("", { head: restored, title: "Page" }) });
  const tab = await it.open("/first");
  await tab.evaluate(() => globalThis.headwater.track("before"));
  await tab.goto(`${it.origin}/second`);
  // No load follows: the page is there already.
  await tab.goBack({ waitUntil: "commit" });
  await tab.waitForFunction(() => globalThis.persisted);
  await tab.evaluate(() => globalThis.headwater.track("after"));
  await tab.goForward({ waitUntil: "commit" });
  await tab.waitForFunction(() => globalThis.persisted);
  await tab.goto("about:blank");
  const rows = await it.stored(6);
  assert.deepEqual(
    rows.map(({ event, path }) => [event, path]),
    [
      ...[
        ["pageview", "/first"],
        ["before", "/first"],
        ["pageview", "/second"],
      ],
      ...[
        ["pageview", "/first"],
        ["after", "/first"],
        ["pageview", "/second"],
      ],
    ],
  );
});

visit("a page that is rendered ahead counts once it is seen, and not before", async (it) => {
  const marks = [];
  const rules = { prerender: [{ urls: ["/seen", "/never"], eagerness: "immediate" }] };
  const drive = "fetch('/ahead').then(() => { location.href = '/seen' })";
  const head = `<script type="speculationrules">${JSON.stringify(rules)}</script><script>${drive}</script>`;
  // It tells how it fares by itself: where a debugger listens, Chromium renders nothing ahead.
  const tell = `<script>
    const tell = (what) => fetch("/tell?" + what);
    tell(document.prerendering + location.pathname);
    onerror = onunhandledrejection = (event) => tell("error");
    addEventListener("load", () => headwater.track("early"));
  </script>`;
  it.serve({
    "/": it.page("", { head, title: "Start" }),
    "/tell": (request, response) => {
      marks.push(request.url.split("?")[1]);
      response.end();
    },
    "/ahead": async (_request, response) => {
      await until(() => marks.length === 2, "both are rendered ahead");
      // Time in which they would be counted.
      await sleep(1000);
      response.end();
    },
    "*": it.page("", { head: tell, title: "Ahead" }),
  });
  const stop = await it.alone("/");
  const rows = await it.stored(3).finally(stop);
  assert.deepEqual(marks.sort(), ["true/never", "true/seen"]);
  assert.deepEqual(rows.map(({ event, path, title, referrer }) => [event, path, title, referrer]).sort(), [
    ["early", "/seen", "Ahead", `${it.origin}/`],
    ["pageview", "/", "Start", ""],
    ["pageview", "/seen", "Ahead", `${it.origin}/`],
  ]);
});
