// Whatever comes in: no 500, nothing lost beside it, and stored exactly as given or refused with a path.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { often } from "./harness/long.mjs";
import { below, seeded } from "./harness/random.mjs";
import { ask, call, newProject, rowsOf } from "./harness/stack.mjs";

const BODIES = often(1000, 50_000);

let project;
before(async () => {
  project = await newProject("bad-input", "--unlimited");
});

const timestamp = "2026-11-12T10:00:00Z";
let number = 0;
/**
 * Sends an event, written out as JSON text, between two good ones.
 * @returns {Promise<{verdict: any, row: any}>}
 */
async function between(json) {
  const n = ++number;
  const good = (place) => `{"event":"good","event_id":"${n}-${place}","timestamp":"${timestamp}"}`;
  const text = `{"events":[${good("before")},${json.replace("{", `{"event_id":"${n}-odd",`)},${good("after")}]}`;
  const [status, answer] = await ask("/v1/batch", { key: project.keys.sk, body: text });
  assert.equal(status, 202, JSON.stringify(answer));
  const rows = await rowsOf(project.project_id);
  for (const place of ["before", "after"]) assert.ok(rows.some((row) => row.event_id === `${n}-${place}`));
  const row = rows.find((row) => row.event_id === `${n}-odd`);
  const verdict = answer.results.find((result) => result.index === 1);
  assert.equal(verdict?.status === "rejected", !row, "stored or refused, and never both");
  assert.equal(answer.accepted, row ? 3 : 2);
  return { verdict, row };
}
const event = (more) => `{"event":"odd","timestamp":"${timestamp}",${more}}`;

describe("is stored exactly as given", () => {
  const texts = {
    "control characters": "a\u0001\u0007\u001f\u007f\u0085b",
    "a NUL": "a\u0000b",
    "quotes and backslashes": `"'\\\\N\\t\`;--`,
    "astral characters": "😀𝔘𠜎\u{10ffff}",
    "line and paragraph separators": "a\u2028b\u2029c\r\nd",
    "marks and both directions": "e\u0301 \u202eabc\u202c ﷽",
    "a byte order mark and nothing visible": "\ufeff\u200b",
    "what looks like SQL or a template": "{project_id:UUID} {{x}} %s '); DROP TABLE events; --",
  };
  for (const [name, text] of Object.entries(texts)) {
    test(`${name}, as title, id, name and property`, async () => {
      const json = JSON.stringify(text);
      const body = `"title":${json},"anonymous_id":${json},"user_id":${json},"properties":{${json}:${json}}`;
      const { row } = await between(event(body));
      assert.deepEqual([row.title, row.anonymous_id, row.user_id], [text, text, text]);
      assert.deepEqual(JSON.parse(row.properties), { [text]: text });
    });
  }

  test("properties keep their text to the digit: keys with dots, quotes and NULs, order, spaces, numbers", async () => {
    for (const properties of [
      '{"a.b":1,"a":{"b":2},"":3,"\\"":4,"\\u0000":5," ":6}',
      '{ "big":12345678901234567890, "small":1e-320,"exact":0.1000000000000000055,"minus":-0 }',
      '{"z":1,"a":2,"nested":[[[{"x":[null,true,false]}]]]}',
      '{"__proto__":{"x":1},"constructor":2}',
    ]) {
      const { row } = await between(event(`"properties":${properties}`));
      assert.equal(row.properties, properties);
    }
  });

  test("the ends of time", async () => {
    for (const [sent, kept] of [
      ["946684800000", "2000-01-01 00:00:00.000"],
      ['"2000-01-01T00:00:00Z"', "2000-01-01 00:00:00.000"],
      ['"2024-02-29T23:59:60.5+14:00"', "2024-02-29 10:00:00.500"],
    ]) {
      const { row } = await between(`{"event":"odd","timestamp":${sent}}`);
      assert.equal(row.timestamp, kept, sent);
    }
  });
});

describe("is refused with its path", () => {
  const deep = (depth) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
  /** @type {Record<string, [string, RegExp]>} */
  const cases = {
    "half a pair in a name": [`{"event":"\\ud800"}`, /is not a valid event/],
    "half a pair in properties": [
      event('"properties":{"a":"\\udc00"}'),
      /^`properties`: must not contain half of a UTF-16 surrogate pair/,
    ],
    "a number past a double": [event('"properties":{"a":1e400}'), /^`properties`: must not contain a number that/],
    "a revenue past all bounds": [
      event('"revenue":{"amount":1e400,"currency":"EUR"}'),
      /^`revenue.amount`: must be a decimal number from/,
    ],
    "a time past a double": [`{"event":"odd","timestamp":1e400}`, /is not a valid event|timestamp/],
    "a negative time": [`{"event":"odd","timestamp":-1}`, /^`timestamp`: must not be before the year 2000$/],
    "a time before all time": [`{"event":"odd","timestamp":-9007199254740993}`, /timestamp/],
    "the year ten thousand": [`{"event":"odd","timestamp":"10000-01-01T00:00:00Z"}`, /^`timestamp`: must be ISO 8601/],
    "a key twice": [`{"event":"odd","event":"odd","timestamp":"${timestamp}"}`, /is not a valid event/],
    "1,000 deep properties": [
      event(`"properties":${deep(1_000)}`),
      /^`properties`: must not be nested more than 32 levels/,
    ],
    "a 10,000 deep name": [`{"event":${"[".repeat(10_000)}${"]".repeat(10_000)}}`, /is not a valid event|event/],
    "a name of 129 characters": [`{"event":"${"x".repeat(129)}"}`, /^`event`: must be at most 128 characters long/],
    "an address of 3,000 characters": [
      event(`"url":"https://a.test/${"x".repeat(3000)}"`),
      /^`url`: must be at most 2048/,
    ],
    "an id that is a list": [`{"event":"odd","user_id":["a"]}`, /^`user_id`: must be a string, not an array$/],
  };
  for (const [name, [json, reason]] of Object.entries(cases)) {
    test(name, async () => {
      const { verdict, row } = await between(json);
      assert.equal(row, undefined);
      assert.match(verdict.detail, reason);
      // The same on its own, with the path where the event could be read.
      const [status, problem] = await ask("/v1/track", { key: project.keys.sk, body: json });
      assert.equal(status, 400, JSON.stringify(problem));
      assert.equal(problem.error, "invalid_payload");
      assert.ok(problem.fields.length > 0 && problem.fields.every((field) => typeof field.path === "string"));
    });
  }

  test("10,000 deep properties are longer than properties may be: replaced, and the event is kept", async () => {
    const { row } = await between(event(`"properties":${deep(10_000)}`));
    assert.equal(row.properties, '{"__truncated":true,"original_bytes":60001}');
  });

  test("NaN and Infinity are no JSON: the whole body is refused", async () => {
    for (const word of ["NaN", "Infinity", "-Infinity", "undefined", "0x10", "01", "1.", ".5", "'a'"]) {
      const [status, problem] = await ask("/v1/batch", {
        key: project.keys.sk,
        body: `[{"event":"e","properties":{"a":${word}}}]`,
      });
      assert.deepEqual([status, problem.error], [400, "invalid_payload"], word);
    }
  });

  test("a thousand bad events: each has its verdict", async () => {
    const events = Array.from({ length: 1000 }, (_, n) => (n % 2 ? { event: "" } : { timestamp: "never" }));
    const [status, answer] = await ask("/v1/batch", { key: project.keys.sk, body: { events } });
    assert.deepEqual([status, answer.accepted, answer.results.length], [202, 0, 1000]);
    assert.ok(answer.results.every((verdict) => verdict.status === "rejected" && verdict.detail.length > 0));
    const [refused, problem] = await ask("/v1/batch?atomic=1", { key: project.keys.sk, body: { events } });
    assert.equal(refused, 400);
    assert.equal(problem.fields[0].path, "/events/0/event");
  });

  test("far-future times are set to receipt, and that is said", async () => {
    const { verdict, row } = await between(`{"event":"odd","timestamp":4102444799999}`);
    assert.equal(verdict.code, "timestamp_replaced");
    assert.equal(row.timestamp, row.received_at);
  });
});

test("zip bombs, nested gzip and lies about the length cost nothing", async () => {
  const headers = { "content-encoding": "gzip" };
  const bomb = gzipSync(Buffer.alloc(300 << 20, "["), { level: 9 });
  // The quickest of the three: unpacking takes its time each time, a busy machine some of the time.
  let quickest = Number.POSITIVE_INFINITY;
  for (const path of ["/v1/track", "/v1/batch", "/v1/identify"]) {
    const begin = performance.now();
    const [status, problem] = await ask(path, { key: project.keys.sk, body: bomb, headers });
    assert.deepEqual([status, problem.error], [413, "payload_too_large"], path);
    quickest = Math.min(quickest, performance.now() - begin);
  }
  assert.ok(quickest < 1700, `${quickest} ms`);
  const twice = gzipSync(gzipSync('{"event":"e"}'));
  const [status, problem] = await ask("/v1/track", { key: project.keys.sk, body: twice, headers });
  assert.deepEqual([status, problem.error], [400, "invalid_payload"]);
  // Plain JSON under the header, and gzip without it.
  for (const options of [
    { body: '{"event":"e"}', headers },
    { body: gzipSync('{"event":"e"}'), headers: {} },
  ])
    assert.equal((await call("/v1/track", { key: project.keys.sk, ...options })).status, 400);
});

test(`${BODIES} bodies made at random: never a 5xx, and a good event always gets in`, async () => {
  const seed = seeded();
  const random = below(seed);
  const whole = JSON.stringify({
    event: "e",
    timestamp,
    url: "https://a.test/p?utm_source=x",
    properties: { "a.b": [1, "ü", null], deep: { x: 1.5 } },
    revenue: { amount: "1.50", currency: "EUR" },
    context: { ip: "192.0.2.1", user_agent: "x" },
    title: "t",
  });
  const pieces = [
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\\",
    "\\u0000",
    "\\ud83d",
    "1e999",
    "-",
    "null",
    "\u0000",
    "\ufffd",
    "é",
  ];
  const paths = ["/v1/track", "/v1/batch", "/v1/identify", "/e"];
  for (let round = 0; round < BODIES; round += 50) {
    const calls = Array.from({ length: 50 }, async () => {
      const bytes = [...Buffer.from(random(2) ? whole : `[${whole},${whole}]`)];
      for (let change = random(4); change >= 0; change--) {
        const at = random(bytes.length);
        const kind = random(4);
        if (kind === 0) bytes.splice(at, 1 + random(20));
        else if (kind === 1) bytes.splice(at, 0, ...Buffer.from(pieces[random(pieces.length)]));
        else if (kind === 2) bytes[at] = random(256);
        else bytes.splice(at, 0, ...bytes.slice(random(bytes.length)).slice(0, 30));
      }
      const body = Buffer.from(bytes);
      const answer = await call(paths[random(paths.length)], { key: project.keys.sk, body });
      const text = await answer.text();
      assert.ok([202, 400].includes(answer.status), `seed ${seed}: ${answer.status} ${text} for ${body}`);
      JSON.parse(text);
    });
    await Promise.all(calls);
  }
  const { row } = await between(event('"title":"after all"'));
  assert.equal(row.title, "after all");
});
