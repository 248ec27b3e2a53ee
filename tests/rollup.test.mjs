// Rollups, sessions and identities: computed by the cron, and by cargo xtask rollup.
// The cron computes the days of all projects. @lane jobs
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { ask, call, newProject, select, settled, xtask } from "./harness/stack.mjs";

const DAY = 86_400_000;
const midnight = Math.floor(Date.now() / DAY) * DAY;
/** A moment of the day so many days ago, as ISO 8601. */
const at = (days, hours) => new Date(midnight - days * DAY + hours * 3_600_000).toISOString();
const dayOf = (days) => at(days, 0).slice(0, 10);

async function send(project, events) {
  const body = { events: events.map((event, index) => ({ event_id: `${index}`, event: "pageview", ...event })) };
  const [status, result] = await ask("/v1/batch", { key: project.keys.sk, body });
  assert.deepEqual([status, result.accepted], [202, events.length], JSON.stringify(result));
  await settled();
}

/** Three days ago two visits, two days ago one, today one, and who one of them is. */
const visits = [
  { timestamp: at(3, 9), anonymous_id: "a", url: "https://example.com/?utm_source=news&utm_medium=email" },
  { timestamp: at(3, 9.1), anonymous_id: "a", url: "https://example.com/pricing" },
  { timestamp: at(3, 10), anonymous_id: "b", url: "https://example.com/", referrer: "https://www.google.com/" },
  { timestamp: at(2, 10), anonymous_id: "b", url: "https://example.com/" },
  { timestamp: at(2, 10.1), anonymous_id: "b", user_id: "bo", event: "$identify" },
  { timestamp: at(0, 0), anonymous_id: "a", url: "https://example.com/" },
];

const rollup = (command, project, ...flags) => xtask("rollup", command, "--project", project.slug, ...flags);

async function status(project) {
  const lines = (await rollup("status", project, "--json")).split("\n").filter(Boolean);
  return Object.fromEntries(lines.map((line) => JSON.parse(line)).map((row) => [row.kind, row]));
}

/** The day's numbers in the rollup; undefined where the day was never computed. */
async function trend(project, days) {
  const [row] = await select(
    `SELECT events, pageviews, visitors_count AS visitors FROM daily_rollup WHERE project_id = {project:UUID}
     AND dimension = 'total' AND grain = 'day' AND day = {day:Date} ORDER BY generation DESC LIMIT 1
     SETTINGS output_format_json_quote_64bit_integers = 0`,
    { project: project.project_id, day: dayOf(days) },
  );
  return row;
}

test("the cron computes the days before today once nothing is being written to them", async () => {
  const project = await newProject("rollup-cron");
  await send(project, visits);
  const run = async () => {
    const scheduled = await call("/cdn-cgi/handler/scheduled?cron=*/5+*+*+*+*");
    assert.equal(scheduled.status, 200, await scheduled.text());
  };
  await run();
  assert.equal(await trend(project, 3), undefined, "a day that was written to a moment ago waits");
  // As if all that had happened an hour ago.
  const mine = { project: project.project_id };
  const marked = await select("SELECT DISTINCT day FROM dirty WHERE project_id = {project:UUID}", mine);
  await select("DELETE FROM dirty WHERE project_id = {project:UUID}", mine);
  for (const { day } of marked) {
    const old = "SELECT {project:UUID}, 'live', {day:Date}, now64(3) - INTERVAL 1 HOUR";
    await select(`INSERT INTO dirty ${old}`, { ...mine, day });
  }
  // Other projects' days may come before.
  for (let turn = 0; turn < 20 && (await status(project)).sessions.clean_days !== "2"; turn++) await run();
  const { rollup, sessions, identities } = await status(project);
  assert.deepEqual([rollup.days, rollup.clean_days, rollup.oldest_dirty], ["3", "2", dayOf(0)]);
  assert.deepEqual([sessions.clean_days, sessions.rows], ["2", "3"]);
  assert.deepEqual([identities.clean_days, identities.rows], ["2", "1"]);
  assert.deepEqual(await trend(project, 3), { events: 3, pageviews: 3, visitors: 2 });
  assert.equal(await trend(project, 0), undefined, "today is left to the raw events");
});

describe("cargo xtask rollup", () => {
  let project;
  before(async () => {
    project = await newProject("rollup-cli");
    await send(project, visits);
  });

  test("rebuild computes all days before today, and today where asked", async () => {
    const { clean_days, oldest_dirty } = (await status(project)).rollup;
    assert.deepEqual([clean_days, oldest_dirty], ["0", dayOf(3)]);
    const cautious = JSON.parse(await rollup("rebuild", project, "--json"));
    assert.deepEqual([cautious.computed, cautious.unclean], [6, 6], "an insert may still be under way");
    const summary = JSON.parse(await rollup("rebuild", project, "--margin", "0", "--json"));
    assert.deepEqual([summary.computed, summary.unclean], [6, 0]);
    assert.deepEqual(await trend(project, 3), { events: 3, pageviews: 3, visitors: 2 });
    assert.deepEqual(await trend(project, 2), { events: 2, pageviews: 1, visitors: 1 });
    assert.equal((await status(project)).rollup.clean_days, "2");
    const today = JSON.parse(
      await rollup("rebuild", project, "--margin", "0", "--json", "--from", dayOf(0), "--to", dayOf(-1)),
    );
    assert.deepEqual([today.computed, today.unclean], [3, 0]);
    const { rollup: counts, sessions, identities } = await status(project);
    assert.deepEqual([counts.clean_days, sessions.clean_days, identities.clean_days], ["3", "3", "3"]);
    assert.equal(counts.oldest_dirty, null);
  });

  test("verify is content, says what differs, and is content again after a rebuild", async () => {
    await rollup("verify", project);
    await select(
      `INSERT INTO sessions SELECT * REPLACE ('spoilt' AS source) FROM sessions WHERE project_id = {project:UUID}
       AND day = {day:Date} ORDER BY generation DESC LIMIT 1`,
      { project: project.project_id, day: dayOf(3) },
    );
    await assert.rejects(rollup("verify", project), (/** @type {any} */ error) => {
      assert.equal(error.code, 1);
      assert.match(
        error.stdout,
        new RegExp(`${project.slug} live ${dayOf(3)} sessions: 1 stored, 0 by the events:.*spoilt`),
      );
      return true;
    });
    await rollup("rebuild", project, "--margin", "0", "--from", dayOf(3), "--to", dayOf(2));
    await rollup("verify", project);
  });

  test("takes an id where there is no control plane to know a slug, and says which slug is unknown", async () => {
    const lines = await xtask("rollup", "status", "--project", project.project_id, "--json");
    assert.equal(lines.split("\n").filter(Boolean).length, 3);
    await assert.rejects(xtask("rollup", "status", "--project", "nobody"), /there is no project "nobody"/);
    await assert.rejects(xtask("rollup", "rebuild"), /--project <SLUG>/);
  });
});
