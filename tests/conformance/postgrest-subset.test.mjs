// The local server refuses what it does not support.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createSchema, dropSchema, named, refuses, service } from "./postgrest-schema.mjs";
import { needs, subsetOnly, supabase } from "./servers.mjs";

describe("the subset of PostgREST answers 501", { ...needs(supabase, "supabase"), ...subsetOnly }, () => {
  before(createSchema);
  after(dropSchema);

  const people = () => service().from(named("people"));
  const unsupported = {
    "to a read of a table": () => people().select(),
    "to an insert": () => people().insert({ name: "x" }),
    "to an upsert": () => people().upsert({ name: "x" }),
    "to an update": () => people().update({ age: 1 }).eq("name", "x"),
    "to a delete": () => people().delete().eq("name", "x"),
    "to a call by GET": () => service().rpc(named("add"), { a: 1 }, { get: true }),
    "to a count": () => service().rpc(named("add"), { a: 1 }, { count: "exact" }),
    "to selected columns": () => service().rpc(named("add"), { a: 1 }).select("id"),
    "to a single object": () => service().rpc(named("add"), { a: 1 }).single(),
    "to CSV": () => service().rpc(named("add"), { a: 1 }).csv(),
    "to a function that returns rows": () => service().rpc(named("everybody")),
    "to arguments in an array": () => service().rpc(named("add"), [{ a: 1 }]),
  };
  for (const [what, ask] of Object.entries(unsupported)) {
    test(what, async () => {
      const error = await refuses(ask(), 501, "HW501");
      assert.match(error.hint, /subset/);
    });
  }
});
