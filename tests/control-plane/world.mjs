// Two organizations with everything in them, people in every role, and the ways to ask as each.
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import postgres from "postgres";
import { stack } from "../harness/stack.mjs";

/** The database itself, as its superuser: what tests prepare and compare with. */
export const sql = postgres(stack.postgres_url, { max: 2, onnotice: () => {} });

export const roles = ["owner", "admin", "member", "viewer"];

/** Eight characters no other test uses. */
export const prefix = () =>
  [...randomBytes(8)].map((byte) => "0123456789abcdefghijklmnopqrstuvwxyz"[byte % 36]).join("");
export const hash = () => randomBytes(32).toString("hex");

/** A token as Supabase signs it for a user. */
export function token(userId) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: userId, aud: "authenticated", role: "authenticated", iat: now, exp: now + 600 };
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", stack.supabase_jwt_secret).update(signed).digest("base64url")}`;
}

const anonymous = { apikey: stack.supabase_publishable_key };
const service = { apikey: stack.supabase_secret_key };

/** Headers with which a person asks PostgREST; `anon` and `service_role` are nobody and the Worker. */
export function headersOf(person) {
  if (person === "anon") return anonymous;
  if (person === "service_role") return service;
  return { ...anonymous, authorization: `Bearer ${token(person.id)}` };
}

/** How many requests this file has made. */
export const asked = { requests: 0 };

/** Asks PostgREST: `[status, answer, text]`. */
export async function rest(person, method, path, body, headers = {}) {
  asked.requests += 1;
  const response = await fetch(`${stack.postgrest_url}/rest/v1/${path}`, {
    method,
    headers: {
      ...headersOf(person),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  });
  const text = await response.text();
  return [response.status, text ? JSON.parse(text) : null, text];
}

/** Calls a function as the Worker does: `[status, answer]`. */
export const door = (name, body, person = "service_role") => rest(person, "POST", `rpc/${name}`, body);

/** Calls a function that must succeed; its answer. */
export async function must(name, body) {
  const [status, answer] = await door(name, body);
  if (![200, 204].includes(status)) throw new Error(`${name}: ${status} ${JSON.stringify(answer)}`);
  return answer;
}

/** Somebody who has signed up. */
export async function person(name) {
  const email = `${name}-${randomBytes(4).toString("hex")}@example.com`;
  const [{ id }] = await sql`insert into auth.users (email) values (${email}) returning id`;
  return { id, email, name };
}

/** A stored key; by default an account key that manages. */
export async function key(organization, project, kind = "ak", more = {}) {
  const scopes = { pk: ["ingest"], sk: ["ingest", "read"], rk: ["read"], ak: ["read", "admin"] }[kind];
  const made = await must("key_create", {
    ...{ organization: organization.slug, project: project?.slug ?? null, kind, env: "live", prefix: prefix() },
    ...{ secret_hash: hash(), scopes, ...more },
  });
  return { ...made, organization_id: organization.id };
}

/** An organization with people in every role, a project, one key of each kind, a segment and some usage. */
export async function organization(about) {
  const slug = `${about}-${randomBytes(4).toString("hex")}`;
  const made = await must("organization_create", { slug, name: about });
  const people = {};
  for (const role of roles) {
    people[role] = await person(`${about}-${role}`);
    await must("member_add", { organization: slug, email: people[role].email, role });
  }
  const project = await must("project_create", { organization: slug, slug: "shop", name: "Shop" });
  const keys = {};
  for (const kind of ["pk", "sk", "rk", "ak"]) keys[kind] = await key(made, project, kind);
  await must("usage_set", { rows: [{ project_id: project.id, env: "live", month: month(), events: 7 }] });
  const input = { name: "Everything", filters: [] };
  const segment = await must("segment_create", { key_id: keys.sk.id, project_id: project.id, input });
  const asked = { key_id: keys.sk.id, user_id: "somebody", anonymous_id: null };
  const { request_id: forgotten } = await must("forget_create", asked);
  return { id: made.id, slug, people, project, keys, segment, forgotten };
}

/** The first day of this month, or of one some months away. */
export function month(away = 0) {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + away, 1)).toISOString().slice(0, 10);
}

export const keyActor = (made) => ({ key_id: made.id, organization_id: made.organization_id });
export const userActor = (one, organization) => ({ user_id: one.id, organization: organization?.id });
export { randomUUID };
