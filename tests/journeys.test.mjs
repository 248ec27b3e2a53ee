// POST /v1/journeys, against numbers that were counted by hand.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { ask, newProject } from "./harness/stack.mjs";

let project;
let other;

before(async () => {
  project = await newProject("journeys", "--unlimited");
  other = await newProject("journeys-other", "--unlimited");
  const events = [];
  /** One visitor's events from an hour on, a minute apart: paths are pageviews, all else are events of that name. */
  const visit = (anonymous_id, hour, ...what) => {
    for (const [minute, one] of what.entries()) {
      const path = one.startsWith("/") ? one : "/somewhere";
      events.push({
        event: one.startsWith("/") ? "pageview" : one,
        event_id: `${anonymous_id}-${hour}-${String(minute).padStart(2, "0")}`,
        timestamp: `2026-10-20T${hour}:${String(minute).padStart(2, "0")}:00Z`,
        anonymous_id,
        url: `https://example.com${path}`,
        user_id: one === "$identify" ? "ida" : undefined,
      });
    }
  };
  visit("ann", "10", "/", "/pricing", "/pricing", "click", "/pricing", "/signup", "signup", "/welcome");
  visit("ben", "10", "/blog", "/pricing", "/", "/pricing", "/signup");
  visit("cat", "10", "/pricing");
  visit("dan", "10", "/", "/pricing", "/docs", "/docs", "/help");
  visit("eve", "10", "/", "/blog");
  // One person on two devices: two sessions.
  visit("ida-phone", "10", "/", "/pricing", "$identify");
  visit("ida-laptop", "12", "$identify", "/signup", "signup");
  const context = { user_agent: "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" };
  for (const minute of [10, 11]) {
    const [anonymous_id, timestamp] = ["bot", `2026-10-20T10:${minute}:00Z`];
    events.push({
      event: "pageview",
      event_id: `bot-${minute}`,
      anonymous_id,
      timestamp,
      url: "https://example.com/pricing",
      context,
    });
  }
  events.reverse();
  const send = async (key, events) => {
    const [status, answer] = await ask("/v1/batch", { key, body: { events } });
    assert.deepEqual([status, answer.accepted], [202, events.length], JSON.stringify(answer));
  };
  await send(project.keys.sk, events);
  await send(project.keys.sk, events.slice(0, 5));
  await send(
    other.keys.sk,
    events.map((one) => ({ ...one, url: "https://example.com/foreign" })),
  );
});

const pricing = ["is", "path", ["/pricing"]];

async function journeys(body, key = project.keys.rk) {
  const range = { date_range: ["2026-10-20", "2026-10-20"] };
  const [status, answer] = await ask("/v1/journeys", { key, body: { ...range, ...body } });
  assert.equal(status, 200, JSON.stringify(answer));
  return answer;
}
/** Each step's nodes as `name count ended`, `other` last. */
const nodes = ({ steps }) =>
  steps.map(({ nodes, other }) =>
    [...nodes, ...(other ? [{ name: "other", ...other }] : [])].map(
      ({ name, count, ended }) => `${name} ${count} ${ended}`,
    ),
  );

describe("journeys", () => {
  test("go on from the first start, step by step, repeats as one", async () => {
    const answer = await journeys({ start: pricing });
    // ann /signup /welcome, ben / /pricing /signup, cat, dan /docs /help, ida's phone.
    assert.deepEqual(answer.start, { count: 5, ended: 2 });
    assert.deepEqual(nodes(answer), [
      ["/ 1 0", "/docs 1 0", "/signup 1 0"],
      ["/help 1 1", "/pricing 1 0", "/welcome 1 1"],
      ["/signup 1 null"],
    ]);
    assert.deepEqual(answer.steps[1].links, [
      { source: "/", target: "/pricing", count: 1, share: 100 },
      { source: "/docs", target: "/help", count: 1, share: 100 },
      { source: "/signup", target: "/welcome", count: 1, share: 100 },
    ]);
    assert.deepEqual(answer.steps[0].links, []);
    const { direction, unit, by, truncated, from, cookieless_excluded } = answer.meta;
    assert.deepEqual(
      [direction, unit, by, truncated, from],
      ["next", "path", "session", false, "2026-10-20T00:00:00.000Z"],
    );
    assert.equal(cookieless_excluded, undefined);
  });

  test("go back from it", async () => {
    const answer = await journeys({ start: pricing, direction: "previous", steps: 2 });
    // ann, dan and ida's phone came from /, ben from /blog, cat from nowhere.
    assert.deepEqual([answer.start, nodes(answer)], [{ count: 5, ended: 1 }, [["/ 3 3", "/blog 1 1"], []]]);
    const signup = await journeys({ start: ["is", "event", "signup"], direction: "previous", steps: 5 });
    // ann /signup /pricing /, ida's laptop /signup.
    assert.deepEqual(nodes(signup), [["/signup 2 1"], ["/pricing 1 0"], ["/ 1 1"], [], []]);
  });

  test("begin where sessions do, and end where they end", async () => {
    const begin = await journeys({ steps: 1 });
    assert.deepEqual(begin.start, { count: 7, ended: 0 });
    assert.deepEqual(nodes(begin), [["/ 4 null", "/blog 1 null", "/pricing 1 null", "/signup 1 null"]]);
    assert.deepEqual(nodes(await journeys({ steps: 1, direction: "previous" })), [
      ["/pricing 2 null", "/signup 2 null", "/blog 1 null", "/help 1 null", "/welcome 1 null"],
    ]);
  });

  test("tell the largest nodes by name, and the rest together", async () => {
    const answer = await journeys({ steps: 2, limit: 1 });
    assert.deepEqual(nodes(answer), [
      ["/ 4 0", "other 3 2"],
      ["/pricing 4 null", "other 1 null"],
    ]);
    assert.deepEqual(answer.steps[1].links, [
      { source: "/", target: "/pricing", count: 3, share: 75 },
      { source: "/", target: null, count: 1, share: 25 },
      { source: null, target: "/pricing", count: 1, share: 33.33 },
    ]);
    assert.equal(answer.meta.truncated, true);
  });

  test("of events go by their names, of persons over all their sessions", async () => {
    const events = await journeys({ start: ["is", "event", "pageview"], unit: "event", steps: 3 });
    // ann click pageview signup …, ida's laptop signup.
    assert.deepEqual(
      [events.start, nodes(events)],
      [{ count: 7, ended: 5 }, [["click 1 0", "signup 1 1"], ["pageview 1 0"], ["signup 1 null"]]],
    );
    const persons = await journeys({ start: pricing, by: "person", steps: 1 });
    // ida's laptop follows her phone.
    assert.deepEqual(
      [persons.start, nodes(persons)],
      [{ count: 5, ended: 1 }, [["/signup 2 null", "/ 1 null", "/docs 1 null"]]],
    );
    assert.equal(persons.meta.cookieless_excluded, 0);
  });

  test("pass over what the filters leave out; bots are left out unless asked for", async () => {
    const filtered = await journeys({ start: pricing, filters: [["is_not", "path", ["/signup", "/"]]], steps: 1 });
    assert.deepEqual(
      [filtered.start, nodes(filtered)],
      [{ count: 5, ended: 3 }, [["/docs 1 null", "/welcome 1 null"]]],
    );
    assert.deepEqual((await journeys({ start: pricing, include: { bots: true } })).start, { count: 6, ended: 3 });
    assert.deepEqual((await journeys({ date_range: ["2026-10-01", "2026-10-19"] })).start, { count: 0, ended: 0 });
  });

  test("stay in the project, which an account key names", async () => {
    assert.deepEqual(nodes(await journeys({ steps: 1 }, other.keys.rk)), [["/foreign 7 null"]]);
    assert.equal((await journeys({ project: project.slug }, project.keys.ak)).start.count, 7);
  });
});

test("what is wrong is named with its place", async () => {
  for (const [body, path] of [
    [{ start: ["is", "nothing", "a"] }, "/start/1"],
    [{ start: ["has_done", pricing] }, "/start"],
    [{ start: ["is", "segment", "none"] }, "/start/2"],
    [{ start: ["matches", "path", "(["], date_range: "60d" }, "/start/2"],
    [{ direction: "both" }, "/direction"],
    [{ steps: 6 }, "/steps"],
    [{ limit: 0 }, "/limit"],
    [{ unit: "url" }, "/unit"],
    [{ by: "visitor" }, "/by"],
    [{ breakdown: "source" }, "/breakdown"],
    [{ timezone: "Mars/Olympus" }, "/timezone"],
  ]) {
    const [status, problem] = await ask("/v1/journeys", { key: project.keys.rk, body });
    assert.deepEqual([status, problem.fields?.[0].path], [400, path], JSON.stringify(problem));
  }
});
