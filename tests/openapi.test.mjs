// GET /openapi.json: it is the committed file, OpenAPI 3.1 throughout, and its examples fit their own schemas.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { ask, call, newProject, root } from "./harness/stack.mjs";

const text = readFileSync(join(root, "docs/openapi.json"), "utf8");
const document = JSON.parse(text);

/** Schemas as JSON Schema 2020-12 reads them, in strict mode: an unknown keyword is an error. */
function reader() {
  const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true, strictRequired: false });
  // @ts-expect-error: its types are those of a module without a default
  addFormats(ajv);
  ajv.addVocabulary(["components", "info", "jsonSchemaDialect", "openapi", "paths", "servers", "tags"]);
  ajv.addSchema(document, "api");
  return (/** @type {string} */ pointer) => ajv.getSchema(`api#${pointer}`);
}
const schemaAt = reader();

/** @param {string} name */
const schemaOf = (name) => schemaAt(`/components/schemas/${name}`);

describe("the document", () => {
  test("is served as it is kept, and named by a tag", async () => {
    const response = await call("/openapi.json");
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.ok((await response.text()) === text, "it is another text than docs/openapi.json");
    const tag = response.headers.get("etag");
    assert.match(tag, /^"[0-9a-f]{16}"$/);
    const again = await call("/openapi.json", { headers: { "if-none-match": `W/${tag}` } });
    assert.deepEqual([again.status, await again.text()], [304, ""]);
    assert.equal((await call("/openapi.json", { headers: { "if-none-match": '"other"' } })).status, 200);
  });

  test("is OpenAPI 3.1", async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(document);
    assert.ok(valid, JSON.stringify(errors));
    assert.equal(validator.version, "3.1");
  });
});

describe("schemas", () => {
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    test(`${name} is JSON Schema 2020-12, and fits its examples`, () => {
      const fits = schemaOf(name);
      assert.ok(fits, "it cannot be compiled");
      for (const example of schema.examples ?? []) {
        assert.ok(fits(example), `${JSON.stringify(example)}: ${JSON.stringify(fits.errors)}`);
      }
    });
  }

  test("have an example wherever something is sent", () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const reference = operation.requestBody?.content["application/json"].schema.$ref;
        const schema = reference && document.components.schemas[reference.split("/").at(-1)];
        assert.ok(!reference || schema.examples?.length > 0, `${method} ${path}`);
      }
    }
  });
});

describe("examples", () => {
  test("are taken by the Worker", async () => {
    const { keys } = await newProject("openapi", "--unlimited");
    const send = async (path, name) => {
      for (const body of document.components.schemas[name].examples) {
        const [status, answer] = await ask(path, { key: keys.sk, body });
        assert.ok(status < 300, `${JSON.stringify(body)}: ${JSON.stringify(answer)}`);
        const answered = document.paths[path].post.responses[status].content["application/json"].schema.$ref;
        const fits = schemaOf(answered.split("/").at(-1));
        assert.ok(fits(answer), `${JSON.stringify(answer)}: ${JSON.stringify(fits.errors)}`);
      }
    };
    await send("/v1/track", "Event");
    await send("/v1/batch", "Batch");
    await send("/v1/identify", "Identification");
    await send("/v1/stats", "StatsQuestion");
    await send("/v1/funnel", "FunnelQuestion");
    await send("/v1/retention", "RetentionQuestion");
    await send("/v1/journeys", "JourneysQuestion");
    await send("/v1/match", "MatchQuestion");
    await send("/v1/segments", "NewSegment");
    for (const filter of document.components.schemas.Filter.examples) {
      const [status, answer] = await ask("/v1/stats", { key: keys.rk, body: { filters: [filter] } });
      assert.equal(status, 200, `${JSON.stringify(filter)}: ${JSON.stringify(answer)}`);
    }
  });
});
