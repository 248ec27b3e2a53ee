// headwater doctor: what it says of a sound deployment, and of each part that is not.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { faultyWay } from "./harness/proxy.mjs";
import { newProject, ownDatabase, root, select, stack, xtask } from "./harness/stack.mjs";

const folder = mkdtempSync(join(tmpdir(), "headwater-doctor-"));
let own;
before(async () => {
  own = await ownDatabase("doctor");
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await own?.drop();
});

/** Runs a command of this repository: its exit code and both outputs. */
function run(...args) {
  const command = process.env.HEADWATER_XTASK ? [process.env.HEADWATER_XTASK] : ["cargo", "xtask"];
  return new Promise((done) => {
    execFile(command[0], [...command.slice(1), ...args], { cwd: root }, (error, stdout, stderr) => {
      done({ code: error ? error.code : 0, stdout, stderr });
    });
  });
}

/** The Worker's settings over the stack's stores, in a database that no other test uses. */
const settings = (changed = {}) => {
  const { ingest, read, maintain } = stack.clickhouse_users;
  return {
    CLICKHOUSE_URL: stack.clickhouse_url,
    CLICKHOUSE_DATABASE: own.database,
    CLICKHOUSE_INSERT_USER: ingest.user,
    CLICKHOUSE_INSERT_PASSWORD: ingest.password,
    CLICKHOUSE_READ_USER: read.user,
    CLICKHOUSE_READ_PASSWORD: read.password,
    CLICKHOUSE_MAINTAIN_USER: maintain.user,
    CLICKHOUSE_MAINTAIN_PASSWORD: maintain.password,
    SUPABASE_URL: stack.postgrest_url,
    SUPABASE_SECRET_KEY: stack.supabase_secret_key,
    KEY_PEPPER: "pepper",
    VISITOR_SECRET: "secret",
    ...changed,
  };
};

/** Checks a deployment with these settings: the exit code and the findings by check. */
async function doctor(changed = {}, ...args) {
  const file = join(folder, "settings");
  const lines = Object.entries(settings(changed)).map(([name, value]) => `${name}='${value}'\n`);
  writeFileSync(file, lines.join(""), { mode: 0o600 });
  const { code, stdout, stderr } = await run("doctor", "--json", "--env-file", file, ...args);
  assert.ok(stdout, stderr);
  const findings = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { code, of: Object.fromEntries(findings.map((finding) => [finding.check, finding])), findings };
}

/** All that the options can name. */
const whole = () => ["--worker-url", stack.worker_url, "--supabase-db-url", stack.postgres_url];

test("the local stack is sound, and people read what was checked", async () => {
  const state = dirname(process.env.HEADWATER_DEV_JSON);
  const { stdout } = await run("doctor", "--state", state);
  for (const check of ["configuration", "control plane", "control plane migrations", "clickhouse", "clock", "worker"])
    assert.match(stdout, new RegExp(`^✓ ${check} `, "m"));
  for (const role of ["insert", "read", "maintain"])
    assert.match(stdout, new RegExp(`^✓ clickhouse ${role} user .*can do what it must`, "m"));
  assert.match(stdout, /^\d+ checks: \d+ ok, \d+ warnings, \d+ failed, \d+ skipped$/m);
});

test("checks come in order, and users that can do more than they need fail outside of the local stack", async () => {
  const { code, findings, of } = await doctor({}, ...whole());
  assert.deepEqual(
    findings.map(({ check }) => check),
    [
      ...["configuration", "control_plane", "control_plane_migrations", "expiring_keys", "clickhouse"],
      ...["clickhouse_migrations", "clock", "clickhouse_insert_user", "clickhouse_read_user"],
      ...["clickhouse_maintain_user", "worker", "buffer", "dirty_days", "dead_letters"],
    ],
  );
  // The local engine gives every user all rights.
  for (const role of ["insert", "read", "maintain"]) {
    const finding = of[`clickhouse_${role}_user`];
    assert.equal(finding.status, "failed");
    assert.match(finding.message, /can do more than it needs: .*CREATE USER ON \*\.\*/);
    assert.match(finding.fix, /REVOKE CREATE USER ON \*\.\* FROM \w+;/);
  }
  assert.equal(code, 1);
  const others = findings.filter(({ check }) => !check.endsWith("_user") && check !== "expiring_keys");
  assert.deepEqual(
    others.filter(({ status }) => status !== "ok"),
    [],
  );
  assert.ok(others.every(({ fix }) => fix === null));
});

describe("what is wrong is named, with what to do", () => {
  test("settings that are missing", async () => {
    const { code, of } = await doctor({ KEY_PEPPER: "", SUPABASE_URL: "" });
    assert.equal(code, 1);
    assert.equal(of.configuration.status, "failed");
    assert.match(of.configuration.message, /SUPABASE_URL, KEY_PEPPER/);
    assert.match(of.configuration.fix, /wrangler secret put KEY_PEPPER/);
    assert.equal(of.control_plane.status, "skipped");
    assert.equal(of.clickhouse.status, "ok", "the rest is checked all the same");
    const { code: none, stdout } = await run("doctor", "--state", join(folder, "nothing"));
    assert.equal(none, 1);
    assert.match(stdout, /no local stack runs in .*\n {4}fix: .*--env-file/);
  });

  test("a control plane that refuses, hangs up, or has another key", async () => {
    const way = await faultyWay(stack.postgrest_url);
    try {
      assert.equal((await doctor({ SUPABASE_URL: way.url })).of.control_plane.status, "ok");
      way.become("refuse");
      const { code, of } = await doctor({ SUPABASE_URL: way.url });
      assert.equal(code, 1);
      assert.equal(of.control_plane.status, "failed");
      assert.match(of.control_plane.message, /cannot reach the control plane/);
      assert.match(of.control_plane.fix, /SUPABASE_URL/);
      assert.equal(of.clickhouse.status, "ok");
    } finally {
      way.close();
    }
    const { of } = await doctor({ SUPABASE_SECRET_KEY: "sb_secret_wrong" });
    assert.match(of.control_plane.fix, /SUPABASE_SECRET_KEY/);
    assert.doesNotMatch(JSON.stringify(of), /sb_secret_wrong/);
  });

  test("a ClickHouse that is not there, and wrong credentials", async () => {
    const way = await faultyWay(stack.clickhouse_url);
    way.become("refuse");
    const { code, of } = await doctor({ CLICKHOUSE_URL: way.url });
    way.close();
    assert.equal(code, 1);
    assert.equal(of.clickhouse.status, "failed");
    assert.match(of.clickhouse.message, /cannot reach ClickHouse/);
    assert.equal(of.clickhouse_insert_user.status, "skipped");
    const wrong = await doctor({ CLICKHOUSE_INSERT_PASSWORD: "wrong" });
    assert.equal(wrong.of.clickhouse.status, "ok");
    assert.equal(wrong.of.clickhouse_insert_user.status, "failed");
    assert.match(wrong.of.clickhouse_insert_user.fix, /CLICKHOUSE_INSERT_PASSWORD/);
  });

  test("migrations that are missing", async () => {
    const database = `${own.database}_bare`;
    await select(`CREATE DATABASE ${database}`);
    try {
      const { of } = await doctor({ CLICKHOUSE_DATABASE: database });
      assert.equal(of.clickhouse_migrations.status, "failed");
      assert.match(of.clickhouse_migrations.message, /not applied: 0001_events\.sql, 0002_/);
      assert.match(of.clickhouse_migrations.fix, /headwater migrate/);
    } finally {
      await select(`DROP DATABASE ${database}`);
    }
  });

  test("a Worker that is not there, and one that is something else", async () => {
    const way = await faultyWay(stack.worker_url);
    way.become("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
    const other = await doctor({}, "--worker-url", way.url);
    assert.match(other.of.worker.message, /without the checks of a Headwater Worker/);
    way.become("refuse");
    const { of } = await doctor({}, "--worker-url", way.url);
    way.close();
    assert.equal(of.worker.status, "failed");
    assert.match(of.worker.fix, /--worker-url/);
  });

  test("days that were not computed for an hour, and dead letters", async () => {
    const { project_id } = await newProject("doctor");
    const dead = "SELECT 'doctor', {project:UUID}, 'live', now64(3), '469', 'a reason', '{}'";
    await select(`INSERT INTO dead_letters ${dead}`, { project: project_id }, own.database);
    await select(
      "INSERT INTO dirty (project_id, env, day, at) VALUES ({project:UUID}, 'live', '2026-01-02', now64(3) - 7200)",
      { project: project_id },
      own.database,
    );
    const { code, of } = await doctor();
    assert.equal(code, 1);
    assert.equal(of.dead_letters.status, "failed");
    assert.match(of.dead_letters.message, /refused 1 rows/);
    assert.match(of.dead_letters.fix, /headwater dead-letters list/);
    assert.equal(of.dirty_days.status, "failed");
    assert.match(of.dirty_days.message, /rollup: 1 days, the oldest 2026-01-02/);
    assert.match(of.dirty_days.fix, /headwater rollup rebuild/);
  });

  test("keys that expire soon", async () => {
    const { slug } = await newProject("doctor-keys");
    const expires = new Date(Date.now() + 86_400_000).toISOString();
    const made = JSON.parse(
      await xtask("keys", "create", "--project", slug, "--kind", "sk", "--expires", expires, "--json"),
    );
    const { of } = await doctor();
    assert.equal(of.expiring_keys.status, "warning");
    assert.match(of.expiring_keys.fix, /headwater keys rotate/);
    await xtask("keys", "revoke", made.prefix);
  });
});

describe("commands for people and for scripts", () => {
  test("lists are tables with a head, and JSON lines where asked", async () => {
    const { slug, keys } = await newProject("doctor-list");
    const table = (await xtask("keys", "list", "--project", slug)).trimEnd().split("\n");
    assert.match(table[0], /^KEY +NAME +PROJECT +SCOPES +STATUS +EXPIRES +LAST USED$/);
    assert.equal(table.length, 4, "an account key belongs to no project");
    const column = table[0].indexOf("PROJECT");
    for (const line of table.slice(1)) assert.equal(line.slice(column, column + slug.length), slug);
    const lines = (await xtask("keys", "list", "--project", slug, "--json"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(lines.map(({ kind }) => kind).sort(), ["pk", "rk", "sk"]);
    assert.ok(!table.join().includes(keys.sk));
    const created = await xtask("keys", "create", "--project", slug, "--kind", "rk");
    assert.match(created, /^rk_live_\w+\n$/, "the key alone goes to standard output");
  });

  test("wrong usage exits with 2, a failure with 1, and both say why on standard error", async () => {
    const state = dirname(process.env.HEADWATER_DEV_JSON);
    const usage = await run("keys", "create", "--state", state);
    assert.deepEqual([usage.code, usage.stdout], [2, ""]);
    assert.match(usage.stderr, /--kind/);
    const failure = await run("keys", "list", "--project", "nobody", "--state", state);
    assert.deepEqual([failure.code, failure.stdout], [1, ""]);
    assert.match(failure.stderr, /^error: there is no project "nobody"/);
  });

  test("a reader that leaves early ends a command quietly, as SIGPIPE would", async () => {
    const [program, ...before] = process.env.HEADWATER_XTASK ? [process.env.HEADWATER_XTASK] : ["cargo", "xtask"];
    const state = dirname(process.env.HEADWATER_DEV_JSON);
    for (const [closed, open, ...args] of [
      ["stdout", "stderr", "project", "list", "--json"],
      ["stderr", "stdout", "project", "archive", "nobody"],
    ]) {
      const child = spawn(program, [...before, ...args, "--state", state], {
        cwd: root,
        stdio: ["ignore", "pipe", "pipe"],
      });
      // Long before the command has anything to write.
      child[closed].destroy();
      const said = [];
      child[open].on("data", (part) => said.push(part));
      const [code] = await once(child, "exit");
      assert.deepEqual([code, Buffer.concat(said).toString()], [141, ""], closed);
    }
  });
});
