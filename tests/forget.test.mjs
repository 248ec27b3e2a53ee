// POST /v1/forget, GET /v1/forget/{id}, POST /v1/access: who a person is, what of theirs goes, and when.
// Its cron would take up other files' requests, and theirs its own. @lane jobs
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { faultyWay } from "./harness/proxy.mjs";
import { ask, call, newProject, ownDatabase, select, settled, stack } from "./harness/stack.mjs";
import { until } from "./harness/until.mjs";
import { startWorker } from "./harness/worker.mjs";

const IP = { ip: "192.0.2.61", user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0" };
// A mutation rewrites whole parts: in a database of its own it meets no other test's million rows.
let own;
let worker;
before(async () => {
  own = await ownDatabase("forget");
  worker = await startOwn();
});
after(async () => {
  await worker?.stop();
  await own?.drop();
});

const startOwn = (settings = {}) =>
  startWorker({ CLICKHOUSE_DATABASE: own.database, BUFFER_FLUSH_MS: "50", ...settings });
const query = (sql, parameters = {}) => select(sql, parameters, own.database);

const fresh = (about = "forget") => newProject(about, "--unlimited");
let sent = 0;
/** An event with an id that is told by its tag. */
const event = (tag, who, more = {}) => ({ event: "e", event_id: `${tag}-${sent++}`, ...who, ...more });

async function send(project, events, base = worker.url) {
  const [status, answer] = await ask("/v1/batch", { base, key: project.keys.sk, body: events });
  assert.deepEqual([status, answer.accepted], [202, events.length], JSON.stringify(answer));
}

async function forget(project, body, base = worker.url) {
  const [status, answer] = await ask("/v1/forget", { base, key: project.keys.sk, body });
  assert.equal(status, 202, JSON.stringify(answer));
  assert.equal(answer.ok, true);
  return answer.request_id;
}

async function receipt(project, id, base = worker.url) {
  const [status, answer] = await ask(`/v1/forget/${id}`, { base, key: project.keys.sk });
  assert.equal(status, 200, JSON.stringify(answer));
  return answer;
}

/** Forgets somebody at once; the receipt. */
async function forgotten(project, body) {
  await settled();
  const id = await forget(project, body);
  // Requests of other tests may have their turn first.
  for (let turn = 0; turn < 10; turn++) {
    await worker.cron();
    const answer = await receipt(project, id);
    if (answer.status === "done") return answer;
  }
  assert.fail(`it stays pending: ${worker.log()}`);
}

/** Tags of the rows that are there, as they lie there. */
async function tags(project) {
  await settled();
  const rows = await query("SELECT event_id FROM events WHERE project_id = {p:UUID}", { p: project.project_id });
  return [...new Set(rows.map((row) => row.event_id.replace(/-\d+$/, "")))].sort();
}

/** Everything that is told about somebody: lines by table, and the last one. */
async function access(project, body, base = worker.url) {
  const response = await call("/v1/access", { base, key: project.keys.sk, body });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  assert.equal(response.headers.get("content-type"), "application/x-ndjson");
  const lines = text.trim().split("\n");
  const all = lines.map((line) => JSON.parse(line));
  assert.deepEqual(all.at(-1), { $end: { complete: true, rows: all.length - 1 } });
  const tables = {};
  for (const { table, ...line } of all.slice(0, -1)) {
    tables[table] ??= [];
    tables[table].push(line);
  }
  return tables;
}

describe("the routes", () => {
  let project;
  before(async () => {
    project = await fresh();
  });

  test("are for secret keys alone", async () => {
    const id = await forget(project, { user_id: "routes" });
    for (const [path, body] of /** @type {any[]} */ ([
      ["/v1/forget", { user_id: "u" }],
      [`/v1/forget/${id}`],
      ["/v1/access", { user_id: "u" }],
    ]))
      for (const kind of ["pk", "rk", "ak"]) {
        const [status, problem] = await ask(path, { base: worker.url, key: project.keys[kind], body });
        assert.deepEqual([status, problem.error], [403, "forget_requires_secret_key"], `${kind} ${path}`);
      }
  });

  test("take one id or both, within an event's bounds, and nothing else", async () => {
    /** @type {any[]} */
    const bodies = [
      {},
      [],
      "x",
      { user_id: "" },
      { user_id: 1 },
      { user_id: "x".repeat(257) },
      { email: "a@example.com" },
    ];
    bodies.push({ anonymous_id: "x".repeat(129) }, { user_id: "u", reason: "asked" }, { user_id: null });
    for (const path of ["/v1/forget", "/v1/access"])
      for (const body of bodies) {
        const [status, problem] = await ask(path, {
          base: worker.url,
          key: project.keys.sk,
          body: JSON.stringify(body),
        });
        assert.deepEqual([status, problem.error], [400, "invalid_payload"], JSON.stringify(body));
        assert.ok(problem.fields.length > 0);
      }
    assert.ok(await forget(project, { user_id: "é".repeat(256), anonymous_id: "x".repeat(128) }));
  });

  test("know no request of another project or data set", async () => {
    const id = await forget(project, { user_id: "routes" });
    assert.equal((await receipt(project, id)).request_id, id);
    const [other, trial] = [await fresh(), await newProject("forget-test", "--env", "test")];
    for (const { keys } of [other, trial]) {
      const [status, problem] = await ask(`/v1/forget/${id}`, { base: worker.url, key: keys.sk });
      assert.deepEqual([status, problem.error], [404, "not_found"]);
    }
    for (const nothing of [randomUUID(), "x"])
      assert.equal((await ask(`/v1/forget/${nothing}`, { base: worker.url, key: project.keys.sk }))[0], 404);
  });

  test("give the same request for the same ids, and take one that is done up anew", async () => {
    const body = { user_id: "again", anonymous_id: "again" };
    const ids = await Promise.all(Array.from({ length: 8 }, () => forget(project, body)));
    assert.equal(new Set(ids).size, 1);
    assert.notEqual(await forget(project, { user_id: "again" }), ids[0]);
    await worker.cron();
    const done = await receipt(project, ids[0]);
    assert.deepEqual([done.status, done.counts.events], ["done", 0]);
    await send(project, [event("again", { user_id: "again" })]);
    assert.equal(await forget(project, body), ids[0]);
    const anew = await receipt(project, ids[0]);
    assert.deepEqual([anew.status, anew.done_at], ["pending", null]);
    await settled();
    await worker.cron();
    assert.deepEqual((await receipt(project, ids[0])).counts.events, 1);
    assert.deepEqual(await tags(project), []);
  });

  test("never believe a key that the control plane cannot confirm", async () => {
    const control = await faultyWay(stack.postgrest_url);
    const other = await startOwn({ SUPABASE_URL: control.url });
    try {
      const options = { base: other.url, key: project.keys.sk };
      assert.equal((await ask("/v1/forget", { ...options, body: { user_id: "down" } }))[0], 202);
      control.become("refuse");
      assert.equal((await ask("/v1/track", { ...options, body: { event: "e", event_id: "down" } }))[0], 202);
      for (const [path, body] of /** @type {any[]} */ ([
        ["/v1/forget", { user_id: "d" }],
        [`/v1/forget/${randomUUID()}`],
        ["/v1/access", { user_id: "d" }],
      ])) {
        const [status, problem, headers] = await ask(path, { ...options, body });
        assert.deepEqual([status, problem.error], [503, "control_plane_unavailable"], path);
        assert.ok(headers.get("retry-after"));
      }
    } finally {
      await other.stop();
      control.close();
    }
  });

  test("do not work with a key that was revoked a moment ago", async () => {
    const [, made] = await ask("/v1/keys", {
      key: project.keys.ak,
      body: { project_id: project.project_id, kind: "sk", env: "live" },
    });
    const options = { base: worker.url, key: made.key };
    assert.equal((await ask("/v1/forget", { ...options, body: { user_id: "r" } }))[0], 202);
    // Revoked elsewhere: this Worker does not hear of it.
    await ask(`/v1/keys/${made.id}`, { key: project.keys.ak, method: "DELETE" });
    assert.equal((await ask("/v1/track", { ...options, body: { event: "e" } }))[0], 202);
    for (const path of ["/v1/forget", "/v1/access"]) {
      const [status, problem] = await ask(path, { ...options, body: { user_id: "r" } });
      assert.deepEqual([status, problem.error], [401, "revoked_api_key"]);
    }
  });
});

describe("who a person is", () => {
  /** Ann has a phone and a laptop, Bob used the laptop after her, Carl has a desk, nobody the kiosk. */
  async function house() {
    const project = await fresh();
    const at = (minute) => `2026-11-12T10:${String(minute).padStart(2, "0")}:00Z`;
    const identify = (tag, anonymous_id, user_id, minute) =>
      event(tag, { anonymous_id, user_id }, { event: "$identify", timestamp: at(minute) });
    await send(project, [
      event("phone", { anonymous_id: "phone" }, { timestamp: at(0) }),
      identify("phone", "phone", "ann", 1),
      identify("laptop", "laptop", "ann", 2),
      identify("laptop-bob", "laptop", "bob", 3),
      event("laptop", { anonymous_id: "laptop" }, { timestamp: at(4) }),
      event("laptop-bob", { anonymous_id: "laptop", user_id: "bob" }, { timestamp: at(5) }),
      event("bob", { user_id: "bob" }, { timestamp: at(6) }),
      identify("tablet", "tablet", "bob", 1),
      event("tablet-ann", { anonymous_id: "tablet", user_id: "ann" }, { timestamp: at(7) }),
      event("ann", { user_id: "ann" }, { timestamp: "2026-10-01T10:00:00Z" }),
      identify("desk", "desk", "carl", 1),
      event("kiosk", { anonymous_id: "kiosk" }, { timestamp: at(1) }),
      event(
        "prefix",
        { anonymous_id: "phone2", user_id: "ann2" },
        { timestamp: at(1), properties: { user_id: "ann" } },
      ),
    ]);
    return project;
  }
  const all = ["ann", "bob", "desk", "kiosk", "laptop", "laptop-bob", "phone", "prefix", "tablet", "tablet-ann"];
  const left = (...gone) => all.filter((tag) => !gone.includes(tag));
  const anns = ["ann", "phone", "laptop", "laptop-bob", "tablet-ann"];

  for (const [who, body, gone] of /** @type {any[]} */ ([
    ["a user: their devices too, and whatever else carries their id", { user_id: "ann" }, anns],
    ["a device of a user: the user with all devices", { anonymous_id: "phone" }, anns],
    ["a device that two used: whom it belongs to", { anonymous_id: "laptop" }, anns],
    [
      "the second user of a device: the device stays",
      { user_id: "bob" },
      ["bob", "laptop-bob", "tablet", "tablet-ann"],
    ],
    ["a device of nobody: it alone", { anonymous_id: "kiosk" }, ["kiosk"]],
    ["nobody: nothing", { user_id: "eve" }, []],
    ["two who are named together", { user_id: "carl", anonymous_id: "kiosk" }, ["desk", "kiosk"]],
  ])) {
    test(`${who}`, async () => {
      const project = await house();
      const other = await house();
      assert.deepEqual(await tags(project), all);
      await settled();
      const told = await access(project, body);
      const { counts } = await forgotten(project, body);
      assert.deepEqual(await tags(project), left(...gone));
      assert.equal((told.events ?? []).length, counts.events, "what is told is what goes");
      assert.deepEqual(await tags(other), all, "the same ids of another project");
      assert.deepEqual((await access(project, body)).events, undefined);
    });
  }

  test("is not changed by what a device does after it was asked for", async () => {
    const project = await fresh();
    await send(project, [event("before", { anonymous_id: "shared" })]);
    await forgotten(project, { anonymous_id: "shared" });
    const later = [event("login", { anonymous_id: "shared", user_id: "zoe" }, { event: "$identify" })];
    await send(project, [...later, event("zoe", { user_id: "zoe" })]);
    await settled();
    await worker.cron();
    assert.deepEqual(await tags(project), ["zoe"]);
  });

  test("ids of any characters are found, and only those", async () => {
    const ids = [
      "a'b",
      'a"b',
      "a\\",
      "a\\'b",
      "a\nb\tc",
      "é😀",
      "a\u0000b",
      "a\\0b",
      "a",
      "a%",
      "{a}",
      "a')] OR 1=1 --",
    ];
    const project = await fresh();
    await send(
      project,
      ids.map((user_id, n) => event(`user${n}`, { user_id, anonymous_id: `d${n}` })),
    );
    await settled();
    // Every other one, and what is left is neither more nor less.
    const named = async (body) => [body, await forget(project, body)];
    const asked = await Promise.all(ids.filter((_, n) => n % 2 === 0).map((user_id) => named({ user_id })));
    await worker.cron();
    for (const [body, id] of asked) {
      const { status, counts } = await receipt(project, id);
      assert.deepEqual([status, counts.events], ["done", 1], JSON.stringify(body));
    }
    const odd = ids.map((_, n) => `user${n}`).filter((_, n) => n % 2 === 1);
    assert.deepEqual(await tags(project), odd.sort());
  });
});

describe("rows without an id", () => {
  test("go where they share a day's hash with a row of the person; one step, no further", async () => {
    const project = await fresh();
    const now = Date.now();
    const at = (days) => new Date(now - days * 86_400_000).toISOString();
    const url = "https://shop.example/";
    await send(project, [
      event("id", { anonymous_id: "p" }, { context: IP, url, timestamp: at(1) }),
      event("same-day", {}, { context: IP, url, timestamp: at(1) }),
      event("next-day", {}, { context: IP, url, timestamp: at(0) }),
      event("other-site", {}, { context: IP, url: "https://other.example/", timestamp: at(1) }),
      event("other-ip", {}, { context: { ...IP, ip: "192.0.2.62" }, url, timestamp: at(1) }),
      // Shares the hash and has an id of its own; its rows of other days are another person's.
      event("housemate", { anonymous_id: "q" }, { context: IP, url, timestamp: at(1) }),
      event("housemate-later", { anonymous_id: "q" }, { context: IP, url, timestamp: at(0) }),
    ]);
    await settled();
    const told = await access(project, { anonymous_id: "p" });
    assert.deepEqual(told.events.map((row) => row.event_id.replace(/-\d+$/, "")).sort(), [
      "housemate",
      "id",
      "same-day",
    ]);
    const { counts } = await forgotten(project, { anonymous_id: "p" });
    assert.equal(counts.events, 3);
    assert.deepEqual(await tags(project), ["housemate-later", "next-day", "other-ip", "other-site"]);
    // A row of the same hash that comes late is erased by a later run.
    await send(project, [event("late", {}, { context: IP, url, timestamp: at(1) })]);
    await settled();
    await worker.cron();
    assert.deepEqual(await tags(project), ["housemate-later", "next-day", "other-ip", "other-site"]);
  });
});

describe("what comes late", () => {
  test("is erased by the next run, and counted", async () => {
    const project = await fresh();
    const who = { user_id: "late", anonymous_id: "late-device" };
    await send(project, [event("early", who)]);
    const { request_id } = await forgotten(project, { user_id: "late" });
    await send(project, [event("late", who), event("stays", { user_id: "other" })]);
    // A device that is only now known to be theirs, and what it did.
    await send(project, [
      event("link", { user_id: "late", anonymous_id: "second" }, { event: "$identify" }),
      event("second", { anonymous_id: "second" }),
    ]);
    await settled();
    await worker.cron();
    assert.deepEqual(await tags(project), ["stays"]);
    const { status, counts } = await receipt(project, request_id);
    assert.deepEqual([status, counts.events], ["done", 4]);
  });

  test("two runs at once erase it once", async () => {
    const project = await fresh();
    await send(
      project,
      Array.from({ length: 50 }, () => event("twice", { user_id: "twice" })),
    );
    await settled();
    const id = await forget(project, { user_id: "twice" });
    const second = await startOwn();
    try {
      await Promise.all([worker.cron(), second.cron(), worker.cron()]);
      const { status, counts } = await receipt(project, id);
      assert.deepEqual([status, counts.events], ["done", 50]);
      assert.deepEqual(await tags(project), []);
    } finally {
      await second.stop();
    }
  });
});

describe("dead letters", () => {
  test("of the person go, whole", async () => {
    const project = await fresh();
    const row = (event_id, more) =>
      JSON.stringify({ project_id: project.project_id, env: "live", event_id, event: "e", ...more });
    const lines = [
      row("1", { user_id: 'ann"\\', visitor_hash: "77" }),
      row("2", { visitor_hash: "77" }),
      row("3", { user_id: "other", properties: '{"user_id":"ann"}' }),
    ];
    for (const [n, line] of lines.entries()) {
      const letter = {
        id: `${project.project_id}-${n}`,
        project_id: project.project_id,
        env: "live",
        at: "2026-11-20 10:00:00.000",
      };
      await query(
        `INSERT INTO dead_letters FORMAT JSONEachRow ${JSON.stringify({ ...letter, code: "27", reason: line, line })}`,
      );
    }
    const told = await access(project, { user_id: 'ann"\\' });
    assert.deepEqual(told.dead_letters.map(({ line }) => line).sort(), lines.slice(0, 2));
    const { counts } = await forgotten(project, { user_id: 'ann"\\' });
    assert.deepEqual([counts.dead_letters, counts.events], [2, 0]);
    const left = await query("SELECT line FROM dead_letters WHERE project_id = {p:UUID}", { p: project.project_id });
    assert.deepEqual(
      left.map(({ line }) => line),
      lines.slice(2),
    );
  });
});

describe("what waits in the buffer", () => {
  const people = () => [
    event("anon", { anonymous_id: "w-phone" }, { context: IP, url: "https://w.example/" }),
    event("bob", { anonymous_id: "w-bob", user_id: "w-bob" }),
    event("cookieless", {}, { context: IP, url: "https://w.example/" }),
    event("link", { anonymous_id: "w-phone", user_id: "w-ann" }, { event: "$identify" }),
    event("carl", { anonymous_id: "w-carl" }),
  ];

  /** Whether all of it came before the buffer, which waits so long, had sent what it held. */
  async function emptied(wait) {
    const project = await fresh();
    const other = await startOwn({ BUFFER_FLUSH_MS: `${wait}` });
    const begin = performance.now();
    try {
      await send(project, people(), other.url);
      await send(project, [event("ann", { user_id: "w-ann" })], other.url);
      const told = await access(project, { user_id: "w-ann" }, other.url);
      const id = await forget(project, { user_id: "w-ann" }, other.url);
      await other.cron();
      const { status, counts } = await receipt(project, id, other.url);
      if (performance.now() - begin > wait) return false;
      assert.deepEqual(told.buffer.map((line) => line.event_id.replace(/-\d+$/, "")).sort(), [
        "ann",
        "anon",
        "cookieless",
        "link",
      ]);
      assert.deepEqual([status, counts.buffered, counts.events], ["done", 4, 0], other.log());
      assert.equal((await access(project, { user_id: "w-ann" }, other.url)).buffer, undefined);
      await until(async () => {
        const [, depth] = await ask("/v1/buffer", { base: other.url, key: project.keys.ak });
        return depth.events === 0;
      }, "the rest is sent");
      const rows = await query("SELECT event_id FROM events WHERE project_id = {p:UUID}", { p: project.project_id });
      assert.deepEqual(rows.map((row) => row.event_id.replace(/-\d+$/, "")).sort(), ["bob", "carl"]);
      return true;
    } finally {
      await other.stop();
    }
  }

  test("is told, emptied, and never sent; all else is, in its batch", async () => {
    // A busy machine needs longer.
    assert.ok((await emptied(8000)) || (await emptied(60_000)));
  });

  for (const mode of ["refuse", "swallow"]) {
    test(`is emptied while the store is away (${mode}), and who was meant is found out afterwards`, async () => {
      const project = await fresh();
      const store = await faultyWay(stack.clickhouse_url);
      const other = await startOwn({ CLICKHOUSE_URL: store.url });
      const rows = async () => {
        const found = await query("SELECT event_id FROM events WHERE project_id = {p:UUID}", {
          p: project.project_id,
        });
        return found.map((row) => row.event_id.replace(/-\d+$/, "")).sort();
      };
      try {
        store.become(mode);
        // In one request, so that all are in the batch whose outcome stays in doubt.
        await send(project, [...people(), event("ann", { user_id: "w-ann" })], other.url);
        // With `swallow` the store has them, and its answer is lost.
        if (mode === "swallow") await until(async () => (await rows()).length === 6, "the store has them");
        const id = await forget(project, { user_id: "w-ann" }, other.url);
        await other.cron();
        const pending = await receipt(project, id, other.url);
        assert.deepEqual([pending.status, pending.counts.buffered], ["pending", 1], other.log());
        assert.ok(!/w-ann|w-phone/.test(other.log()), "no id in the log");
        store.become("pass");
        await until(async () => {
          const [, depth] = await ask("/v1/buffer", { base: other.url, key: project.keys.ak });
          return depth.events === 0;
        }, "the buffer is empty");
        if (mode === "refuse") assert.deepEqual(await rows(), ["anon", "bob", "carl", "cookieless", "link"]);
        await other.cron();
        assert.deepEqual(await rows(), ["bob", "carl"], other.log());
        const { status, counts } = await receipt(project, id, other.url);
        assert.deepEqual([status, counts.events], ["done", mode === "refuse" ? 3 : 4]);
      } finally {
        await other.stop();
        store.close();
      }
    });
  }
});

test("a run that fails leaves requests pending, and the next one does them", async () => {
  const project = await fresh();
  await send(project, [event("pending", { user_id: "pending" })]);
  await settled();
  const id = await forget(project, { user_id: "pending" });
  const other = await startOwn({ CLICKHOUSE_MAINTAIN_USER: undefined });
  try {
    await other.cron();
    assert.equal((await receipt(project, id)).status, "pending");
    assert.match(other.log(), /people were not forgotten: CLICKHOUSE_MAINTAIN_USER/);
  } finally {
    await other.stop();
  }
  await worker.cron();
  assert.equal((await receipt(project, id)).status, "done");
  assert.deepEqual(await tags(project), []);
});
