// The official PostgREST client reads, writes and calls.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createSchema, data, dropSchema, named, refuses, service } from "./postgrest-schema.mjs";
import { needs, supabase } from "./servers.mjs";

describe("@supabase/postgrest-js", needs(supabase, "supabase"), () => {
  const people = () => service().from(named("people"));
  before(async () => {
    await createSchema();
    await data(
      people().insert([
        { name: "Ada", age: 36, tags: ["math", "code"], meta: { a: 1 } },
        { name: "Bob", age: 18, tags: [], meta: null },
        { name: "Cyd", age: null, tags: ["dance"], meta: null },
        { name: "Dee", age: 70, tags: ["code"], meta: null },
      ]),
    );
  });
  after(dropSchema);

  describe("reads", () => {
    const names = async (ask) => (await data(ask)).map((row) => row.name).join(" ");
    const all = () => people().select("name").order("name").in("name", ["Ada", "Bob", "Cyd", "Dee"]);

    test("columns, renamed and cast", async () => {
      const ask = people().select("who:name,years:age::text,tags").eq("name", "Ada");
      assert.deepEqual(await data(ask), [{ who: "Ada", years: "36", tags: ["math", "code"] }]);
    });

    /** @type {[string, string, (ask: any) => any][]} */
    const filters = [
      ["eq", "Ada", (ask) => ask.eq("age", 36)],
      ["neq", "Bob Dee", (ask) => ask.neq("age", 36)],
      ["gt", "Ada Dee", (ask) => ask.gt("age", 18)],
      ["gte and lt", "Ada Bob", (ask) => ask.gte("age", 18).lt("age", 70)],
      ["lte", "Ada Bob", (ask) => ask.lte("age", 36)],
      ["like and ilike", "Ada", (ask) => ask.like("name", "A%").ilike("name", "%DA")],
      ["is null", "Cyd", (ask) => ask.is("age", null)],
      ["in", "Ada Dee", (ask) => ask.in("age", [36, 70])],
      ["contains", "Ada Dee", (ask) => ask.contains("tags", ["code"])],
      ["containedBy", "Bob Cyd", (ask) => ask.containedBy("tags", ["dance"])],
      ["overlaps", "Ada Cyd", (ask) => ask.overlaps("tags", ["math", "dance"])],
      ["contains of JSON", "Ada", (ask) => ask.contains("meta", { a: 1 })],
      ["match", "Dee", (ask) => ask.match({ age: 70, name: "Dee" })],
      ["not", "Ada Bob Dee", (ask) => ask.not("age", "is", null)],
      ["or with and", "Ada Dee", (ask) => ask.or("age.eq.36,and(age.gt.60,name.like.D*)")],
      ["filter", "Bob", (ask) => ask.filter("age", "eq", 18)],
    ];
    for (const [name, expected, filter] of filters) {
      test(`filter ${name}`, async () => assert.equal(await names(filter(all())), expected));
    }

    test("in order, with nulls first or last", async () => {
      const ask = (options) => names(people().select("name,age").order("age", options).order("name"));
      assert.equal(await ask({ ascending: false, nullsFirst: false }), "Dee Ada Bob Cyd");
      assert.equal(await ask({ nullsFirst: true }), "Cyd Bob Ada Dee");
    });

    test("a range, with the count of all", async () => {
      const answer = await people().select("name", { count: "exact" }).order("name").range(1, 2);
      assert.deepEqual([answer.status, answer.count, answer.data.length], [206, 4, 2]);
      assert.equal(await names(all().limit(1)), "Ada");
      await refuses(people().select("name", { count: "exact" }).range(50, 60), 416, "PGRST103");
    });

    test("the count alone", async () => {
      const answer = await people().select("*", { count: "exact", head: true }).gt("age", 18);
      assert.deepEqual([answer.status, answer.count, answer.data], [200, 2, null]);
    });

    test("a single row, or none", async () => {
      assert.deepEqual(await data(people().select("name").eq("name", "Ada").single()), { name: "Ada" });
      assert.equal(await data(people().select("name").eq("name", "Nobody").maybeSingle()), null);
      const none = await refuses(people().select("name").eq("name", "Nobody").single(), 406, "PGRST116");
      assert.match(none.details, /0 rows/);
      await refuses(people().select("name").gt("age", 18).single(), 406, "PGRST116");
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
        await data(people().insert({ name: text }));
        assert.equal(await names(people().select("name").eq("name", text)), text);
        assert.equal(await data(service().rpc(named("echo"), { value: text })), text);
        const listed = people().select("name").in("name", [text, "b)"]);
        // The client does not escape quotes within a list, so there they cannot stay data.
        if (!text.includes('"')) assert.equal(await names(listed), text);
        await data(people().delete().eq("name", text));
      });
    }

    test("a quote within a word of a list is no error", async () => {
      assert.deepEqual(await data(people().select("name").in("name", ['quote"quote', "b)"])), []);
    });
  });

  describe("writes", () => {
    test("and returns what was written, or nothing", async () => {
      const inserted = await people().insert({ name: "Eve" }).select("name,age").single();
      assert.deepEqual([inserted.status, inserted.data], [201, { name: "Eve", age: 18 }]);
      const quiet = await people().insert({ name: "Fay" });
      assert.deepEqual([quiet.status, quiet.data], [201, null]);
      const updated = await people().update({ age: 5 }).in("name", ["Eve", "Fay"]).select("name,age").order("name");
      assert.deepEqual([updated.status, updated.data.map((row) => row.age)], [200, [5, 5]]);
      const counted = await people().update({ age: 6 }, { count: "exact" }).eq("name", "Eve");
      assert.deepEqual([counted.status, counted.count], [204, 1]);
      const deleted = await people().delete({ count: "exact" }).in("name", ["Eve", "Fay"]).select("name");
      assert.deepEqual([deleted.status, deleted.count, deleted.data.length], [200, 2, 2]);
    });

    test("rows with different keys, with null or with the default", async () => {
      const rows = [{ name: "Gus" }, { name: "Hal", age: 3 }];
      const ages = (answer) => answer.map((row) => row.age);
      assert.deepEqual(ages(await data(people().insert(rows).select("age"))), [null, 3]);
      await data(people().delete().in("name", ["Gus", "Hal"]));
      assert.deepEqual(ages(await data(people().insert(rows, { defaultToNull: false }).select("age"))), [18, 3]);
      await data(people().delete().in("name", ["Gus", "Hal"]));
    });

    test("over what is there: merged or left", async () => {
      const upsert = (age, options) =>
        people()
          .upsert({ name: "Ivy", age }, { onConflict: "name", ...options })
          .select("age");
      assert.deepEqual(await data(upsert(1)), [{ age: 1 }]);
      assert.deepEqual(await data(upsert(2)), [{ age: 2 }]);
      assert.deepEqual(await data(upsert(3, { ignoreDuplicates: true })), []);
      assert.deepEqual(await data(people().select("age").eq("name", "Ivy")), [{ age: 2 }]);
      await data(people().delete().eq("name", "Ivy"));
    });
  });

  describe("calls", () => {
    test("with arguments, by POST and by GET", async () => {
      assert.equal(await data(service().rpc(named("add"), { a: 1, b: 2 })), 3);
      assert.equal(await data(service().rpc(named("add"), { a: 1 })), 11);
      assert.equal(await data(service().rpc(named("add"), { a: 1, b: 2 }, { get: true })), 3);
    });

    test("that return rows, filtered, ordered, limited and counted", async () => {
      const over = service().rpc(named("people_over"), { minimum: 0 }, { count: "exact" });
      const answer = await over.select("name").neq("name", "Bob").order("age", { ascending: false }).limit(1);
      assert.deepEqual([answer.data, answer.count], [[{ name: "Dee" }], 2]);
    });

    test("that return nothing", async () => {
      const answer = await service().rpc(named("nothing"));
      assert.deepEqual([answer.status, answer.data, answer.error], [204, null, null]);
    });
  });

  describe("errors have a status, a code and texts", () => {
    test("of constraints", async () => {
      const duplicate = await refuses(people().insert({ name: "Ada" }), 409, "23505");
      assert.match(duplicate.message, /duplicate key/);
      assert.match(duplicate.details, /\(name\)=\(Ada\)/);
      await refuses(people().insert({ age: 1 }), 400, "23502");
      await refuses(people().insert({ name: "Old", age: -1 }), 400, "23514");
      await refuses(people().insert({ name: "Old", age: "many" }), 400, "22P02");
      const note = { owner: "a11ce000-0000-4000-8000-000000000001", person_id: -1, body: "x" };
      await refuses(service().from(named("notes")).insert(note), 409, "23503");
    });

    test("of names that are not there", async () => {
      await refuses(service().from(named("nowhere")).select(), 404, "PGRST205");
      await refuses(people().select("nope"), 400, "42703");
      await refuses(people().insert({ nope: 1 }), 400, "PGRST204");
      await refuses(service().rpc(named("nowhere")), 404, "PGRST202");
      await refuses(service().rpc(named("add"), { c: 1 }), 404, "PGRST202");
      await refuses(service().schema("nowhere").from("people").select(), 406, "PGRST106");
    });

    test("raised by a function", async () => {
      const raised = await refuses(service().rpc(named("refuse"), { state: "P0001" }), 400, "P0001");
      assert.deepEqual([raised.message, raised.details, raised.hint], ["no", "the detail", "the hint"]);
      await refuses(service().rpc(named("refuse"), { state: "PT402" }), 402, "PT402");
      await refuses(service().rpc(named("refuse"), { state: "42501" }), 403, "42501");
    });

    test("of a write to a whole table", async () => {
      await refuses(people().delete(), 400, "21000");
      await refuses(people().update({ age: 1 }), 400, "21000");
    });
  });
});
