// One page is opened: what of it arrives, and that nothing stays behind.
import assert from "node:assert/strict";
import { after } from "node:test";
import { end, launch, visit } from "./harness.mjs";

after(end);

visit("the first load: one page view, with all that the server can tell of it", async (it) => {
  it.serve({ "/pricing": it.page("", { title: "Prices & plans" }) });
  const begin = Date.now();
  const tab = await it.open("/pricing?utm_source=news&utm_medium=email&secret=1#plans");
  // Nothing but time makes it go: the visitor looks at the page.
  const rows = await it.stored(1);
  const { event_id, timestamp, received_at: _r, visitor_hash, ...row } = rows[0];
  assert.equal(rows.length, 1);
  assert.match(event_id, /^[\w.-]{20,128}$/);
  assert.match(visitor_hash, /^[1-9]\d*$/);
  const at = Date.parse(timestamp);
  assert.ok(at >= begin && at <= Date.now());
  const fields = ["event", "url", "path", "title", "referrer", "source", "medium", "anonymous_id", "user_id"];
  assert.deepEqual(
    [...fields, "session_id", "device_type", "browser", "os", "bot_class", "language"].map((name) => row[name]),
    [
      ...["pageview", `${it.origin}/pricing?utm_source=news&utm_medium=email`, "/pricing", "Prices & plans", ""],
      ...["news", "email", "", "", "", "desktop", "Chrome", "Linux", "", "en"],
    ],
  );
  assert.deepEqual(row.properties, {});
  const [post, ...more] = it.posts();
  assert.equal(more.length, 0);
  assert.equal(post.path, `/v1/batch?key=${it.key}`);
  // No preflight, the true origin, and no cookies.
  assert.deepEqual(
    it.way.seen.map(({ method }) => method),
    ["GET", "POST"],
  );
  const { origin, cookie, "content-type": type } = post.headers;
  assert.deepEqual([origin, cookie], [it.origin, undefined]);
  assert.match(type, /^text\/plain/);
  const kept = () => [localStorage.length, sessionStorage.length, document.cookie, "caches" in window];
  assert.deepEqual(await tab.evaluate(kept), [0, 0, "", false]);
  assert.deepEqual(await tab.evaluate(() => indexedDB.databases()), []);
  assert.deepEqual(await tab.context().cookies(), []);
});

visit("a visitor from a search engine, and from a page that tells no referrer", async (it) => {
  const search = { body: `<a href="${it.origin}/found">found</a>`, headers: { "content-type": "text/html" } };
  it.serve({ "/found": it.page(), "/": it.page("", { headers: { "referrer-policy": "no-referrer" } }) });
  const google = it.elsewhere({ "/search": search });
  const tab = await it.open("/");
  await tab.goto(`${google}/search?q=private`);
  await tab.click("a");
  await tab.waitForURL("**/found");
  await tab.goto("about:blank");
  const rows = await it.stored(2);
  assert.deepEqual(
    rows.map((row) => [row.path, row.referrer, row.source, row.medium]),
    [
      ["/", "", "direct", "direct"],
      ["/found", `${google}/`, new URL(google).host, "referral"],
    ],
  );
  // The policy is about what the browser tells; who sent is told all the same.
  assert.ok(it.posts().every(({ headers }) => headers.origin === it.origin));
  assert.equal(it.posts()[0].headers.referer, undefined);
});

visit("referrer policy no-referrer: pages of one document follow each other", async (it) => {
  it.serve({ "*": it.page("", { headers: { "referrer-policy": "no-referrer" } }) });
  const tab = await it.open("/a");
  await tab.evaluate(() => history.pushState({}, "", "/b"));
  await tab.goto("about:blank");
  const rows = await it.stored(2);
  assert.deepEqual(
    rows.map((row) => [row.path, row.referrer]),
    [
      ["/a", ""],
      ["/b", `${it.origin}/a`],
    ],
  );
});

visit("texts that are too long, or no text, arrive as far as they can", async (it) => {
  const title = "long ".repeat(200);
  it.serve({ "*": it.page("", { title }) });
  const tab = await it.open(`/${"x".repeat(3000)}`);
  await tab.evaluate(() => {
    document.title = "half \ud83d of a pair";
    // @ts-expect-error
    window.headwater.track("odd", { half: "\udc00 low", text: "“ü\u2028\u0000”", deep: { n: [1, null] } });
    // @ts-expect-error
    window.headwater.track("path", { of: "C:\\ude" });
    history.pushState({}, "", "/short");
  });
  await tab.goto("about:blank");
  const rows = await it.stored(4);
  const by = (path) => rows.filter((row) => row.path.startsWith(path));
  assert.equal(rows.length, 4);
  assert.deepEqual(rows.find(({ event }) => event === "path").properties, { of: "C:\\ude" });
  const odd = rows.find(({ event }) => event === "odd");
  assert.deepEqual(odd.properties, { half: "\ufffd low", text: "“ü\u2028\u0000”", deep: { n: [1, null] } });
  assert.equal(odd.title, "half \ufffd of a pair");
  assert.equal(by("/short").length, 1);
  assert.equal(by("/xxx").length, 3);
  assert.ok(by("/xxx").every(({ url }) => url.length > 1900 && url.length <= 2048));
});

visit("a page in a frame is a page of its own, and does not disturb the one around it", async (it) => {
  const frame = '<iframe src="/inner"></iframe><iframe src="about:blank"></iframe><iframe srcdoc="<p>x"></iframe>';
  it.serve({ "/": it.page("", { body: frame, title: "Outer" }), "/inner": it.page("", { title: "Inner" }) });
  const tab = await it.open("/");
  await tab.goto("about:blank");
  const rows = await it.stored(2);
  assert.deepEqual(rows.map(({ path }) => path).sort(), ["/", "/inner"]);
});

visit("a first-party path in place of another host", async (it) => {
  const through = (request, response) => {
    const pass = async () => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const { origin, "user-agent": agent, "content-type": type } = request.headers;
      const headers = Object.fromEntries(
        Object.entries({ origin, "user-agent": agent, "content-type": type }).filter(([, value]) => value),
      );
      const body = request.method === "POST" ? Buffer.concat(chunks) : undefined;
      const answer = await fetch(it.way.url + request.url.slice("/hw".length), {
        method: request.method,
        headers,
        body,
      });
      response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") });
      response.end(await answer.text());
    };
    return pass();
  };
  const tag = `<script defer src="/hw/v1/a.js" data-key="${it.key}" data-host="/hw"></script>`;
  const implied = `<script defer src="/hw/s.js" data-key="${it.key}"></script>`;
  it.serve({
    "/given": it.page("", { script: tag }),
    "/implied": it.page("", { script: implied }),
    "*": through,
  });
  const tab = await it.open("/given");
  await tab.goto(`${it.origin}/implied`);
  await tab.goto("about:blank");
  assert.deepEqual(
    (await it.stored(2)).map(({ path }) => path),
    ["/given", "/implied"],
  );
});

visit("an automated browser counts as test data only", async (it) => {
  it.serve({ "/live": it.page(), "/test": it.page("", { script: it.tag(it.testKey) }) });
  const driven = await launch({ automated: true });
  try {
    const tab = await it.open("/live", await it.context({}, driven));
    assert.equal(await tab.evaluate(() => navigator.webdriver), true);
    await tab.evaluate(() => globalThis.headwater.flush());
    await tab.goto(`${it.origin}/test`);
    await tab.evaluate(() => globalThis.headwater.flush());
  } finally {
    await driven.close();
  }
  assert.deepEqual(
    (await it.stored(1, { env: "test" })).map(({ path }) => path),
    ["/test"],
  );
  assert.deepEqual(await it.stored(0), []);
  assert.equal(it.posts().length, 1);
});

visit("a page of this machine counts as test data only", async (it) => {
  it.serve({ "/live": it.page(), "/test": it.page("", { script: it.tag(it.testKey) }) });
  const tab = await (await it.context()).newPage();
  const names = ["127.0.0.1", "localhost"];
  for (const name of names) {
    const origin = await it.local(name);
    for (const path of ["/live", "/test"]) await tab.goto(origin + path);
    // Pages of the other tests are not.
    assert.ok(await tab.evaluate(() => isSecureContext));
  }
  await tab.goto("about:blank");
  for (const name of names)
    assert.deepEqual(
      (await it.stored(1, { env: "test", host: name })).map(({ path }) => path),
      ["/test"],
    );
  for (const name of names) assert.deepEqual(await it.stored(0, { host: name }), []);
  assert.equal(it.posts().length, names.length);
});
