// Day keys: there in time, the same for everybody, and of no use to anybody once their time is over.
// The cron makes and destroys the keys of all projects. @lane jobs
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { must, sql } from "./control-plane/world.mjs";
import { ask, call, newProject, rowsOf } from "./harness/stack.mjs";
import { stackSettings, startWorker } from "./harness/worker.mjs";

const DAY = 86_400_000;
const day = (ago) => new Date(Date.now() - ago * DAY).toISOString().slice(0, 10);
const hours = (ago) => new Date(Date.now() - (ago * DAY) / 24);
const cron = async () => {
  const signal = AbortSignal.timeout(300_000);
  assert.equal((await call("/cdn-cgi/handler/scheduled?cron=*/5+*+*+*+*", { signal })).status, 200);
};
const rowOf = async (date) => {
  const [row] = await sql`select encode(random, 'hex') as random from day_keys where day = ${date}`;
  return row?.random;
};
/** A row as it was made at an instant. */
const made = async (date, at) => {
  const random = randomBytes(32);
  await sql`insert into day_keys (day, random, created_at) values (${date}, ${random}, ${at})
            on conflict (day) do update set random = excluded.random, created_at = excluded.created_at`;
  return random.toString("hex");
};

let project;
before(async () => {
  project = await newProject("day-keys");
});
after(() => sql.end());

/** The hash that a server's event about a visitor gets. */
async function hashOf(timestamp, { base = undefined, id = randomBytes(8).toString("hex"), ip = "192.0.2.77" } = {}) {
  const body = { event: "e", event_id: id, timestamp, url: "https://example.com/", context: { ip, user_agent: "ua" } };
  const [status] = await ask("/v1/track", { key: project.keys.sk, base, body });
  assert.equal(status, 202);
  const rows = await rowsOf(project.project_id);
  return rows.find((row) => row.event_id === id).visitor_hash;
}

describe("the rows", () => {
  test("of today and tomorrow are made ahead by the trigger", async () => {
    await sql`delete from day_keys where day = ${day(-1)}`;
    const today = await rowOf(day(0));
    await cron();
    assert.match(await rowOf(day(-1)), /^[0-9a-f]{64}$/);
    assert.equal(await rowOf(day(0)), today, "the one that is in use stays");
  });

  test("are one and the same for all who ask at once", async () => {
    const date = "2031-01-01";
    const answers = await Promise.all(Array.from({ length: 24 }, () => must("day_keys", { days: [date] })));
    assert.equal(new Set(answers.map((answer) => answer[date])).size, 1);
    await sql`delete from day_keys where day = ${date}`;
  });

  test("live to the end of the next day, those of imported days for 23 hours", async () => {
    const yesterday = await made(day(1), hours(30));
    const over = await made(day(2), hours(60));
    const imported = await made(day(40), hours(22));
    const forgotten = await made(day(41), hours(23.5));
    await cron();
    assert.deepEqual([await rowOf(day(1)), await rowOf(day(40))], [yesterday, imported]);
    assert.deepEqual([await rowOf(day(2)), await rowOf(day(41))], [undefined, undefined]);
    assert.ok(over && forgotten);
  });

  test("are not handed out once their time is over, also where nobody has destroyed them yet", async () => {
    const over = await made(day(5), hours(5 * 24 + 3));
    const answer = await must("day_keys", { days: [day(5)] });
    assert.notEqual(answer[day(5)], over);
    assert.equal((await must("day_keys", { days: [day(5)] }))[day(5)], answer[day(5)]);
  });

  test("leave nothing in the table's file", async () => {
    const over = await made(day(6), hours(6 * 24 + 3));
    const read = async () => {
      await sql`checkpoint`;
      const [{ file }] = await sql`
        select encode(pg_read_binary_file(pg_relation_filepath('public.day_keys')), 'hex') as file`;
      return file;
    };
    assert.ok((await read()).includes(over), "this looks in the right place");
    await cron();
    assert.ok(!(await read()).includes(over));
  });
});

describe("a visitor's hash", () => {
  test("is the same all day, and another one the next", async () => {
    const [today, again, yesterday, other] = [
      await hashOf(`${day(0)}T00:00:01Z`),
      await hashOf(`${day(0)}T00:00:02Z`),
      await hashOf(`${day(1)}T12:00:00Z`),
      await hashOf(`${day(0)}T00:00:01Z`, { ip: "192.0.2.78" }),
    ];
    assert.equal(today, again);
    assert.equal(new Set([today, yesterday, other]).size, 3);
    assert.ok(![today, yesterday, other].includes("0"));
  });

  test("cannot be made again once the day's key is destroyed", async () => {
    const old = `${day(20)}T12:00:00Z`;
    const first = await hashOf(old);
    assert.equal(await hashOf(old), first, "an import of one day is of one piece");
    await sql`update day_keys set created_at = now() - interval '23 hours' where day = ${day(20)}`;
    await cron();
    assert.equal(await rowOf(day(20)), undefined);
    // An instance that was started since; another may know the key for the rest of its hour.
    const worker = await startWorker();
    try {
      const later = await hashOf(old, { base: worker.url });
      assert.notEqual(later, "0");
      assert.notEqual(later, first);
    } finally {
      await worker.stop();
    }
  });

  test("begins anew with a new secret on the day that is told, and not before", async () => {
    const { VISITOR_SECRET } = stackSettings();
    const secret = randomBytes(32).toString("hex");
    const hashes = async (settings) => {
      const worker = await startWorker(settings);
      try {
        return [
          await hashOf(`${day(1)}T12:00:00Z`, { base: worker.url }),
          await hashOf(`${day(0)}T00:00:01Z`, { base: worker.url }),
        ];
      } finally {
        await worker.stop();
      }
    };
    const before = await hashes({});
    const ahead = { VISITOR_SECRET: secret, VISITOR_SECRET_PREVIOUS: VISITOR_SECRET };
    assert.deepEqual(await hashes({ ...ahead, VISITOR_SECRET_SINCE: day(-1) }), before, "deployed ahead");
    const since = await hashes({ ...ahead, VISITOR_SECRET_SINCE: day(0) });
    assert.equal(since[0], before[0]);
    assert.notEqual(since[1], before[1]);
    assert.deepEqual((await hashes({ VISITOR_SECRET: secret }))[1], since[1]);
  });
});
