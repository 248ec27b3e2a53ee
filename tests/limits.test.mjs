// Rates and quotas: how much may be sent and asked, and what the answer says then.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ask, call, newProject, rowsOf } from "./harness/stack.mjs";

const events = (count) => Array.from({ length: count }, () => ({ event: "e" }));

describe("rates", () => {
  test("questions: 40 at once, then 10 a second, told in headers", async () => {
    const own = await newProject("limits-read");
    // Many more than 40: a busy machine takes seconds for them, in which some are let in again.
    const answers = await Promise.all(Array.from({ length: 150 }, () => call("/v1/stats", { key: own.keys.rk })));
    const refused = answers.filter((answer) => answer.status === 429);
    assert.ok(refused.length >= 5, `${refused.length} of 150 were refused`);
    assert.ok(answers.length - refused.length >= 40, `${refused.length} of 150 were refused`);
    const passed = answers.find((answer) => answer.status === 200);
    assert.match(passed.headers.get("ratelimit"), /^"questions";r=\d+;t=\d+$/);
    assert.equal(passed.headers.get("ratelimit-policy"), '"questions";q=40;w=4');
    assert.ok(Number(refused[0].headers.get("retry-after")) >= 1);
    assert.equal((await refused[0].json()).error, "rate_limited");
    assert.match(refused[0].headers.get("ratelimit"), /^"questions";r=0;t=\d+$/);
  });

  test("events: a burst of 20,000, and nothing refused is stored", async () => {
    const own = await newProject("limits-events");
    let accepted = 0;
    let refused;
    for (let round = 0; round < 60 && !refused; round++) {
      const [status, answer] = await ask("/v1/batch", { key: own.keys.sk, body: events(1000) });
      if (status === 202) accepted += answer.accepted;
      else refused = [status, answer.error];
    }
    if (refused) assert.deepEqual(refused, [429, "rate_limited"]);
    assert.equal((await rowsOf(own.project_id)).length, accepted);
  });

  test("a browser: 100 requests at once, whoever else uses the key", async () => {
    const own = await newProject("limits-client");
    const send = (ip) =>
      call("/e", {
        key: own.keys.pk,
        body: { event: "e" },
        headers: { origin: "http://localhost", "cf-connecting-ip": ip },
      });
    const answers = await Promise.all(Array.from({ length: 300 }, () => send("192.0.2.1")));
    assert.ok(answers.some((answer) => answer.status === 429));
    // A busy machine may answer some with 503, which are no refusals.
    assert.ok(answers.filter((answer) => answer.status !== 429).length >= 100);
    assert.ok(answers.some((answer) => answer.status === 202));
  });

  test("a project without limits has none", async () => {
    const own = await newProject("limits-none", "--unlimited");
    const answers = await Promise.all(Array.from({ length: 80 }, () => call("/v1/stats", { key: own.keys.rk })));
    assert.ok(answers.every((answer) => answer.status === 200));
  });
});

describe("quotas", () => {
  for (const [mode, expected] of [
    ["block", 402],
    ["soft", 202],
  ]) {
    test(`used up in ${mode} mode: ${expected}`, async () => {
      const own = await newProject(`limits-${mode}`, "--quota-events", "10", "--quota-mode", String(mode));
      assert.equal((await ask("/v1/batch", { key: own.keys.sk, body: events(10) }))[0], 202);
      const [status, answer] = await ask("/v1/track", { key: own.keys.sk, body: { event: "e" } });
      assert.equal(status, expected);
      if (expected === 402) assert.equal(answer.error, "quota_exceeded");
      assert.equal((await ask("/v1/stats", { key: own.keys.rk }))[0], 200, "reading goes on");
    });
  }
});
