// Writes src/api.ts, the types of requests and answers, from docs/openapi.json: `npm run types`.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const documentFile = new URL("../docs/openapi.json", import.meta.url);
const typesFile = new URL("src/api.ts", import.meta.url);

/** What this package calls; of the document's schemas those that these routes name are taken. */
const routes = [
  "POST /v1/batch",
  "POST /v1/track",
  "POST /v1/identify",
  "POST /v1/forget",
  "GET /v1/forget/{id}",
  "POST /v1/stats",
  "GET /v1/sources",
  "GET /v1/query",
  "GET /v1/export",
  "POST /v1/funnel",
  "POST /v1/retention",
];

/** The text that `src/api.ts` must have. */
export function current() {
  return typesOf(JSON.parse(readFileSync(documentFile, "utf8")));
}

/** The text that it has. */
export function committed() {
  return readFileSync(typesFile, "utf8");
}

/** TypeScript for these routes of an OpenAPI 3.1 document: their query parameters, bodies and answers. */
export function typesOf({ components, paths }) {
  const named = new Set(["Problem"]);
  const note = (text) => {
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (named.has(name)) continue;
      named.add(name);
      note(JSON.stringify(components.schemas[name]));
    }
    return text;
  };
  note(JSON.stringify(components.schemas.Problem));
  const parameters = [];
  const table = routes.map((route) => {
    const [method, path] = route.split(" ");
    const operation = paths[path][method.toLowerCase()];
    const { operationId, requestBody } = operation;
    const query = (operation.parameters ?? []).filter((parameter) => parameter.in === "query");
    const answer = Object.entries(operation.responses).find(([status]) => status.startsWith("2"))?.[1];
    note(JSON.stringify([query, requestBody, answer]));
    const name = `${operationId[0].toUpperCase()}${operationId.slice(1)}Parameters`;
    if (query.length > 0) parameters.push(declaration(name, parametersOf(query, route)));
    const kinds = [query.length > 0 ? name : "never", json(requestBody) ?? "never", json(answer) ?? "unknown"];
    return `  "${route}": { query: ${kinds[0]}; body: ${kinds[1]}; answer: ${kinds[2]} };`;
  });
  const schemas = [...named].sort().map((name) => declaration(name, components.schemas[name]));
  const head = "// Written from docs/openapi.json by `npm run types`. Do not edit.";
  const all = `/** What each route takes and answers. */\nexport interface Routes {\n${table.join("\n")}\n}`;
  return `${[head, ...schemas, ...parameters, all].join("\n\n")}\n`;
}

const declaration = (name, schema) => `${comment(schema.description, "")}export type ${name} = ${type(schema, "")};`;

function parametersOf(query, route) {
  const properties = query.map(({ name, description, schema, content }) => [
    name,
    { ...(schema ?? content["application/json"].schema), ...(description && { description }) },
  ]);
  const required = query.filter((parameter) => parameter.required).map((parameter) => parameter.name);
  const description = `Query parameters of \`${route}\`.`;
  return { description, type: "object", properties: Object.fromEntries(properties), required };
}

const json = (message) => {
  const schema = message?.content?.["application/json"]?.schema;
  return schema && type(schema, "  ");
};

function comment(text, indent) {
  if (!text) return "";
  const lines = text.replaceAll("*/", "*\\/").split("\n");
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join("\n")}\n${indent} */\n`;
}

function type(schema, indent) {
  if (schema === undefined || schema === true) return "unknown";
  if (schema.$ref) return schema.$ref.split("/").pop();
  // A condition within a condition: the document does not refer to it (crates/query/src/documented.rs).
  if (schema.$comment) return schema.$comment;
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  // Beside an object's own members, `anyOf` says which of them must be there.
  if (schema.anyOf && schema.properties) {
    const { anyOf, ...own } = schema;
    return `${type(own, indent)} & (${anyOf.map((part) => type({ type: "object", ...part }, indent)).join(" | ")})`;
  }
  if (schema.anyOf) return unique(schema.anyOf.map((part) => type(part, indent)));
  const kinds = [schema.type ?? []].flat();
  return kinds.length === 0 ? "unknown" : unique(kinds.map((kind) => single(kind, schema, indent)));
}

const unique = (types) => [...new Set(types)].join(" | ");

function single(kind, schema, indent) {
  if (kind === "integer" || kind === "number") return "number";
  if (kind === "string") return schema.pattern?.startsWith("^prop:") ? `\`prop:\${string}\`` : "string";
  if (kind === "array") return list(schema, indent);
  if (kind === "object") return object(schema, indent);
  return kind;
}

function list(schema, indent) {
  if (schema.prefixItems) return `[${schema.prefixItems.map((item) => type(item, indent)).join(", ")}]`;
  const item = type(schema.items, indent);
  if (schema.minItems === 2 && schema.maxItems === 2) return `[${item}, ${item}]`;
  return /[ |&]/.test(item) ? `(${item})[]` : `${item}[]`;
}

function object(schema, indent) {
  const inner = `${indent}  `;
  const required = new Set(schema.required);
  const members = Object.entries(schema.properties ?? {}).map(([name, member]) => {
    const mark = required.has(name) ? "" : "?";
    const key = /^[a-z_$][\w$]*$/i.test(name) ? name : JSON.stringify(name);
    return `${comment(member.description, inner)}${inner}${key}${mark}: ${type(member, inner)};`;
  });
  for (const [pattern, member] of Object.entries(schema.patternProperties ?? {})) {
    members.push(`${inner}[name: \`${pattern.replace("^", "")}\${string}\`]: ${type(member, inner)};`);
  }
  if (members.length === 0) return `Record<string, ${type(schema.additionalProperties || undefined, indent)}>`;
  return `{\n${members.join("\n")}\n${indent}}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(typesFile, current());
