// Pages that allow only what they name, and browsers that block: no error, whatever does not come through.
import assert from "node:assert/strict";
import { after } from "node:test";
import { end, sleep, until, visit } from "./harness.mjs";

after(end);

const STUB = `window.headwater ??= new Proxy([], { get: (q, m) => m == "q" ? q : (...a) => { q.push([m, ...a]); } });`;
const shown = (rows) => rows.map(({ event, path }) => [event, path]);
const policy = (text) => ({ headers: { "content-security-policy": text } });

visit("default-src 'self' and the two allowances", async (it) => {
  const allowed = `default-src 'self'; script-src 'self' ${it.way.url}; connect-src 'self' ${it.way.url}; img-src data:`;
  const site = "headwater.track('own');";
  const script = `${it.tag(it.key, 'data-auto="outbound,download,form" data-persist="local"')}<script defer src="/site.js"></script>`;
  it.serve({
    "/": it.page("", { script, ...policy(`${allowed}; require-trusted-types-for 'script'`) }),
    "/site.js": { body: site, headers: { "content-type": "text/javascript" } },
  });
  const context = await it.context();
  const tab = await context.newPage();
  const said = [];
  tab.on("console", (message) => said.push(message.text()));
  await tab.goto(it.origin);
  await tab.goto("about:blank");
  assert.deepEqual(shown(await it.stored(2)), [
    ["pageview", "/"],
    ["own", "/"],
  ]);
  assert.deepEqual(said, []);
});

visit("default-src 'self' and a first-party path: no allowance at all", async (it) => {
  const pass = async (request, response) => {
    const { default: http } = await import("node:http");
    const path = request.url.slice("/hw".length);
    const onward = http.request(it.way.url + path, { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  };
  const script = `<script defer src="/hw/v1/a.js" data-key="${it.key}"></script>`;
  it.serve({ "/": it.page("", { script, ...policy("default-src 'self'; img-src data:") }), "*": pass });
  const tab = await it.open("/");
  await tab.goto("about:blank");
  assert.deepEqual(shown(await it.stored(1)), [["pageview", "/"]]);
});

visit("the script may load and may not connect: no error, and the page goes on", async (it) => {
  it.serve({ "/": it.page("", policy(`default-src 'self'; script-src ${it.way.url}; img-src data:`)) });
  const tab = await it.open("/");
  await tab.evaluate(async () => {
    globalThis.headwater.track("in vain");
    await globalThis.headwater.flush();
  });
  await sleep(2500);
  await tab.goto("about:blank");
  assert.deepEqual([it.posts(), await it.stored(0)], [[], []]);
});

for (const [name, make] of Object.entries({
  "by the page's policy": (it) => it.page("", policy("default-src 'self'; script-src 'unsafe-inline'; img-src data:")),
  "by the way": (it) => {
    it.way.answer = () => "cut";
    return it.page("");
  },
  "by a blocker's answer": (it) => {
    it.way.answer = () => ({ status: 200, headers: { "content-type": "text/javascript" }, body: "" });
    return it.page("");
  },
}))
  visit(`the script is blocked ${name}: calls of the page are harmless`, async (it) => {
    const page = make(it);
    page.body = page.body.replace("<script", `<script>${STUB}</script><script`);
    it.serve({ "/": page });
    const tab = await it.open("/");
    await tab.evaluate(async () => {
      const headwater = globalThis.headwater;
      headwater.track("in vain", { n: 1 });
      headwater.identify("ada");
      headwater.revenue(1, "EUR");
      await headwater.flush();
      headwater.reset();
      headwater.optOut();
    });
    await tab.goto("about:blank");
    await sleep(200);
    assert.deepEqual([it.posts(), await it.stored(0)], [[], []]);
  });

visit("requests alone are blocked: tried again, and without end or error", async (it) => {
  it.way.answer = (_number, { method }) => (method === "POST" ? "cut" : undefined);
  it.serve({ "/": it.page("data-debug") });
  const tab = await it.open("/");
  await tab.evaluate(() => globalThis.headwater.flush());
  await until(() => it.posts().length >= 2, "it is tried again");
  await sleep(2000);
  const tries = it.posts().length;
  assert.ok(tries < 10, `${tries}`);
});
