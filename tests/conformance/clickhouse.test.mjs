// The official ClickHouse client asks: formats, errors, settings, ids.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { connect, createDatabase, database, dropDatabase, refuses, rows } from "./clickhouse-database.mjs";
import { clickhouse, needs } from "./servers.mjs";

describe("@clickhouse/client asks", needs(clickhouse, "clickhouse"), () => {
  let client;
  before(async () => {
    await createDatabase();
    client = connect();
  });
  after(async () => {
    await client?.close();
    await dropDatabase();
  });

  describe("formats", () => {
    const query = "SELECT number AS n, toString(number) AS s FROM numbers(2)";
    const expected = {
      JSONEachRow: [
        { n: "0", s: "0" },
        { n: "1", s: "1" },
      ],
      JSONCompactEachRow: [
        ["0", "0"],
        ["1", "1"],
      ],
      JSONStringsEachRow: [
        { n: "0", s: "0" },
        { n: "1", s: "1" },
      ],
      JSONCompactEachRowWithNamesAndTypes: [
        ["n", "s"],
        ["UInt64", "String"],
        ["0", "0"],
        ["1", "1"],
      ],
      JSONObjectEachRow: { row_1: { n: "0", s: "0" }, row_2: { n: "1", s: "1" } },
    };
    for (const [format, answer] of Object.entries(expected)) {
      test(format, async () => {
        assert.deepEqual(await (await client.query({ query, format })).json(), answer);
      });
    }

    test("JSON says what the columns are", async () => {
      const answer = await (await client.query({ query, format: "JSON" })).json();
      assert.deepEqual(answer.meta, [
        { name: "n", type: "UInt64" },
        { name: "s", type: "String" },
      ]);
      assert.equal(answer.rows, 2);
      assert.deepEqual(answer.data, expected.JSONEachRow);
    });

    test("texts", async () => {
      const text = async (format) => (await client.query({ query, format })).text();
      assert.equal(await text("CSVWithNames"), '"n","s"\n0,"0"\n1,"1"\n');
      assert.equal(await text("TabSeparated"), "0\t0\n1\t1\n");
    });

    test("64-bit integers are quoted or not, as asked", async () => {
      const ask = (quoted) =>
        client.query({
          query: "SELECT 42::UInt64 AS n",
          format: "JSONEachRow",
          clickhouse_settings: { output_format_json_quote_64bit_integers: quoted },
        });
      assert.equal(await (await ask(1)).text(), '{"n":"42"}\n');
      assert.equal(await (await ask(0)).text(), '{"n":42}\n');
    });
  });

  describe("errors carry their code, name and text", () => {
    const cases = [
      // In capitals the client would take the word, which the text repeats in parentheses, for the name.
      ["selec 1", 62, "SYNTAX_ERROR"],
      ["SELECT 1; SELECT 2", 62, "SYNTAX_ERROR"],
      ["SELECT * FROM nowhere", 60, "UNKNOWN_TABLE"],
      ["SELECT missing_column", 47, "UNKNOWN_IDENTIFIER"],
      ["SELECT missing_function()", 46, "UNKNOWN_FUNCTION"],
      ["SELECT throwIf(1, 'boom')", 395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"],
      ["SELECT toUInt8('x')", 6, "CANNOT_PARSE_TEXT"],
    ];
    for (const [query, code, type] of cases) {
      test(String(query), () => refuses(rows(client, query), code, type));
    }

    test("an unknown setting", async () => {
      const ask = client.query({ query: "SELECT 1", clickhouse_settings: { no_such_setting: 1 } });
      await refuses(ask, 115, "UNKNOWN_SETTING");
    });

    test("an unknown database", async () => {
      const elsewhere = connect({ database: `${database}_not` });
      await refuses(rows(elsewhere, "SELECT 1"), 81, "UNKNOWN_DATABASE");
      await elsewhere.close();
    });

    test("a wrong password, and a user that is not there", async () => {
      for (const auth of [
        { username: clickhouse.user, password: "wrong" },
        { username: randomUUID(), password: "" },
      ]) {
        await refuses(client.query({ query: "SELECT 1", auth }), 516, "AUTHENTICATION_FAILED");
      }
    });

    test("a write where only reading is allowed", async () => {
      const query = "CREATE TABLE refused (a UInt8) ORDER BY a";
      // By the setting, and by the method, which the client never uses.
      await refuses(client.command({ query, clickhouse_settings: { readonly: "1" } }), 164, "READONLY");
      const url = new URL(clickhouse.url);
      url.searchParams.set("database", database);
      url.searchParams.set("query", query);
      const headers = { "X-ClickHouse-User": clickhouse.user, "X-ClickHouse-Key": clickhouse.password };
      const answer = await fetch(url, { headers, signal: AbortSignal.timeout(30_000) });
      assert.equal(answer.ok, false);
      assert.equal(answer.headers.get("x-clickhouse-exception-code"), "164");
      assert.match(await answer.text(), /\(READONLY\)/);
    });

    test("a question that takes too long", async () => {
      const ask = client.query({
        query: "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)",
        clickhouse_settings: { max_execution_time: 1 },
      });
      await refuses(ask, 159, "TIMEOUT_EXCEEDED");
    });
  });

  describe("around a statement", () => {
    test("ping tells a server from none", async () => {
      assert.deepEqual(await client.ping(), { success: true });
      assert.deepEqual(await client.ping({ select: true }), { success: true });
      const nobody = connect({ url: "http://127.0.0.1:9", request_timeout: 5_000 });
      assert.equal((await nobody.ping()).success, false);
      await nobody.close();
      const stranger = connect({ password: "wrong" });
      const answer = await stranger.ping({ select: true });
      assert.equal(answer.success === false && /** @type {any} */ (answer.error).code, "516");
      await stranger.close();
    });

    test("exec hands the bytes on", async () => {
      const { stream, query_id } = await client.exec({ query: "SELECT 1, 'a' FORMAT TabSeparated" });
      let text = "";
      for await (const chunk of stream) text += chunk;
      assert.equal(text, "1\ta\n");
      assert.ok(query_id);
    });

    test("command says that it was done", async () => {
      const query_id = randomUUID();
      const done = await client.command({
        query: "CREATE TABLE commanded (a UInt8) ENGINE = MergeTree ORDER BY a",
        query_id,
      });
      assert.equal(done.query_id, query_id);
      assert.equal(done.response_headers["x-clickhouse-query-id"], query_id);
      assert.ok(done.summary);
      assert.deepEqual(await rows(client, "EXISTS TABLE commanded"), [{ result: 1 }]);
    });

    test("a question has an id, its own or one it is given", async () => {
      const query_id = `conformance-${randomUUID()}`;
      const given = await client.query({ query: "SELECT 1", query_id });
      assert.equal(given.query_id, query_id);
      assert.equal(given.response_headers["x-clickhouse-query-id"], query_id);
      given.close();
      const made = await client.query({ query: "SELECT 1" });
      assert.match(made.query_id, /^[0-9a-f-]{36}$/);
      made.close();
    });
  });
});
