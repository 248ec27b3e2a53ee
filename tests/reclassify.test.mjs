// cargo xtask reclassify: rows of another classifier version are written again with the current answer.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { ask, newProject, rowsOf, select, settled, xtask } from "./harness/stack.mjs";
import { sleep } from "./harness/until.mjs";

const day = "2026-11-18";
/** What a row says of where the visit came from, apart from `term`. */
const answer = ["source", "medium", "channel", "campaign", "content", "click_id", "referrer_host", "rule_id"];
const fields = [...answer, "confidence", "classifier_version"];

/** Rows as text, so that no digit is lost on the way; `visitor` is computed by the store. */
const exact = (id) =>
  select(
    `SELECT *, toString(visitor) AS visitor_text FROM events FINAL WHERE project_id = {project:UUID}
     ORDER BY timestamp, event_id
     SETTINGS output_format_json_quote_64bit_integers = 1, output_format_json_quote_decimals = 1`,
    { project: id },
  );
const marks = (id) =>
  select("SELECT env, day, toString(at) AS at FROM dirty FINAL WHERE project_id = {project:UUID} ORDER BY env, day", {
    project: id,
  });

/** Rows as another version of the classifier would have written them. */
const spoil = (id, events, changes = "") =>
  select(
    `INSERT INTO events SELECT * REPLACE ('old' AS classifier_version, 'wrong' AS source, 'wrong' AS medium,
       'direct' AS rule_id, 'low' AS confidence, precedence + 1 AS precedence ${changes})
     FROM events FINAL WHERE project_id = {project:UUID} AND has({events:Array(String)}, event_id)`,
    { project: id, events: `[${events.map((event) => `'${event}'`).join()}]` },
  );

const reclassify = async (project, ...flags) =>
  JSON.parse(await xtask("reclassify", "--project", project.slug, "--json", ...flags));

const without = (row, names) => Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));

async function send(project, events) {
  const [status, result] = await ask("/v1/batch", { key: project.keys.sk, body: { events } });
  assert.equal(status, 202);
  assert.equal(result.accepted, events.length, JSON.stringify(result));
  await settled();
}

describe("rows of an older version", () => {
  let project;
  let fresh;
  let marked;
  before(async () => {
    const rules = [{ id: "ours", field: "referrer_host", pattern: "partner.test", source: "partner", medium: "deal" }];
    project = await newProject("recl", "--classifier-rules", JSON.stringify(rules));
    await send(project, [
      {
        event: "purchase",
        event_id: "b-full",
        timestamp: `${day}T10:00:00.250Z`,
        url: "https://www.example.com/p?utm_source=news&utm_medium=email&utm_campaign=a%20b&utm_term=shoes&utm_content=x",
        title: "価格 🚀 \"'\\\n\t",
        properties: { plan: "pro", price: 1.1, big: 12345678901234567n.toString(), quote: "\"'\\" },
        revenue: { amount: "123456789012.5678", currency: "EUR" },
        context: { ip: "198.51.100.7", user_agent: "Firefox/140", country: "de", language: "de" },
      },
      {
        event: "pageview",
        event_id: "a\\'\t-search",
        timestamp: `${day}T11:00:00Z`,
        url: "https://www.example.com/",
        referrer: "https://www.google.com/",
        anonymous_id: "device-1",
      },
      {
        event: "pageview",
        event_id: "c-own-rule",
        timestamp: "2026-10-02T00:00:00Z",
        url: "https://www.example.com/",
        referrer: "https://www.partner.test/",
      },
      { event: "pageview", event_id: "d-untouched", timestamp: `${day}T12:00:00Z`, url: "https://www.example.com/" },
    ]);
    fresh = await exact(project.project_id);
    assert.equal(fresh.length, 4);
    marked = await marks(project.project_id);
    await spoil(project.project_id, ["b-full", "a\\\\\\'\\t-search", "c-own-rule"]);
    assert.equal((await exact(project.project_id)).filter((row) => row.source === "wrong").length, 3);
  });

  test("a dry run counts and writes nothing", async () => {
    const [rows, days] = [await exact(project.project_id), await marks(project.project_id)];
    const { seconds, ...summary } = await reclassify(project, "--dry-run", "--batch", "1");
    assert.equal(typeof seconds, "number");
    const version = fresh[0].classifier_version;
    assert.deepEqual(summary, { version, dry_run: true, found: { old: 3 }, rows: 3, changed: 3, left: 0 });
    assert.deepEqual([await exact(project.project_id), await marks(project.project_id)], [rows, days]);
  });

  test("get the current answer and keep all else, to the digit", async () => {
    const before = await marks(project.project_id);
    const summary = await reclassify(project, "--batch", "1");
    assert.deepEqual([summary.rows, summary.changed, summary.left], [3, 3, 0]);
    const rows = await exact(project.project_id);
    assert.deepEqual(
      rows.map((row) => without(row, ["precedence"])),
      fresh.map((row) => without(row, ["precedence"])),
    );
    const full = rows.find((row) => row.event_id === "b-full");
    assert.equal(full.term, "shoes");
    assert.equal(full.revenue, "123456789012.5678");
    assert.notEqual(full.visitor_hash, "0");
    assert.equal(rows.find((row) => row.event_id === "c-own-rule").rule_id, "ours");
    // Once by the hand that spoilt it, once by the command.
    const raised = rows.map((row, at) => BigInt(row.precedence) - BigInt(fresh[at].precedence));
    assert.deepEqual(raised, [2n, 2n, 2n, 0n]);

    const after = await marks(project.project_id);
    assert.equal(after.length, marked.length);
    for (const [at, { env, day, at: time }] of after.entries()) {
      assert.deepEqual([env, day], [before[at].env, before[at].day]);
      assert.ok(time > before[at].at, `${day} is not marked again`);
    }
  });

  test("are found once: a second run has nothing to do", async () => {
    const days = await marks(project.project_id);
    const summary = await reclassify(project);
    assert.deepEqual([summary.rows, summary.changed, summary.found], [0, 0, {}]);
    assert.deepEqual(await marks(project.project_id), days);
  });

  test("that come out the same get the version, and their term stays without one in the address", async () => {
    const id = project.project_id;
    await select(
      `INSERT INTO events SELECT * REPLACE ('old' AS classifier_version, 'by hand' AS term, precedence + 1 AS precedence)
       FROM events FINAL WHERE project_id = {project:UUID} AND event_id = 'd-untouched'`,
      { project: id },
    );
    const summary = await reclassify(project);
    assert.deepEqual([summary.rows, summary.changed, summary.left], [1, 0, 0]);
    const row = (await rowsOf(id)).find((row) => row.event_id === "d-untouched");
    const first = fresh.find((row) => row.event_id === "d-untouched");
    assert.equal(row.term, "by hand");
    for (const name of fields) assert.equal(row[name], first[name], name);
  });
});

test("a sent event that comes again stays what it was", async () => {
  const project = await newProject("recl-again");
  const event = { event: "first", event_id: "x", timestamp: `${day}T10:00:00Z`, url: "https://example.com/?ref=hn" };
  await send(project, [event]);
  await spoil(project.project_id, ["x"]);
  await reclassify(project);
  // Receipts differ by their milliseconds.
  await sleep(5);
  await send(project, [{ ...event, event: "second" }]);
  const rows = await rowsOf(project.project_id);
  assert.deepEqual(
    rows.map((row) => row.event),
    ["first"],
  );
});

test("what came from parameters that are not stored is left as it is", async () => {
  const project = await newProject("recl-few", "--keep-param", "page");
  const page = "https://example.com/?page=1";
  await send(project, [
    { event: "pageview", event_id: "tagged", timestamp: `${day}T10:00:00Z`, url: `${page}&utm_source=news` },
    { event: "pageview", event_id: "plain", timestamp: `${day}T11:00:00Z`, url: page },
  ]);
  const id = project.project_id;
  await select(
    `INSERT INTO events SELECT * REPLACE ('old' AS classifier_version, precedence + 1 AS precedence)
     FROM events FINAL WHERE project_id = {project:UUID}`,
    { project: id },
  );
  for (const found of [2, 1]) {
    const summary = await reclassify(project);
    assert.deepEqual([summary.rows, summary.changed, summary.left], [found, 0, 1]);
  }
  const [tagged, plain] = await rowsOf(id);
  assert.deepEqual([tagged.source, tagged.rule_id, tagged.classifier_version], ["news", "utm-source", "old"]);
  assert.notEqual(plain.classifier_version, "old");
});

test("of an unknown project it says so", async () => {
  await assert.rejects(xtask("reclassify", "--project", "nobody"), /there is no project "nobody"/);
});
