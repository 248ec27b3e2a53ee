// cargo xtask seed: made-up traffic straight into the store, the same one every time.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, describe, test } from "node:test";
import { ask, remember, select, xtask } from "./harness/stack.mjs";

const organization = `seed-${randomBytes(4).toString("hex")}`;
const options = [
  "--organization",
  organization,
  "--events",
  "3000",
  "--days",
  "12",
  "--projects",
  "2",
  "--seed",
  "7",
  "--until",
  "2026-11-01",
];

const seed = async (...more) => JSON.parse(await xtask("seed", ...options, "--json", "-", ...more));
const stored = (projects) =>
  select(
    `SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(event_id)) AS events,
       toString(min(timestamp)) AS first, toString(max(timestamp)) AS last
     FROM events FINAL WHERE has({projects:Array(UUID)}, project_id) GROUP BY project_id ORDER BY project_id`,
    { projects: `[${projects.map(({ project_id }) => `'${project_id}'`).join()}]` },
  );
const parts = (projects) =>
  select("SELECT toUInt32(count()) AS rows FROM events WHERE has({projects:Array(UUID)}, project_id)", {
    projects: `[${projects.map(({ project_id }) => `'${project_id}'`).join()}]`,
  });

describe("a seed", () => {
  let made;
  before(async () => {
    made = await seed("--keys");
    remember(made.projects.flatMap(({ keys }) => Object.values(keys)));
  });

  test("stores what it says", async () => {
    assert.deepEqual([made.events, made.from, made.to], [3000, "2026-10-20", "2026-11-01"]);
    assert.deepEqual(
      made.projects.map(({ slug, events }) => [slug, events]),
      [
        [`${organization}-1`, 1500],
        [`${organization}-2`, 1500],
      ],
    );
    const projects = await stored(made.projects);
    assert.equal(projects.length, 2);
    for (const { rows, events, first, last } of projects) {
      assert.deepEqual([rows, events], [1500, 1500]);
      assert.ok(first >= "2026-10-20" && first < "2026-10-21", first);
      assert.ok(last >= "2026-10-31" && last < "2026-11-01", last);
    }
  });

  test("adds nothing when it is run again", async () => {
    const [rows, all] = [await stored(made.projects), await parts(made.projects)];
    const { seconds, events_per_second, projects, ...summary } = await seed();
    assert.ok(seconds > 0 && events_per_second > 0);
    for (const [name, value] of Object.entries(summary)) assert.equal(value, made[name], name);
    assert.deepEqual(
      projects,
      made.projects.map(({ keys, ...project }) => project),
    );
    assert.deepEqual([await stored(made.projects), await parts(made.projects)], [rows, all]);
  });

  test("is what reports are about", async () => {
    for (const { keys } of made.projects) {
      const period = { from: made.from, to: made.to, bots: "true", limit: "100" };
      const stats = async (query) => {
        const [status, answer] = await ask(`/v1/stats?${new URLSearchParams({ ...period, ...query })}`, {
          key: keys.rk,
        });
        assert.equal(status, 200, JSON.stringify(answer));
        return answer.rows;
      };
      const [{ events, visitors }] = await stats({ metric: "events,visitors" });
      assert.equal(events, 1500);
      assert.ok(visitors > 200 && visitors < 900, visitors);
      const sources = (await stats({ metric: "events", group_by: "source" })).map(({ source }) => source);
      for (const source of ["google", "direct", "newsletter", "chatgpt"]) {
        assert.ok(sources.includes(source), `${source} is not in ${sources}`);
      }
      assert.equal((await stats({ metric: "events", interval: "day" })).length, 12);
      // Servers send one event in a thousand or so.
      const [{ sent_by, events: most }] = await stats({ metric: "events", group_by: "sent_by" });
      assert.ok(sent_by === "browser" && most > 1450, `${sent_by}: ${most}`);
    }
  });
});
