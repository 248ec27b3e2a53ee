// The official ClickHouse client sends parameters: what goes in as a value comes out as that value.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { TupleParam } from "@clickhouse/client";
import { connect, createDatabase, dropDatabase, refuses, rows, value } from "./clickhouse-database.mjs";
import { clickhouse, needs, subsetOnly } from "./servers.mjs";

describe("@clickhouse/client sends parameters", needs(clickhouse, "clickhouse"), () => {
  let client;
  before(async () => {
    await createDatabase();
    client = connect();
  });
  after(async () => {
    await client?.close();
    await dropDatabase();
  });

  const ascii = String.fromCharCode(...Array.from({ length: 127 }, (_, index) => index + 1));
  const hostile = [
    "",
    " ",
    "'",
    "''",
    '"',
    "`",
    "\\",
    "\\\\",
    "\\'",
    "\\N",
    "\\n",
    "NULL",
    "null",
    "a\tb\r\nc",
    "'; DROP DATABASE system; --",
    "{value:String}",
    "/* */ -- #",
    "?a=1&b=2+3%20%",
    "\u0000inside\u0000",
    "\u0080\u00ff\u2028\u2029\ufeff",
    "ünï 価格 🚀 👩‍👩‍👧",
    ascii,
    "x".repeat(5_000),
  ];
  for (const text of hostile) {
    const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 20)}… (${text.length})` : text);
    test(`the string ${shown} comes back as it went`, async () => {
      assert.equal(await value(client, "SELECT {value:String}", { value: text }), text);
      // As an element, too, where other characters have to be escaped.
      assert.deepEqual(await value(client, "SELECT {value:Array(String)}", { value: [text, text] }), [text, text]);
    });
  }

  test("numbers, booleans and dates keep their types", async () => {
    const [row] = await rows(
      client,
      `SELECT {u:UInt64} AS u, {i:Int32} AS i, {f:Float64} AS f, {b:Bool} AS b, {d:Date} AS d,
              {t:DateTime64(3, 'UTC')} AS t, {id:UUID} AS id, {m:Decimal(10, 2)} AS m`,
      {
        u: 18446744073709551615n,
        i: -5,
        f: 0.1,
        b: true,
        d: "2026-02-28",
        t: new Date("2026-11-20T10:00:00.250Z"),
        id: "0190a3c6-7b1e-7cc0-8000-0123456789ab",
        m: "19.99",
      },
    );
    assert.deepEqual(row, {
      u: "18446744073709551615",
      i: -5,
      f: 0.1,
      b: true,
      d: "2026-02-28",
      t: "2026-11-20 10:00:00.250",
      id: "0190a3c6-7b1e-7cc0-8000-0123456789ab",
      m: 19.99,
    });
  });

  test("null is null and the text NULL is a text", async () => {
    const query = "SELECT {value:Nullable(String)} AS value, isNull(value) AS nothing";
    assert.deepEqual(await rows(client, query, { value: null }), [{ value: null, nothing: 1 }]);
    assert.deepEqual(await rows(client, query, { value: "NULL" }), [{ value: "NULL", nothing: 0 }]);
  });

  test("arrays nest, and tuples and maps go too", async () => {
    const [row] = await rows(
      client,
      "SELECT {a:Array(Array(UInt8))} AS a, {n:Array(Nullable(String))} AS n, {t:Tuple(String, UInt8)} AS t, {m:Map(String, String)} AS m, {e:Array(UUID)} AS e",
      {
        a: [[1, 2], [], [3]],
        n: ["a'b", null],
        t: new TupleParam(["x,y", 7]),
        m: { "k'ey": "v\\alue" },
        e: [],
      },
    );
    assert.deepEqual(row, {
      a: [[1, 2], [], [3]],
      n: ["a'b", null],
      t: ["x,y", 7],
      m: { "k'ey": "v\\alue" },
      e: [],
    });
  });

  test("an identifier is quoted, not interpreted", async () => {
    assert.equal(await value(client, "SELECT 1 AS {name:Identifier}", { name: "a` , 2 AS `b" }), 1);
    await refuses(value(client, "SELECT * FROM {name:Identifier}", { name: "system.one; --" }), 60, "UNKNOWN_TABLE");
  });

  test("a missing one and one of another type are refused", async () => {
    await refuses(value(client, "SELECT {value:String}"), 456, "UNKNOWN_QUERY_PARAMETER");
    await refuses(value(client, "SELECT {value:UInt8}", { value: "many" }), 457, "BAD_QUERY_PARAMETER");
  });

  test("in a multipart body they are refused", subsetOnly, async () => {
    const ask = client.query({ query: "SELECT {a:UInt8}", query_params: { a: 1 }, use_multipart_params: true });
    await refuses(ask, 48, "NOT_IMPLEMENTED");
  });
});
