// Dimensions that an event brings by itself: the class of the screen, and utm_source and utm_medium as sent.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { ask, newProject, rowsOf, settled, xtask } from "./harness/stack.mjs";

let project;
const page = "https://example.com/";
const sent = [
  // screen, visitor, url
  [{ width: 390, height: 844 }, "a", `${page}?utm_source=News+Letter&utm_medium=E%2DMail`],
  [{ width: 390, height: 844 }, "a", `${page}pricing`],
  [{ width: 1920, height: 1080, density: 2 }, "b", `${page}?UTM_SOURCE=Facebook&utm_medium=CPC`],
  [null, "c", page],
];

before(async () => {
  project = await newProject("dimensions");
  for (const [index, [screen, anonymous_id, url]] of sent.entries()) {
    const timestamp = `2026-10-01T10:0${index}:00Z`;
    const body = { event: "pageview", timestamp, event_id: `e${index}`, anonymous_id, url, context: { screen } };
    const [status, answer] = await ask("/v1/track", { key: project.keys.sk, body });
    assert.equal(status, 202, JSON.stringify(answer));
  }
});

async function by(dimension, metric) {
  const body = { metrics: [metric], dimensions: [dimension], date_range: ["2026-10-01", "2026-10-03"] };
  const [status, answer] = await ask("/v1/stats", { key: project.keys.rk, body });
  assert.equal(status, 200, JSON.stringify(answer));
  return Object.fromEntries(answer.rows.map((row) => [row[dimension], row[metric]]));
}

async function everything() {
  assert.deepEqual(await by("screen", "events"), { mobile: 2, desktop: 1, "": 1 });
  assert.deepEqual(await by("screen", "sessions"), { mobile: 1, desktop: 1, "": 1 });
  assert.deepEqual(await by("utm_source", "events"), { "News Letter": 1, Facebook: 1, "": 2 });
  assert.deepEqual(await by("utm_source", "sessions"), { "News Letter": 1, Facebook: 1, "": 1 });
  assert.deepEqual(await by("utm_medium", "sessions"), { "E-Mail": 1, CPC: 1, "": 1 });
}

test("are grouped by, with events and sessions, from the events and once they are computed", async () => {
  await everything();
  await settled();
  await xtask("rollup", "rebuild", "--project", project.slug, "--from", "2026-10-01", "--to", "2026-10-03");
  await everything();
});

test("are filtered by, and shown in rows and to agents", async () => {
  const body = {
    metrics: ["events"],
    filters: [["is", "utm_source", ["Facebook"]]],
    date_range: ["2026-10-01", "2026-10-31"],
  };
  assert.deepEqual((await ask("/v1/stats", { key: project.keys.rk, body }))[1].rows, [{ events: 1 }]);
  const [, { rows }] = await ask("/v1/query?from=2026-10-01&to=2026-10-02&limit=1", { key: project.keys.rk });
  assert.deepEqual([rows[0].screen, rows[0].utm_source], ["", ""]);
  assert.deepEqual(
    (await rowsOf(project.project_id)).map((row) => [row.screen, row.source, row.utm_source]),
    [
      ["mobile", "newsletter", "News Letter"],
      ["mobile", "direct", ""],
      ["desktop", "facebook", "Facebook"],
      ["", "direct", ""],
    ],
  );
});

test("a public key may send a screen, and none that is no size", async () => {
  const key = project.keys.pk;
  const track = (screen) =>
    ask("/v1/track", {
      key,
      headers: { origin: "http://localhost:8080" },
      body: { event: "e", context: { screen, country: "FR" } },
    });
  assert.equal((await track({ width: 800 }))[0], 202);
  const [row] = (await rowsOf(project.project_id)).slice(-1);
  assert.deepEqual([row.screen, row.country === "FR"], ["tablet", false]);
  const [status, problem] = await track({ width: "wide" });
  assert.deepEqual([status, problem.fields[0].path], [400, "/context/screen/width"]);
});
