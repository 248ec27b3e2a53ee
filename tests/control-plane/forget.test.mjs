// Requests to forget: one a person as long as it lives, who holds it while it runs, and what stays in the end.
// It holds requests of all projects. @lane jobs
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { door, key, must, organization, sql } from "./world.mjs";

let org;
before(async () => {
  org = await organization("forget");
});
after(async () => {
  await sql`update forget_requests set held_until = null`;
  await sql.end();
});

const create = (user_id, anonymous_id = null, made = org.keys.sk) =>
  must("forget_create", { key_id: made.id, user_id, anonymous_id });
const row = async (id) => (await sql`select * from forget_requests where id = ${id}`)[0];
/** What this suite has due; others' requests come along, and are given back in the end. */
const due = async () => {
  const all = await must("forget_due", { most: 1000 });
  return all.filter(({ project_id }) => project_id === org.project.id);
};
const release = () => sql`update forget_requests set held_until = null where project_id = ${org.project.id}`;
const ran = (request, more = {}) =>
  must("forget_ran", {
    results: [
      { id: request.id, requested_at: request.requested_at, counts: {}, days: [], done: true, failed: false, ...more },
    ],
  });

describe("a request", () => {
  test("is one for the same ids, and is noted in the log without them", async () => {
    const first = await create("ann", "phone");
    assert.deepEqual(await create("ann", "phone"), first);
    assert.notEqual((await create("ann")).request_id, first.request_id);
    const log = await sql`select * from audit_log where action = 'person.forget' and subject = ${first.request_id}`;
    assert.equal(log.length, 1);
    assert.deepEqual([log[0].actor, log[0].detail], [`key:${org.keys.sk.prefix}`, { env: "live" }]);
    assert.ok(!JSON.stringify(log).includes("ann") && !JSON.stringify(log).includes("phone"));
  });

  test("is made by a secret key that works, and by no other", async () => {
    const sk = await key(org, org.project, "sk");
    await sql`update api_keys set revoked_at = now() where id = ${sk.id}`;
    const late = await key(org, org.project, "sk");
    await sql`update api_keys set expires_at = now() - interval '1 s' where id = ${late.id}`;
    const reader = await key(org, org.project, "sk", { scopes: ["read"] });
    for (const made of [sk, late, reader, org.keys.pk, org.keys.rk, org.keys.ak]) {
      for (const [name, more] of /** @type {any[]} */ ([
        ["forget_create", { user_id: "u", anonymous_id: null }],
        ["forget_get", { request_id: org.forgotten }],
        ["access_note", { user_id: "u", anonymous_id: null }],
      ])) {
        const [status, { code }] = await door(name, { key_id: made.id, ...more });
        assert.deepEqual([status, code], [403, "PT403"], name);
      }
    }
    const [status, { code }] = await door("forget_create", {
      key_id: org.keys.sk.id,
      user_id: null,
      anonymous_id: null,
    });
    assert.deepEqual([status, code], [400, "PT400"]);
  });

  test("is not there for another project or data set", async () => {
    const { request_id } = await create("mine");
    const other = await organization("forget-other");
    const trial = await key(org, org.project, "sk", { env: "test" });
    for (const made of [other.keys.sk, trial])
      assert.equal(await must("forget_get", { key_id: made.id, request_id }), null);
    assert.equal((await must("forget_get", { key_id: org.keys.sk.id, request_id })).request_id, request_id);
  });
});

describe("a run", () => {
  test("holds what is due: no other gets it until it is given back or four minutes are over", async () => {
    const { request_id } = await create("held");
    await release();
    assert.ok((await due()).some(({ id }) => id === request_id));
    assert.deepEqual(await due(), []);
    await sql`update forget_requests set held_until = now() - interval '1 s' where id = ${request_id}`;
    const [again] = await due();
    assert.equal(again.id, request_id);
    await ran(again, { done: false, failed: true });
    const { status, last_run_at, held_until } = await row(request_id);
    assert.deepEqual([status, last_run_at, held_until], ["pending", null, null]);
  });

  test("is due at every turn for a day, then once a day, and no more once it is purged", async () => {
    const { request_id } = await create("turns");
    const isDue = async () => {
      await release();
      return (await due()).some(({ id }) => id === request_id);
    };
    const age = (asked, last) =>
      sql`update forget_requests set status = 'done', requested_at = now() - ${asked}::interval,
          last_run_at = now() - ${last}::interval where id = ${request_id}`;
    for (const [asked, last, expected] of [
      ["23 hours", "1 minute", true],
      ["25 hours", "19 hours", false],
      ["25 hours", "21 hours", true],
      ["29 days", "21 hours", true],
    ]) {
      await age(asked, last);
      assert.equal(await isDue(), expected, `${asked}, ${last}`);
    }
    await sql`update forget_requests set purged_at = now() where id = ${request_id}`;
    assert.equal(await isDue(), false);
  });

  test("writes down what it finds, adds up what it erases, and is done", async () => {
    const { request_id } = await create("finds");
    await release();
    const request = (await due()).find(({ id }) => id === request_id);
    const found = { id: request_id, user_ids: ["finds", "two"], anonymous_ids: ["a"], visitor_hashes: ["1", "2"] };
    await must("forget_widen", { found: [{ ...found, days: ["2026-11-02", "2026-11-01"], resolved: true }] });
    await must("forget_widen", { found: [{ ...found, visitor_hashes: ["1"], days: ["2026-11-01"], resolved: false }] });
    const { user_ids, anonymous_ids, visitor_hashes, resolved } = await row(request_id);
    assert.deepEqual([user_ids, anonymous_ids, visitor_hashes, resolved], [["finds", "two"], ["a"], ["2", "1"], true]);
    await ran(request, { counts: { events: 3, sessions: 1 }, days: ["2026-11-01"] });
    await ran(request, { counts: { events: 2, buffered: 9 }, days: ["2026-11-02"] });
    const told = await must("forget_get", { key_id: org.keys.sk.id, request_id });
    assert.deepEqual(told.counts, { events: 5, sessions: 1, identities: 0, dead_letters: 0, buffered: 9 });
    assert.equal(told.status, "done");
    assert.deepEqual(
      [...(await sql`select cardinality(days) as left from forget_requests where id = ${request_id}`)],
      [{ left: 0 }],
    );
  });

  test("that ends after the person was asked for anew leaves the new request pending", async () => {
    const { request_id } = await create("anew");
    await release();
    const request = (await due()).find(({ id }) => id === request_id);
    await ran(request);
    await release();
    const second = (await due()).find(({ id }) => id === request_id);
    await create("anew");
    assert.equal((await row(request_id)).status, "pending");
    await ran(second);
    assert.equal((await row(request_id)).status, "pending");
  });
});

test("after 30 days a salted hash of what was asked for stays; the receipt too", async () => {
  const { request_id } = await create("old", "old-phone");
  const young = await create("young");
  await sql`update forget_requests set status = 'done', requested_at = now() - interval '31 days',
            user_ids = '{old,other}', visitor_hashes = '{1}', days = '{2026-01-01}' where id = ${request_id}`;
  assert.ok((await must("forget_purge", {})) >= 1);
  const { salt, subject_hashes, ...kept } = await row(request_id);
  const hash = (text) =>
    createHash("sha256")
      .update(salt + text)
      .digest("hex");
  assert.deepEqual(subject_hashes, [hash("user_id:old"), hash("anonymous_id:old-phone")]);
  assert.ok(salt.length >= 32);
  assert.ok(!/old|other/.test(JSON.stringify(kept)), JSON.stringify(kept));
  assert.deepEqual([kept.user_ids, kept.anonymous_ids, kept.visitor_hashes], [[], [], []]);
  assert.equal((await must("forget_get", { key_id: org.keys.sk.id, request_id })).status, "done");
  assert.deepEqual((await row(young.request_id)).user_ids, ["young"]);
  // Who is asked for again is forgotten again.
  assert.notEqual((await create("old", "old-phone")).request_id, request_id);
});
