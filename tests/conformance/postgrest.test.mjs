// The official PostgREST client calls functions.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createSchema, data, dropSchema, named, refuses, service } from "./postgrest-schema.mjs";
import { needs, supabase } from "./servers.mjs";

describe("@supabase/postgrest-js", needs(supabase, "supabase"), () => {
  const call = (name, input) => service().rpc(named(name), input);
  const person = (input) => call("person", input);
  before(async () => {
    await createSchema();
    await data(person({ name: "Ada", age: 36 }));
  });
  after(dropSchema);

  describe("calls", () => {
    test("with arguments and defaults", async () => {
      assert.equal(await data(call("add", { a: 1, b: 2 })), 3);
      assert.equal(await data(call("add", { a: 1 })), 11);
    });

    test("with JSON and lists", async () => {
      const value = { list: [1, null, "x"], nested: { a: "ü 🚀" } };
      assert.deepEqual(await data(call("same", { value })), value);
      assert.equal(await data(call("count", { list: ["a,b", '"}', "{c}"] })), 3);
      assert.equal(await data(call("echo", { value: null })), null);
    });

    test("that return nothing", async () => {
      const answer = await call("nothing");
      assert.deepEqual([answer.status, answer.data, answer.error], [204, null, null]);
    });

    test("that write, and roll back on an error", async () => {
      const before = await data(call("names"));
      assert.equal(typeof (await data(person({ name: "Eve" }))), "number");
      await refuses(person({ name: "Eve" }), 409, "23505");
      assert.deepEqual(await data(call("names")), [...before, "Eve"]);
    });

    test("that write in a function that only reads, to no avail", async () => {
      await refuses(call("written_while_reading"), 405, "25006");
    });

    const hostile = [
      "a,b",
      "(x)",
      '"quoted"',
      'quote"quote',
      "back\\slash",
      "{c}",
      "eq.1",
      "null",
      "it's; --",
      "*%_",
      "ü 🚀",
      "&?=#+",
    ];
    for (const text of hostile) {
      test(`the text ${JSON.stringify(text)} stays data`, async () => {
        assert.equal(await data(call("echo", { value: text })), text);
      });
    }
  });

  describe("errors have a status, a code and texts", () => {
    test("of constraints", async () => {
      const duplicate = await refuses(person({ name: "Ada" }), 409, "23505");
      assert.match(duplicate.message, /duplicate key/);
      assert.match(duplicate.details, /\(name\)=\(Ada\)/);
      await refuses(person({ name: null }), 400, "23502");
      await refuses(person({ name: "Old", age: -1 }), 400, "23514");
      await refuses(person({ name: "Old", age: "many" }), 400, "22P02");
      const note = { owner: "a11ce000-0000-4000-8000-000000000001", person_id: -1, body: "x" };
      await refuses(call("note", note), 409, "23503");
    });

    test("of names that do not exist", async () => {
      await refuses(call("nowhere"), 404, "PGRST202");
      await refuses(call("add", { c: 1 }), 404, "PGRST202");
      await refuses(call("add", { a: 1, c: 1 }), 404, "PGRST202");
      await refuses(service().schema("nowhere").rpc(named("add"), { a: 1 }), 406, "PGRST106");
    });

    test("raised by a function", async () => {
      const raised = await refuses(call("refuse", { state: "P0001" }), 400, "P0001");
      assert.deepEqual([raised.message, raised.details, raised.hint], ["no", "the detail", "the hint"]);
      await refuses(call("refuse", { state: "PT402" }), 402, "PT402");
      await refuses(call("refuse", { state: "42501" }), 403, "42501");
    });
  });
});
