// Statements with the rights of a person, as PostgREST runs them: role and claims are set in a transaction.
import { sql } from "./world.mjs";

/** Database role of a person; `anon` and `service_role` are themselves. */
export const roleOf = (person) => (typeof person === "string" ? person : "authenticated");

/**
 * Runs statements as a person. The transaction commits, so a write that was wrongly allowed stays visible to
 * later checks.
 * @param {any} person
 * @param {(tx: any) => any} work
 */
export const as = (person, work) =>
  sql.begin(async (tx) => {
    const claims = { role: roleOf(person), ...(person.id ? { sub: person.id } : {}) };
    await tx`select set_config('request.jwt.claims', ${JSON.stringify(claims)}, true),
                    set_config('role', ${roleOf(person)}, true)`;
    return work(tx);
  });

/** Runs statements as a person: `{ rows }`, or `{ code, message }` of the database's error. */
export const attempt = (person, work) =>
  as(person, work).then(
    (rows) => ({ rows, code: null, message: "" }),
    ({ code, message }) => ({ rows: null, code, message }),
  );
