// Segments: whose they are, who changes them, and what the database itself holds to.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { door, key, must, organization, prefix, randomUUID, sql } from "./world.mjs";

let ours;
let theirs;
before(async () => {
  [ours, theirs] = [await organization("segments-a"), await organization("segments-b")];
});
after(() => sql.end());

const filters = [["is", "country", ["DE"]]];
const create = (made, input, project = ours.project) =>
  door("segment_create", { key_id: made.id, project_id: project.id, input: { filters, ...input } });
const as = (status, code) => (answer) => assert.deepEqual([answer[0], answer[1].code], [status, code]);

describe("segments are changed", () => {
  test("by a secret key of the project and an account key with admin, and it is written down", async () => {
    for (const made of [ours.keys.sk, ours.keys.ak]) {
      const name = `by ${made.prefix}`;
      const [status, segment] = await create(made, { name });
      assert.equal(status, 200, JSON.stringify(segment));
      const of = { key_id: made.id, project_id: ours.project.id, segment_id: segment.id };
      assert.equal((await must("segment_update", { ...of, input: { description: "Ours" } })).description, "Ours");
      assert.equal((await must("segment_update", { ...of, input: { description: null } })).description, null);
      await must("segment_delete", of);
      const log = await sql`
        select action, actor, detail from audit_log where project_id = ${ours.project.id} and subject = ${name} order by id`;
      assert.deepEqual(
        log.map(({ action }) => action),
        ["segment.create", "segment.update", "segment.update", "segment.delete"],
      );
      assert.ok(log.every(({ actor }) => actor === `key:${made.prefix}`));
      assert.deepEqual(log[1].detail, { given: ["description"] });
    }
  });

  test("by no other key", async () => {
    const shop = { slug: "shop" };
    const revoked = await key(ours, shop, "sk");
    await sql`update api_keys set revoked_at = now() where id = ${revoked.id}`;
    const expired = await key(ours, shop, "sk");
    await sql`update api_keys set expires_at = now() where id = ${expired.id}`;
    for (const made of [
      ours.keys.pk,
      ours.keys.rk,
      await key(ours, shop, "sk", { scopes: ["ingest"] }),
      await key(ours, null, "ak", { scopes: ["read"] }),
      await key(ours, shop, "sk", { env: "test" }),
      await key(ours, null, "ak", { env: "test" }),
      revoked,
      expired,
    ]) {
      as(403, "PT403")(await create(made, { name: `no ${made.prefix}` }));
    }
    for (const made of [theirs.keys.sk, theirs.keys.ak, { id: randomUUID() }]) {
      as(404, "PT404")(await create(made, { name: "theirs" }));
    }
    const other = await must("project_create", { organization: ours.slug, slug: `other-${prefix()}`, name: "Other" });
    as(404, "PT404")(await create(ours.keys.sk, { name: "another project's" }, other));
    assert.equal((await create(ours.keys.ak, { name: "of the organization" }, other))[0], 200);
  });

  test("only where they are the project's", async () => {
    const id = theirs.segment.id;
    const of = { project_id: ours.project.id, segment_id: id };
    as(404, "PT404")(await door("segment", of));
    as(404, "PT404")(await door("segment_update", { key_id: ours.keys.sk.id, ...of, input: { name: "mine" } }));
    as(404, "PT404")(await door("segment_delete", { key_id: ours.keys.sk.id, ...of }));
    assert.equal((await must("segment", { project_id: theirs.project.id, segment_id: id })).name, "Everything");
  });
});

describe("a segment", () => {
  test("has a name that no other of the project has, whatever the case", async () => {
    assert.equal((await create(ours.keys.sk, { name: "Größe" }))[0], 200);
    for (const name of ["GRÖßE", "größe", " Größe "]) {
      as(409, "PT409")(await create(ours.keys.sk, { name }));
    }
    assert.equal((await create(theirs.keys.sk, { name: "Größe" }, theirs.project))[0], 200);
  });

  test("keeps its conditions to the letter", async () => {
    const odd = [["is", "title", ["a\u0001b", "\ud83d\ude00", "'; --", 1.5, "\\u0000"]]];
    const [, made] = await create(ours.keys.sk, { name: "odd", filters: odd });
    assert.deepEqual(made.filters, odd);
    const { found } = await must("segments_named", { project_id: ours.project.id, named: ["ODD", made.id, "none"] });
    assert.deepEqual(found, { ODD: odd, [made.id]: odd });
  });

  test("is refused where it is none", async () => {
    for (const input of [
      { name: "" },
      { name: "x".repeat(101) },
      { name: 7 },
      { name: randomUUID() },
      { name: "a", description: "x".repeat(501) },
      { name: "a", filters: {} },
      { name: "a", filters: null },
      { name: "a", filters: [["is", "path", "x".repeat(16_384)]] },
      { name: "a", project_id: theirs.project.id },
    ]) {
      assert.equal((await create(ours.keys.sk, input))[0], 400, JSON.stringify(input).slice(0, 100));
    }
  });

  test("is one of a hundred, also when many are made at once", async () => {
    const crowd = await must("project_create", { organization: ours.slug, slug: `crowd-${prefix()}`, name: "Crowd" });
    const made = await Promise.all(
      Array.from({ length: 110 }, (_, at) => create(ours.keys.ak, { name: `segment ${at}` }, crowd)),
    );
    assert.equal(made.filter(([status]) => status === 200).length, 100);
    const [{ count }] = await sql`select count(*) from segments where project_id = ${crowd.id}`;
    assert.equal(Number(count), 100);
  });
});
