// Who may do what through PostgREST: keys, tokens, grants, row-level security.
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
  const notes = (client) => client.from(named("notes"));
  const role = (client) => data(client.rpc(named("role")));
  before(async () => {
    await createSchema();
    const rows = [
      { owner: alice, body: "of alice" },
      { owner: bob, body: "of bob" },
    ];
    await data(notes(service()).insert(rows));
  });
  after(dropSchema);

  test("with the secret key as service_role, past all policies", async () => {
    assert.equal(await role(service()), "service_role");
    assert.equal((await data(notes(service()).select())).length, 2);
  });

  test("with the publishable key as anon, without any grant", async () => {
    assert.equal(await role(anonymous()), "anon");
    const refused = await refuses(notes(anonymous()).select(), 401, "42501");
    assert.match(refused.message, /permission denied/);
    await refuses(anonymous().from(named("people")).insert({ name: "x" }), 401, "42501");
  });

  test("with no valid key not at all", async () => {
    const answer = await fetch(`${supabase.rest_url}/${named("people")}`, {
      headers: { apikey: "sb_secret_invented" },
      signal: AbortSignal.timeout(30_000),
    });
    assert.equal(answer.status, 401);
  });

  describe("with a user's token as authenticated", signing, () => {
    test("and sees the user's rows only", async () => {
      assert.equal(await role(signedIn(alice)), "authenticated");
      assert.deepEqual(await data(notes(signedIn(alice)).select("body")), [{ body: "of alice" }]);
      assert.deepEqual(await data(notes(signedIn(bob)).select("body")), [{ body: "of bob" }]);
    });

    test("and writes the user's rows only", async () => {
      const own = notes(signedIn(alice));
      assert.deepEqual(await data(own.insert({ owner: alice, body: "new" }).select("body")), [{ body: "new" }]);
      const foreign = await refuses(own.insert({ owner: bob, body: "forged" }), 403, "42501");
      assert.match(foreign.message, /row-level security/);
      await refuses(own.update({ owner: bob }).eq("body", "new"), 403, "42501");
      assert.deepEqual(await data(own.update({ body: "x" }).eq("owner", bob).select()), []);
      assert.deepEqual(await data(own.delete().eq("owner", bob).select()), []);
      assert.equal((await data(own.delete().eq("body", "new").select())).length, 1);
      assert.deepEqual(await data(notes(service()).select("body").eq("owner", bob)), [{ body: "of bob" }]);
    });

    test("and meets 403 where a grant is missing", async () => {
      await refuses(signedIn(alice).from(named("people")).select(), 403, "42501");
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
        const { status, data: rows, error } = await notes(withToken(make())).select();
        // Codes differ between PostgREST's releases, and a gateway may answer first.
        assert.deepEqual([Math.floor(status / 100), rows], [4, null], JSON.stringify(error));
        assert.ok(status === 401 || status === 403, `${status}`);
      });
    }
  });
});
