// cargo xtask migrate against given addresses, as for hosted stores: complete, and safe to repeat.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, test } from "node:test";
import { select, stack, xtask } from "./harness/stack.mjs";

const database = `migrate_${randomBytes(4).toString("hex")}`;
after(() => select(`DROP DATABASE IF EXISTS ${database}`));

const { user, password } = stack.clickhouse_users.maintain;
const migrate = () =>
  xtask(
    ...["migrate", "--clickhouse-url", stack.clickhouse_url, "--clickhouse-user", user],
    ...["--clickhouse-password", password, "--clickhouse-database", database],
    ...["--supabase-db-url", stack.postgres_url],
  );
const tables = () =>
  select("SELECT name, engine FROM system.tables WHERE database = {database:String} ORDER BY name", { database });

test("brings an empty database to the current schema, and a second run changes nothing", async () => {
  await migrate();
  const made = await tables();
  const engines = Object.fromEntries(made.map(({ name, engine }) => [name, engine]));
  assert.equal(engines.events, "ReplacingMergeTree");
  assert.equal(engines.dirty, "ReplacingMergeTree");
  assert.equal(engines.dirty_marks, "MaterializedView");
  const ledger = () => select(`SELECT * FROM ${database}.headwater_migrations ORDER BY ALL`);
  const noted = await ledger();
  assert.ok(noted.length >= 1);
  await migrate();
  assert.deepEqual(await ledger(), noted);
  assert.deepEqual(await tables(), made);
});

test("utm_source and utm_medium of events that were stored before are taken from their addresses", async () => {
  const run = (sql) => select(sql, {}, database);
  await migrate();
  await run("ALTER TABLE events DROP COLUMN utm_source, DROP COLUMN utm_medium");
  await run("DELETE FROM headwater_migrations WHERE name >= '0004'");
  const urls = {
    a: "https://a.test/?utm_source=News+Letter&utm_medium=E%2DMail",
    b: "https://a.test/?x=1&amp;UTM_Source=+b%20&utm_source=c",
    c: "https://a.test/?utm_source=&utm_source=second&utm_medium=%C3%A4",
    d: "https://a.test/?xutm_source=d",
    e: "",
  };
  const day = "'00000000-0000-0000-0000-000000000001', 'live'";
  for (const [id, url] of Object.entries(urls))
    await run(
      `INSERT INTO events (project_id, env, timestamp, event_id, url) VALUES (${day}, now(), '${id}', '${url}')`,
    );
  for (const kind of ["rollup", "sessions"])
    await run(`INSERT INTO computed (project_id, env, kind, day) VALUES (${day}, '${kind}', today())`);
  await migrate();
  const stored = () => run("SELECT utm_source, utm_medium FROM events ORDER BY event_id");
  const expected = [
    ["News Letter", "E-Mail"],
    ["b", ""],
    ["second", "ä"],
    ["", ""],
    ["", ""],
  ];
  const wanted = expected.map(([utm_source, utm_medium]) => ({ utm_source, utm_medium }));
  assert.deepEqual(await stored(), wanted, "at once");
  await run(
    "ALTER TABLE events MATERIALIZE COLUMN utm_source, MATERIALIZE COLUMN utm_medium SETTINGS mutations_sync = 2",
  );
  await run("ALTER TABLE events UPDATE url = '' WHERE 1 SETTINGS mutations_sync = 2");
  assert.deepEqual(await stored(), wanted, "written, not computed");
  assert.deepEqual(await run("SELECT toString(kind) AS kind FROM computed"), [{ kind: "rollup" }]);
});

test("events that were stored before the sender was are of no sender", async () => {
  const run = (sql) => select(sql, {}, database);
  await migrate();
  await run("ALTER TABLE events DROP COLUMN sent_by");
  await run("DELETE FROM headwater_migrations WHERE name >= '0005'");
  const project = "00000000-0000-0000-0000-000000000002";
  const insert = (columns, values) =>
    run(`INSERT INTO events (project_id, env, timestamp, ${columns}) VALUES ('${project}', 'live', now(), ${values})`);
  await insert("event_id", "'before'");
  await migrate();
  await insert("event_id, sent_by", "'since', 'server'");
  assert.deepEqual(
    await run(`SELECT event_id, sent_by FROM events WHERE project_id = '${project}' ORDER BY event_id`),
    [
      { event_id: "before", sent_by: "" },
      { event_id: "since", sent_by: "server" },
    ],
  );
});
