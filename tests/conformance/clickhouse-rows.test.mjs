// The official ClickHouse client moves rows: inserts, streams, and what tables make of them.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { connect, createDatabase, dropDatabase, refuses, rows, value } from "./clickhouse-database.mjs";
import { clickhouse, needs, subsetOnly } from "./servers.mjs";

describe("@clickhouse/client moves rows", needs(clickhouse, "clickhouse"), () => {
  let client;
  before(async () => {
    await createDatabase();
    client = connect();
  });
  after(async () => {
    await client?.close();
    await dropDatabase();
  });

  /** Makes a table that no other test knows; its name. */
  async function table(columns, engine = "MergeTree ORDER BY tuple()") {
    const name = `t_${randomUUID().replaceAll("-", "")}`;
    await client.command({ query: `CREATE TABLE ${name} (${columns}) ENGINE = ${engine}` });
    return name;
  }
  const numbered = (count) => Array.from({ length: count }, (_, n) => ({ n, s: `row ${n}` }));
  const count = async (name) => Number(await value(client, `SELECT count() FROM ${name}`));

  describe("an insert", () => {
    test("of objects says what it has written", async () => {
      const name = await table("n UInt32, s String");
      const query_id = randomUUID();
      const done = await client.insert({ table: name, values: numbered(100), format: "JSONEachRow", query_id });
      assert.equal(done.executed, true);
      assert.equal(done.query_id, query_id);
      assert.equal(done.summary.written_rows, "100");
      assert.deepEqual(await rows(client, `SELECT count() AS c, sum(n) AS n FROM ${name}`), [{ c: "100", n: "4950" }]);
    });

    test("of nothing sends nothing", async () => {
      const name = await table("n UInt32");
      assert.equal((await client.insert({ table: name, values: [], format: "JSONEachRow" })).executed, false);
      assert.equal(await count(name), 0);
    });

    test("of arrays fills the columns named, and defaults fill the rest", async () => {
      const name = await table("n UInt32, s String DEFAULT concat('n', toString(n)), t DateTime64(3, 'UTC')");
      const values = [[1, "2026-11-20T10:00:00.250Z"]];
      await client.insert({ table: name, values, columns: ["n", "t"], format: "JSONCompactEachRow" });
      const except = /** @type {[string]} */ (["n"]);
      await client.insert({ table: name, values: [["x", 0]], columns: { except }, format: "JSONCompactEachRow" });
      assert.deepEqual(await rows(client, `SELECT * FROM ${name} ORDER BY n DESC`), [
        { n: 1, s: "n1", t: "2026-11-20 10:00:00.250" },
        { n: 0, s: "x", t: "1970-01-01 00:00:00.000" },
      ]);
    });

    test("keeps every type and every character", async () => {
      const name = await table(
        "id UUID, big UInt64, small Int8, f Float64, s LowCardinality(String), o Nullable(String), a Array(String), m Map(String, UInt8), d Date, b Bool",
      );
      const row = {
        id: randomUUID(),
        big: "18446744073709551615",
        small: -128,
        f: 1e-300,
        s: "quote ' \" \\ tab\t line\n nul\u0000 🚀",
        o: null,
        a: ["", "'", "]"],
        m: { "k.ey": 255 },
        d: "2149-06-06",
        b: true,
      };
      await client.insert({ table: name, values: [row], format: "JSONEachRow" });
      assert.deepEqual(await rows(client, `SELECT * FROM ${name}`), [row]);
    });

    test("of a stream of objects, however long", async () => {
      const name = await table("n UInt32, s String");
      await client.insert({ table: name, values: Readable.from(numbered(50_000)), format: "JSONEachRow" });
      assert.deepEqual(await rows(client, `SELECT count() AS c, uniqExact(s) AS s FROM ${name}`), [
        { c: "50000", s: "50000" },
      ]);
    });

    test("of a stream of text", async () => {
      const name = await table("n UInt32, s String");
      const values = Readable.from(['1,"a, b"\n2,', "c\n", "3,d\n"], { objectMode: false });
      await client.insert({ table: name, values, format: "CSV" });
      assert.deepEqual(await value(client, `SELECT groupArray(s) FROM (SELECT s FROM ${name} ORDER BY n)`), [
        "a, b",
        "c",
        "d",
      ]);
    });

    test("gzipped, with the answers gzipped too", async () => {
      const name = await table("n UInt32, s String");
      const packing = connect({ compression: { request: true, response: true } });
      await packing.insert({ table: name, values: Readable.from(numbered(20_000)), format: "JSONEachRow" });
      const all = await rows(packing, `SELECT n, s FROM ${name} ORDER BY n`);
      assert.deepEqual(all, numbered(20_000));
      await packing.close();
    });

    test("of values through a command", async () => {
      const name = await table("n UInt32, s String");
      const query = `INSERT INTO ${name} VALUES ({n:UInt32}, {s:String})`;
      await client.command({ query, query_params: { n: 1, s: "it's\n" } });
      await client.command({ query: `INSERT INTO ${name} SELECT number, 'x' FROM numbers(2)` });
      assert.equal(await count(name), 3);
      assert.equal(await value(client, `SELECT s FROM ${name} WHERE s != 'x'`), "it's\n");
    });

    test("with one bad row stores none", async () => {
      const name = await table("n UInt32");
      const values = [...numbered(10).map(({ n }) => ({ n })), { n: "many" }];
      await refuses(
        client.insert({ table: name, values, format: "JSONEachRow" }),
        27,
        "CANNOT_PARSE_INPUT_ASSERTION_FAILED",
      );
      const nowhere = client.insert({ table: "nowhere", values: [{ n: 1 }], format: "JSONEachRow" });
      await refuses(nowhere, 60, "UNKNOWN_TABLE");
      assert.equal(await count(name), 0);
    });

    test("from input() is refused", subsetOnly, async () => {
      const name = await table("n UInt32");
      const query = `INSERT INTO ${name} SELECT n + 1 FROM input('n UInt32') FORMAT JSONEachRow`;
      const insert = client.exec({ query, values: Readable.from(['{"n":1}\n'], { objectMode: false }) });
      await refuses(insert, 48, "NOT_IMPLEMENTED");
    });
  });

  describe("a stream of rows", () => {
    const query = "SELECT number AS n, toString(number) AS s FROM numbers({count:UInt64})";

    test("hands on 100,000 rows, one by one", async () => {
      const result = await client.query({ query, query_params: { count: 100_000 }, format: "JSONEachRow" });
      let [seen, sum] = [0, 0];
      for await (const batch of result.stream()) {
        for (const row of batch) {
          const { n, s } = /** @type {{ n: string, s: string }} */ (row.json());
          assert.equal(n, s);
          seen += 1;
          sum += Number(n);
        }
      }
      assert.deepEqual([seen, sum], [100_000, 4_999_950_000]);
    });

    test("can be left before its end", async () => {
      const result = await client.query({ query, query_params: { count: 1e10 }, format: "JSONEachRow" });
      let seen = 0;
      for await (const batch of result.stream()) {
        seen += batch.length;
        if (seen > 1000) break;
      }
      result.close();
      assert.deepEqual(await client.ping(), { success: true });
    });

    test("can be aborted before it begins", async () => {
      const abort = new AbortController();
      const slow = "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)";
      const ask = client.query({
        query: slow,
        abort_signal: abort.signal,
        clickhouse_settings: { max_execution_time: 20, cancel_http_readonly_queries_on_client_close: 1 },
      });
      setTimeout(() => abort.abort(), 200);
      await assert.rejects(ask, /abort/i);
      assert.equal(await value(client, "SELECT 1"), 1);
    });

    test("that fails on its way fails for the reader", async () => {
      const result = await client.query({
        query: "SELECT throwIf(number = 3000000, 'boom'), repeat('x', 100) FROM numbers(5000000)",
        format: "JSONEachRow",
      });
      const readAll = async () => {
        for await (const _ of result.stream());
      };
      await refuses(readAll(), 395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO");
    });
  });

  describe("tables", () => {
    test("a token that was seen drops the insert, whatever its rows are", async () => {
      const window = "MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100";
      const name = await table("n UInt32", window);
      const insert = (n, insert_deduplication_token) =>
        client.insert({
          table: name,
          values: [{ n }],
          format: "JSONEachRow",
          clickhouse_settings: { insert_deduplication_token, insert_deduplicate: 1 },
        });
      await insert(1, "a");
      await insert(1, "a");
      await insert(2, "a");
      await insert(1, "b");
      assert.deepEqual(await value(client, `SELECT groupArray(n) FROM (SELECT n FROM ${name} ORDER BY n)`), [1, 1]);
    });

    test("FINAL shows each identity once, in its highest version", async () => {
      const name = await table("id UInt32, version UInt32, s String", "ReplacingMergeTree(version) ORDER BY id");
      const insert = (values) => client.insert({ table: name, values, format: "JSONEachRow" });
      await insert([
        { id: 1, version: 2, s: "first wins" },
        { id: 2, version: 1, s: "alone" },
      ]);
      await insert([{ id: 1, version: 1, s: "late" }]);
      assert.deepEqual(await rows(client, `SELECT id, s FROM ${name} FINAL ORDER BY id`), [
        { id: 1, s: "first wins" },
        { id: 2, s: "alone" },
      ]);
    });

    test("a materialized view sees each inserted block", async () => {
      const source = await table("day Date, n UInt32");
      const target = await table("day Date, total UInt64", "SummingMergeTree ORDER BY day");
      const query = `CREATE MATERIALIZED VIEW ${source}_view TO ${target} AS SELECT day, sum(n) AS total FROM ${source} GROUP BY day`;
      await client.command({ query });
      for (const n of [1, 2]) {
        await client.insert({ table: source, values: [{ day: "2026-11-20", n }], format: "JSONEachRow" });
      }
      assert.deepEqual(await rows(client, `SELECT day, total FROM ${target} FINAL`), [
        { day: "2026-11-20", total: "3" },
      ]);
    });
  });
});
