// What the local subset of PostgREST does not speak, it says that it does not speak.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createSchema, dropSchema, named, refuses, service } from "./postgrest-schema.mjs";
import { needs, subsetOnly, supabase } from "./servers.mjs";

describe("the subset of PostgREST answers 501", { ...needs(supabase, "supabase"), ...subsetOnly }, () => {
  before(createSchema);
  after(dropSchema);

  const people = () => service().from(named("people"));
  const read = (columns = "*", options = {}) => people().select(columns, options);
  const unknown = {
    "to an embedded table": () => read(`id,${named("notes")}(*)`),
    "to an inner join": () => read(`id,${named("notes")}!inner(body)`),
    "to a spread table": () => read(`id,...${named("notes")}(body)`),
    "to an aggregate": () => read("age.sum()"),
    "to a count in the columns": () => read("count()"),
    "to a path into JSON": () => read("meta->a"),
    "to a filter on an embedded table": () => read().eq(`${named("notes")}.id`, 1),
    "to a filter on a path into JSON": () => read().eq("meta->>a", "1"),
    "to an order by an embedded table": () => read().order("id", { referencedTable: named("notes") }),
    "to CSV": () => read().csv(),
    "to GeoJSON": () => read().geojson(),
    "to a plan": () => read().explain(),
    "to stripped nulls": () => read().stripNulls(),
    "to a planned count": () => read("*", { count: "planned" }),
    "to an estimated count": () => read("*", { count: "estimated" }),
    "to a full-text search": () => read().textSearch("name", "word"),
    "to a range operator": () => read().rangeGt("age", "[1,2]"),
    "to likeAnyOf": () => read().likeAnyOf("name", ["a%"]),
    "to an operator that nobody knows": () => read().filter("name", "invented", "x"),
    "to a rollback": () => people().insert({ name: "rolled back" }).rollback(),
    "to a limited delete": () => people().delete().gt("id", 0).limit(1),
    "to arguments in an array": () => service().rpc(named("add"), [{ a: 1 }]),
  };
  for (const [what, ask] of Object.entries(unknown)) {
    test(what, async () => {
      const error = await refuses(ask(), 501, "HW501");
      assert.match(error.hint, /subset/);
    });
  }
});
