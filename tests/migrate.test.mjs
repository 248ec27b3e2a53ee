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
