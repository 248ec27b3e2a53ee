// Keys, tokens, grants and row-level security through PostgREST.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  alice,
  anonymous,
  bob,
  createSchema,
  data,
  dropSchema,
  named,
  refuses,
  service,
  signedIn,
  signing,
  token,
  withToken,
} from "./postgrest-schema.mjs";
import { needs, supabase } from "./servers.mjs";

describe("@supabase/postgrest-js comes", needs(supabase, "supabase"), () => {
  const role = (client) => data(client.rpc(named("role")));
  const notes = (client) => client.rpc(named("notes_seen"));
  before(async () => {
    await createSchema();
    await data(service().rpc(named("note"), { owner: alice, body: "of alice" }));
    await data(service().rpc(named("note"), { owner: bob, body: "of bob" }));
  });
  after(dropSchema);

  test("with the secret key as service_role, past all policies", async () => {
    assert.equal(await role(service()), "service_role");
    assert.equal((await data(notes(service()))).length, 2);
  });

  test("with the publishable key as anon, without any grant", async () => {
    assert.equal(await role(anonymous()), "anon");
    const refused = await refuses(notes(anonymous()), 401, "42501");
    assert.match(refused.message, /permission denied/);
    await refuses(anonymous().rpc(named("person"), { name: "x" }), 401, "42501");
    await refuses(anonymous().rpc(named("closed")), 401, "42501");
  });

  test("with no valid key not at all", async () => {
    const answer = await fetch(`${supabase.rest_url}/rpc/${named("role")}`, {
      method: "POST",
      headers: { apikey: "sb_secret_invented" },
      signal: AbortSignal.timeout(30_000),
    });
    assert.equal(answer.status, 401);
  });

  describe("with a user's token as authenticated", signing, () => {
    test("and sees the user's rows only", async () => {
      assert.equal(await role(signedIn(alice)), "authenticated");
      assert.deepEqual(await data(notes(signedIn(alice))), ["of alice"]);
      assert.deepEqual(await data(notes(signedIn(bob))), ["of bob"]);
    });

    test("and writes the user's rows only", async () => {
      const own = (name, input) => signedIn(alice).rpc(named(name), input);
      await data(own("note", { owner: alice, body: "new" }));
      assert.deepEqual(await data(notes(signedIn(alice))), ["new", "of alice"]);
      const foreign = await refuses(own("note", { owner: bob, body: "forged" }), 403, "42501");
      assert.match(foreign.message, /row-level security/);
      await refuses(own("note_change", { of: alice, owner: bob }), 403, "42501");
      assert.equal(await data(own("note_change", { of: bob, body: "x" })), 0);
      assert.equal(await data(own("note_delete", { of: bob })), 0);
      assert.equal(await data(own("note_delete", { of: alice })), 2);
      assert.deepEqual(await data(notes(service())), ["of bob"]);
    });

    test("and meets 403 where a grant is missing", async () => {
      await refuses(signedIn(alice).rpc(named("names")), 403, "42501");
      await refuses(signedIn(alice).rpc(named("closed")), 403, "42501");
    });

    const claims = { sub: alice, role: "authenticated" };
    const broken = {
      "has expired": () => token({ ...claims, exp: 1_700_000_000 }),
      "is signed by another": () => token(claims, "another secret of at least 32 characters"),
      "is not signed": () => `${token(claims).split(".").slice(0, 2).join(".")}.`,
      "claims to be signed with nothing": () => {
        const none = Buffer.from('{"alg":"none"}').toString("base64url");
        return `${none}.${token(claims).split(".")[1]}.`;
      },
      "names a role outside of the API": () => token({ ...claims, role: "postgres" }),
    };
    for (const [what, make] of Object.entries(broken)) {
      test(`but not where it ${what}`, async () => {
        const { status, data: rows, error } = await notes(withToken(make()));
        // Codes differ between PostgREST's releases, and a gateway may answer first.
        assert.equal(rows, null, JSON.stringify(error));
        assert.ok(status === 401 || status === 403, `${status}`);
      });
    }
  });
});
