// Clicks and forms that are recorded without a call.
import assert from "node:assert/strict";
import { after } from "node:test";
import { end, sleep, visit } from "./harness.mjs";

after(end);

const told = (rows) =>
  rows.filter(({ event }) => event !== "pageview").map(({ event, properties }) => [event, properties]);

/** Links and forms of all kinds; what is opened must not matter. */
const page = (other) => `
  <a id="inside" href="/inside">inside</a>
  <a id="part" href="#part">part</a>
  <a id="out" href="${other}/page?token=secret#x"><b id="bold">out</b></a>
  <a id="blank" href="${other}/blank" target="_blank">blank</a>
  <a id="mail" href="mailto:a@b.example">mail</a>
  <a id="pdf" href="/files/Report.PDF?session=1">pdf</a>
  <a id="zip" href="${other}/all.zip">zip</a>
  <a id="named" href="/export" download="all.csv">export</a>
  <a id="html" href="/page.html">html</a>
  <a id="stopped" href="${other}/stopped" onclick="event.stopPropagation(); event.preventDefault()">stopped</a>
  <svg width="50" height="20"><a id="svg" href="${other}/svg"><text y="15">svg</text></a></svg>
  <form id="signup" name="join" action="/join?step=2" target="frame"><input name="action" value="x"><input name="id" value="y"><button id="send">go</button></form>
  <form id="quiet" target="frame"><button id="bare">go</button></form>
  <iframe name="frame"></iframe>`;
const content = (it, auto, other) => {
  const file = {
    body: "x",
    headers: { "content-type": "application/octet-stream", "content-disposition": "attachment" },
  };
  return {
    "/": it.page(auto, { body: page(other) }),
    "/files/Report.PDF": file,
    "/export": file,
    "*": "another page",
  };
};

visit("outbound links: any button that opens them, without queries", async (it) => {
  const other = it.elsewhere({ "*": "elsewhere" });
  it.serve(content(it, 'data-auto="outbound"', other));
  const context = await it.context();
  const tab = await it.open("/", context);
  await tab.click("#part");
  await tab.click("#stopped");
  await tab.click("#blank");
  await tab.click("#bold", { button: "middle" });
  // It opens a menu, and no link.
  await tab.click("#out", { button: "right" });
  await tab.click("#pdf", { button: "middle" });
  await tab.evaluate(() =>
    document.querySelector("#mail").addEventListener("click", (event) => event.preventDefault()),
  );
  await tab.click("#mail");
  await tab.click("#send");
  await tab.bringToFront();
  await tab.click("#out");
  await tab.waitForURL(`${other}/**`);
  const rows = await it.stored(5);
  await sleep(200);
  assert.deepEqual(
    told(rows),
    ["stopped", "blank", "page", "page"].map((path) => ["outbound", { href: `${other}/${path}` }]),
  );
});

visit("downloads: by their endings and by the attribute, also opened in another tab", async (it) => {
  const other = it.elsewhere({ "/all.zip": { body: "x", headers: { "content-disposition": "attachment" } } });
  it.serve(content(it, 'data-auto="download"', other));
  const tab = await it.open("/");
  for (const id of ["#pdf", "#zip", "#named"]) await tab.click(id);
  await tab.click("#pdf", { button: "middle" });
  await tab.click("#html", { button: "middle" });
  await tab.click("#bold", { button: "middle" });
  await tab.bringToFront();
  await tab.goto("about:blank");
  assert.deepEqual(
    told(await it.stored(5)),
    [`${it.origin}/files/Report.PDF`, `${other}/all.zip`, `${it.origin}/export`, `${it.origin}/files/Report.PDF`].map(
      (href) => ["download", { href }],
    ),
  );
});

visit("forms: which one and where it goes, nothing of what was written into it", async (it) => {
  const other = it.elsewhere({ "*": "elsewhere" });
  it.serve(content(it, 'data-auto="form"', other));
  const tab = await it.open("/");
  await tab.click("#send");
  await tab.click("#bare");
  await tab.click("#out", { button: "middle" });
  await tab.bringToFront();
  await tab.goto("about:blank");
  const [[first, signup], [second, quiet], ...more] = told(await it.stored(3));
  assert.deepEqual([first, second, more], ["form", "form", []]);
  assert.equal(signup.id, "signup");
  assert.match(signup.action, /\/join$/);
  assert.equal(quiet.id, "quiet");
  assert.ok(!JSON.stringify([signup, quiet]).includes("step"));
});

visit("all three at once, each click once; none without asking", async (it) => {
  const other = it.elsewhere({ "*": "elsewhere" });
  it.serve({
    ...content(it, 'data-auto="outbound,download,form"', other),
    "/plain": it.page("", { body: page(other) }),
  });
  const tab = await it.open("/");
  await tab.click("#zip", { button: "middle" });
  await tab.click("#blank");
  await tab.click("#send");
  await tab.bringToFront();
  await tab.goto(`${it.origin}/plain`);
  await tab.click("#blank");
  await tab.click("#send");
  await tab.bringToFront();
  await tab.goto("about:blank");
  const rows = await it.stored(5);
  assert.deepEqual(
    told(rows).map(([event]) => event),
    ["download", "outbound", "form"],
  );
});
