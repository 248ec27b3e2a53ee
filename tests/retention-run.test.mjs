// The daily job: what is older than its project keeps it goes, everywhere; nothing else does, whatever happens.
// A run covers all projects. @lane jobs
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { sql } from "./control-plane/world.mjs";
import { ask, call, newProject, rowsOf, select, stack, xtask } from "./harness/stack.mjs";
import { stackSettings, startWorker } from "./harness/worker.mjs";

const DAY = 86_400_000;
const { INTERNAL_SECRET } = stackSettings();
/** The UTC day so many days ago. */
const day = (ago) => new Date(Date.now() - ago * DAY).toISOString().slice(0, 10);
const run = ({ base = stack.worker_url, query = "", secret = INTERNAL_SECRET } = {}) =>
  ask(`/internal/retention/run${query}`, {
    base,
    method: "POST",
    headers: secret === null ? {} : { "x-internal-secret": secret },
    signal: AbortSignal.timeout(300_000),
  });
/** What the platform does at the time of a trigger. */
async function trigger(cron) {
  const signal = AbortSignal.timeout(300_000);
  const scheduled = await call(`/cdn-cgi/handler/scheduled?cron=${encodeURIComponent(cron)}`, { signal });
  assert.equal(scheduled.status, 200);
}
/** As if the run that holds the job had been silent for long. */
const forgotten = () =>
  sql`update jobs set held_until = now() - interval '1 second' where name = 'retention' and held_until is not null`;

/**
 * Runs the cron until the job has finished today: a run that has had its time leaves the rest to the next one, and
 * another test's cron may be the one that runs it.
 */
async function triggered(cron) {
  for (;;) {
    await trigger(cron);
    const [done] = await sql`select 1 from jobs where name = 'retention' and holder is null and resume_at is null
                             and updated_at > now() - interval '1 hour'`;
    if (done) return;
  }
}

/** A project with four events on each of so many days before today; one visitor crosses each midnight. */
async function grown(about, days, ...settings) {
  const project = await newProject(about, ...settings);
  for (const env of ["live", "test"]) {
    await select(
      `INSERT INTO events (project_id, env, timestamp, event_id, event, path, anonymous_id, received_at)
       SELECT {project:UUID}, {env:String},
         toDateTime64({today:String}, 3, 'UTC') - toIntervalDay(intDiv(number, 4))
           + toIntervalMinute([5, 600, 610, 1430][number % 4 + 1]),
         toString(number), 'pageview', '/', if(number % 4 IN (0, 3), 'night', 'day'), now64(3)
       FROM numbers(4, {rows:UInt32})`,
      { project: project.project_id, env, rows: String(4 * days), today: day(0) },
    );
  }
  return project;
}
const kept = async (project, table = "events", column = "toDate(timestamp)") => {
  const [row] = await select(
    `SELECT toString(min(${column})) AS first, toUInt32(count()) AS rows FROM ${table}
     WHERE project_id = {project:UUID} AND env = 'live'`,
    { project: project.project_id },
  );
  return row;
};
const outcome = (report, project) => report.projects.find((one) => one.project_id === project.project_id);

// Once it has finished today, no other test's cron runs it.
before(() => triggered("0 0 1 1 *"));
after(() => sql.end());

describe("POST /internal/retention/run", () => {
  test("is for whoever knows the secret", async () => {
    for (const secret of [null, "", "x", `${INTERNAL_SECRET}x`, INTERNAL_SECRET.slice(1)]) {
      const [status, answer] = await run({ secret });
      assert.deepEqual([status, answer.error], [401, "invalid_api_key"]);
    }
    const [status, answer] = await ask("/internal/retention/run", {
      method: "POST",
      headers: { authorization: `Bearer ${stack.keys.ak}` },
    });
    assert.deepEqual([status, answer.error], [401, "invalid_api_key"]);
  });

  test("takes dry_run and nothing else", async () => {
    for (const query of ["?dry_run=yes", "?project=x"]) {
      const [status, answer] = await run({ query });
      assert.deepEqual([status, answer.error], [400, "invalid_params"]);
    }
  });

  test("is not there where no secret is set", async () => {
    const worker = await startWorker({ INTERNAL_SECRET: undefined });
    try {
      for (const secret of [null, "", INTERNAL_SECRET]) {
        assert.equal((await run({ base: worker.url, secret }))[0], 404);
      }
    } finally {
      await worker.stop();
    }
  });
});

describe("a run", () => {
  let month;
  let quarter;
  let forever;
  before(async () => {
    month = await grown("retention-month", 100, "--retention-days", "30");
    quarter = await grown("retention-quarter", 100, "--retention-days", "90");
    forever = await grown("retention-ever", 100);
    for (const project of [month, quarter, forever]) await xtask("rollup", "rebuild", "--project", project.slug);
  });

  test("told to be dry counts and changes nothing", async () => {
    const [status, report] = await run({ query: "?dry_run=true" });
    assert.equal(status, 200);
    assert.deepEqual([report.status, report.dry_run], ["complete", true]);
    assert.deepEqual(outcome(report, month).rows, { live: 280, test: 280 });
    assert.deepEqual(outcome(report, quarter).rows, { live: 40, test: 40 });
    assert.equal(outcome(report, forever), undefined);
    assert.equal((await kept(month)).rows, 400);
  });

  test("deletes what is too old of each project, and what was computed from it", async () => {
    const [status, report] = await run();
    assert.deepEqual([status, report.status, report.ok], [200, "complete", true], JSON.stringify(report));
    const told = outcome(report, month);
    assert.deepEqual(
      [told.slug, told.kept_from, told.rows, told.failed],
      [month.slug, day(30), { live: 280, test: 280 }, false],
    );
    assert.deepEqual(await kept(month), { first: day(30), rows: 120 });
    assert.deepEqual(await kept(quarter), { first: day(90), rows: 360 });
    assert.deepEqual(await kept(forever), { first: day(100), rows: 400 });
    for (const table of ["daily_rollup", "sessions", "computed", "dirty"]) {
      assert.equal((await kept(month, table, "day")).first, day(30), table);
      assert.equal((await kept(forever, table, "day")).first, day(100), table);
    }
    const log = await sql`select * from audit_log where project_id = ${month.project_id} and action = 'retention.run'`;
    assert.equal(log.length, 1);
    assert.deepEqual(
      [log[0].actor, log[0].subject, log[0].detail.rows, log[0].detail.kept_from],
      ["system", month.slug, { live: 280, test: 280 }, day(30)],
    );
    const [{ log: other }] = await sql`
      select count(*)::int as log from audit_log where project_id = ${forever.project_id} and action = 'retention.run'`;
    assert.equal(other, 0);
  });

  test("again finds nothing more", async () => {
    const [, report] = await run();
    assert.deepEqual(
      [report.status, outcome(report, month), outcome(report, quarter)],
      ["complete", undefined, undefined],
    );
  });

  test("leaves no row of a past month on disk behind a mask", async () => {
    const [{ hidden }] = await select(
      `SELECT toUInt32(count()) AS hidden FROM events WHERE project_id = {project:UUID} AND toDate(timestamp) < {day:Date}
       SETTINGS apply_deleted_mask = 0`,
      // The month of the first kept day is written anew when all of it has gone.
      { project: month.project_id, day: `${day(30).slice(0, 7)}-01` },
    );
    assert.equal(hidden, 0);
  });

  test("makes the sessions of the first kept day due: they may have begun the day before", async () => {
    const at = new Date(`${day(30)}T00:00:00Z`).getTime();
    const sessions = async () => {
      const [, answer] = await ask("/v1/stats", {
        key: month.keys.rk,
        body: {
          metrics: ["sessions", "events"],
          date_range: [new Date(at - DAY).toISOString(), new Date(at + DAY).toISOString()],
        },
      });
      return answer.rows[0].metrics ?? answer.rows[0];
    };
    const before = await sessions();
    await xtask("rollup", "rebuild", "--project", month.slug);
    await xtask("rollup", "verify", "--project", month.slug);
    assert.deepEqual(await sessions(), before);
  });

  test("leaves alone what comes in beside it", async () => {
    const busy = await grown("retention-busy", 100, "--retention-days", "30");
    let running = true;
    const finished = run().finally(() => {
      running = false;
    });
    const sent = [];
    for (let n = 0; running || n < 3; n++) {
      // The oldest that is still taken, in a month that is being deleted from.
      const events = Array.from({ length: 20 }, (_, i) => ({
        event: "late",
        event_id: `late-${n}-${i}`,
        timestamp: new Date(Date.now() - 29.9 * DAY).toISOString(),
      }));
      const [status, answer] = await ask("/v1/batch", { key: busy.keys.sk, body: events });
      assert.equal(status, 202, JSON.stringify(answer));
      sent.push(...events.map((event) => event.event_id));
    }
    assert.equal((await finished)[1].status, "complete");
    const rows = await rowsOf(busy.project_id);
    const late = rows.filter((row) => row.event === "late").map((row) => row.event_id);
    assert.deepEqual(late.sort(), sent.sort());
  });

  test("of the cron does the same once a day, whatever its text, and refused rows older than 14 days go", async () => {
    const project = await grown("retention-cron", 40, "--retention-days", "10");
    await select(
      `INSERT INTO dead_letters (id, project_id, env, at, code, reason, line)
       SELECT concat({project:String}, toString(number)), {project:UUID}, 'live',
              now64(3) - toIntervalDay(number), '27', 'r', '{}' FROM numbers(13)`,
      { project: project.project_id },
    );
    const [{ before }] = await select(
      "SELECT toUInt32(count()) AS before FROM dead_letters WHERE project_id = {p:UUID}",
      {
        p: project.project_id,
      },
    );
    assert.equal(before, 13);
    await trigger("17 4 * * *");
    assert.equal((await kept(project)).rows, 160, "it has finished today");
    await sql`update jobs set updated_at = now() - interval '1 day' where name = 'retention'`;
    await triggered("3 9 * * 1");
    assert.deepEqual(await kept(project), { first: day(10), rows: 40 });
    // What a project keeps for ten days it does not keep for fourteen as a refused row.
    assert.deepEqual(await kept(project, "dead_letters", "toDate(at)"), { first: day(10), rows: 11 });
  });
});

describe("one run at a time", () => {
  test("another one is told that it is busy, and changes nothing", async () => {
    const project = await grown("retention-held", 20, "--retention-days", "10");
    await sql`update jobs set holder = 'somebody', held_until = now() + interval '1 minute', resume_at = ''
              where name = 'retention'`;
    try {
      const [status, report] = await run();
      assert.deepEqual([status, report.status], [200, "busy"]);
      assert.equal((await kept(project)).rows, 80);
      assert.equal((await run({ query: "?dry_run=true" }))[1].status, "complete");
    } finally {
      await forgotten();
    }
    assert.equal((await run())[1].status, "complete");
    assert.equal((await kept(project)).rows, 40);
  });
});

describe("where something fails", () => {
  /** The event store behind a way on which `watch` may answer or delay a statement. */
  async function way(watch) {
    const target = new URL(stack.clickhouse_url);
    const server = http.createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray());
      if (await watch(body.toString("latin1"), request.url, response)) return;
      const { method, headers } = request;
      const onward = http.request({
        ...{ host: target.hostname, port: target.port },
        path: request.url,
        method,
        headers,
      });
      onward.on("response", (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
      onward.on("error", () => response.destroy());
      onward.end(body);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
    const close = () => {
      server.closeAllConnections();
      server.close();
    };
    return { url: `http://127.0.0.1:${port}`, close };
  }

  test("for one project, the others have their turn all the same", async () => {
    const [good, bad, third] = await Promise.all(
      ["good", "bad", "third"].map((name) => grown(`retention-${name}`, 20, "--retention-days", "10")),
    );
    const events = await way((statement, url, response) => {
      if (!statement.startsWith("DELETE FROM events") || !url.includes(bad.project_id)) return false;
      response.writeHead(500, { "X-ClickHouse-Exception-Code": "241" }).end("Code: 241. no memory");
      return true;
    });
    const worker = await startWorker({ CLICKHOUSE_URL: events.url });
    try {
      const [status, report] = await run({ base: worker.url });
      assert.deepEqual([status, report.status, report.ok], [200, "complete", false]);
      assert.deepEqual([outcome(report, bad).failed, outcome(report, bad).rows], [true, {}]);
      for (const project of [good, third]) {
        assert.deepEqual(
          [outcome(report, project).failed, outcome(report, project).rows],
          [false, { live: 40, test: 40 }],
        );
        assert.equal((await kept(project)).rows, 40);
      }
      assert.equal((await kept(bad)).rows, 80);
    } finally {
      await worker.stop();
      events.close();
    }
    assert.equal((await run())[1].ok, true);
    assert.equal((await kept(bad)).rows, 40);
  });

  test("kill -9 in the middle: the next run takes it up and ends right", async () => {
    const project = await grown("retention-killed", 70, "--retention-days", "10");
    await xtask("rollup", "rebuild", "--project", project.slug);
    let deletions = 0;
    let worker;
    const events = await way(async (statement, url) => {
      if (!statement.startsWith("DELETE FROM events") || !url.includes(project.project_id)) return false;
      deletions += 1;
      // The second month: it reaches the store, the Worker does not live to see it.
      if (deletions === 2) process.kill(worker.pid, "SIGKILL");
      return false;
    });
    worker = await startWorker({ CLICKHOUSE_URL: events.url });
    try {
      await assert.rejects(run({ base: worker.url }));
      assert.equal(deletions, 2);
      assert.ok((await kept(project)).rows > 40);
      assert.equal((await run())[1].status, "busy", "the dead run is taken to be alive for a while");
      await forgotten();
      // The cron goes on with it.
      await triggered("*/5 * * * *");
      assert.deepEqual(await kept(project), { first: day(10), rows: 40 });
      for (const table of ["daily_rollup", "sessions", "computed", "dirty"]) {
        assert.equal((await kept(project, table, "day")).first, day(10), table);
      }
      const [{ resume_at }] = await sql`select resume_at from jobs where name = 'retention'`;
      assert.equal(resume_at, null);
    } finally {
      await worker.stop();
      events.close();
    }
  });

  test("the store or the control plane being away, it says so and nothing is lost", async () => {
    for (const settings of [{ CLICKHOUSE_URL: "http://127.0.0.1:9" }, { SUPABASE_URL: "http://127.0.0.1:9" }]) {
      const worker = await startWorker(settings);
      try {
        const [status, answer] = await run({ base: worker.url });
        assert.equal(status, 503);
        assert.match(answer.error, /^(store|control_plane)_unavailable$/);
      } finally {
        await worker.stop();
      }
    }
    // The job was given back where that was possible.
    const [{ held }] =
      await sql`select count(*)::int as held from jobs where name = 'retention' and holder is not null`;
    assert.equal(held, 0);
  });

  test("months that every project has outlived are dropped whole", async () => {
    const project = await newProject("retention-dropped");
    await select(
      `INSERT INTO events (project_id, env, timestamp, event_id, event, received_at)
       SELECT {project:UUID}, 'live', toDateTime64('2001-01-31 23:00:00', 3, 'UTC') + toIntervalDay(number), toString(number), 'e', now64(3)
       FROM numbers(3)`,
      { project: project.project_id },
    );
    // The other projects of this stack keep their events for ever; as if the longest of all kept them since then.
    const longest = Math.floor((Date.now() - Date.parse("2001-02-10T00:00:00Z")) / DAY);
    const real = new URL(stack.postgrest_url);
    const control = http.createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray());
      const headers = { "content-type": "application/json", apikey: String(request.headers.apikey) };
      const answer = await fetch(real.origin + request.url, {
        method: "POST",
        headers,
        body,
      });
      const text = await answer.text();
      const changed = request.url.endsWith("retention_policies")
        ? text.replace(/"longest"\s*:\s*null/, `"longest":${longest}`)
        : text;
      response.writeHead(answer.status, { "content-type": "application/json" }).end(changed);
    });
    await once(control.listen(0, "127.0.0.1"), "listening");
    const { port } = /** @type {import("node:net").AddressInfo} */ (control.address());
    const worker = await startWorker({ SUPABASE_URL: `http://127.0.0.1:${port}` });
    try {
      const [, report] = await run({ base: worker.url });
      assert.equal(report.status, "complete");
      // Other tests may have events that are older still.
      assert.equal(report.dropped_months.at(-1), 200101);
      assert.deepEqual(await kept(project), { first: "2001-02-01", rows: 2 });
    } finally {
      await worker.stop();
      control.closeAllConnections();
      control.close();
    }
  });
});
