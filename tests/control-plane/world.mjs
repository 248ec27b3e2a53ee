// Organizations with people in every role, keys and projects, and calls of the control plane's functions.
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import postgres from "postgres";
import { stack } from "../harness/stack.mjs";

/** The database as its superuser, to prepare data and to read results. */
export const sql = postgres(stack.postgres_url, { max: 2, onnotice: () => {} });

export const roles = ["owner", "admin", "member", "viewer"];

/** Eight random characters: a key prefix that no other test uses. */
export const prefix = () =>
  [...randomBytes(8)].map((byte) => "0123456789abcdefghijklmnopqrstuvwxyz"[byte % 36]).join("");
export const hash = () => randomBytes(32).toString("hex");
/** What is stored of a new key's secret. */
export const secret = () => ({ prefix: prefix(), secret_hash: hash() });

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

/** Headers of a person's requests to PostgREST; `anon` has no token and `service_role` is the Worker. */
export function headersOf(person) {
  if (person === "anon") return anonymous;
  if (person === "service_role") return service;
  return { ...anonymous, authorization: `Bearer ${token(person.id)}` };
}

/** How many requests this file has made. */
export const asked = { requests: 0 };

/** Calls a function through PostgREST, by default as the Worker: `[status, answer]`. */
export async function door(name, body, person = "service_role", headers = {}) {
  asked.requests += 1;
  const response = await fetch(`${stack.postgrest_url}/rest/v1/rpc/${name}`, {
    method: "POST",
    headers: { ...headersOf(person), "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  });
  const text = await response.text();
  return [response.status, text ? JSON.parse(text) : null];
}

/** Calls a function that must succeed; its answer. */
export async function must(name, body) {
  const [status, answer] = await door(name, body);
  if (![200, 204].includes(status)) throw new Error(`${name}: ${status} ${JSON.stringify(answer)}`);
  return answer;
}

/** A user who has signed up. */
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
