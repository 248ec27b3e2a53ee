// docs/quickstart.md: its page in a real browser, its questions, and its answers.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { end, until, visit } from "../sdk-browser/tests/harness.mjs";
import { ask, newProject, root, settled, stack } from "./harness/stack.mjs";

after(end);

const text = readFileSync(join(root, "docs/quickstart.md"), "utf8");
const [, page] = text.match(/<<'HTML'\n(.*?)HTML\n/s);
const questions = [...text.matchAll(/^curl 'http:\/\/127\.0\.0\.1:8787(\S*)' -H 'Authorization: Bearer rk_test_…'$/gm)];

/** An answer of the document, in which `{…}` stands for more. */
const answers = [...text.matchAll(/```json\n(.*?)```/gs)].map(([, json]) => JSON.parse(json.replace("{…}", "{}")).rows);

test("what `up` prints for pages of this machine works there, on test data", async () => {
  const { pk, rk } = stack.test_keys;
  assert.match(`${pk} ${rk}`, /^pk_test_\S+ rk_test_\S+$/);
  for (const origin of ["http://localhost:8000", "http://127.0.0.1:3000"]) {
    const [status] = await ask(`/v1/batch?key=${pk}`, {
      body: JSON.stringify([{ event: "printed", url: `${origin}/` }]),
      headers: { "content-type": "text/plain", origin },
    });
    assert.equal(status, 202);
  }
  const [, { rows }] = await ask("/v1/stats?metric=events&group_by=event&bots=true", { key: rk });
  assert.ok(rows.find(({ event }) => event === "printed").events >= 2);
});

visit("the page that is shown tells what the answers show", async (it) => {
  const { pk, rk } = (await newProject("quickstart", "--env", "test")).keys;
  const body = page.replace("http://127.0.0.1:8787", stack.worker_url).replace("pk_test_…", pk);
  const of = (body) => ({ body, headers: { "content-type": "text/html" } });
  it.serve({ "/": of(body), "/pricing.html": of(body.replace("Home", "Prices")) });
  const tab = await (await it.context()).newPage();
  const said = [];
  tab.on("console", (message) => said.push(message.text()));
  await tab.goto(`${await it.local()}/?utm_source=newsletter&utm_medium=email`);
  const ours = (line) => /^\[headwater\] /.test(line);
  await until(() => said.some(ours), "the console says what was sent");
  await tab.click("a");
  await tab.waitForURL("**/pricing.html");
  await tab.click("button");
  await tab.evaluate("headwater.flush()");
  assert.match(said.join("\n"), /^\[headwater\] 202 \[{.*"event":"pageview",/m);
  // The favicon that the document's page lacks is the only thing that a browser may complain of.
  assert.deepEqual(
    said.filter((line) => !ours(line) && !line.includes("404")),
    [],
  );
  assert.deepEqual([questions.length, answers.length], [2, 2]);
  await settled();
  for (const [index, [, question]] of questions.entries()) {
    const [, answer] = await ask(question, { key: rk });
    const has = (row) => answer.rows.some((one) => Object.entries(row).every(([name, value]) => one[name] === value));
    assert.deepEqual(
      answers[index].filter((row) => !has(row)),
      [],
      JSON.stringify(answer),
    );
  }
});
