// Every document of the repository: its relative links lead to files that are there, and to headings that they have.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root })
  .toString()
  .split("\0")
  .filter((file) => file !== "" && existsSync(join(root, file)));
const documents = files.filter((file) => file.endsWith(".md"));

/** The text without code, in which brackets are no links and `#` is no heading. */
function prose(text) {
  return text
    .replace(/^( *)(```+|~~~+).*?\n[\s\S]*?^ *\2 *$/gm, "")
    .replace(/`[^`\n]+`/g, (code) => code.replace(/[[\]()]/g, " "));
}

/** The anchor of a heading, by GitHub's rule. */
function slug(heading) {
  const text = heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .trim()
    .toLowerCase();
  return text.replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "").replaceAll(" ", "-");
}

/** The anchors of a document; of equal headings the second ends in `-1`. */
function anchors(text) {
  const seen = new Map();
  const found = new Set();
  for (const [, heading] of text
    .replace(/^( *)(```+|~~~+).*?\n[\s\S]*?^ *\2 *$/gm, "")
    .matchAll(/^#{1,6} +(.+?)#* *$/gm)) {
    const name = slug(heading);
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    found.add(count === 0 ? name : `${name}-${count}`);
  }
  return found;
}

/** Links to other places of the repository, as they are written. */
function links(text) {
  const inline = [...prose(text).matchAll(/\[[^\]]*\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g)];
  const references = [...prose(text).matchAll(/^ {0,3}\[[^\]]+\]: +<?(\S+?)>?$/gm)];
  return [...inline, ...references]
    .map(([, target]) => target)
    .filter((target) => !/^[a-z][a-z0-9+.-]*:/i.test(target));
}

/** What is wrong with a link of a document; `undefined` where nothing is. */
function fault(document, target) {
  const [path, anchor] = target.split("#");
  const file = path === "" ? join(root, document) : resolve(root, dirname(document), decodeURIComponent(path));
  const inside = relative(root, file).split(sep).join("/");
  if (inside.startsWith("..")) return "leads out of the repository";
  if (!existsSync(file)) return "leads to nothing";
  const isFolder = statSync(file).isDirectory();
  if (!files.some((one) => (isFolder ? one.startsWith(`${inside}/`) : one === inside)))
    return "leads to an ignored file";
  if (anchor === undefined) return undefined;
  if (!inside.endsWith(".md")) return "has an anchor into a file without headings";
  return anchors(readFileSync(file, "utf8")).has(decodeURIComponent(anchor)) ? undefined : "has no such heading";
}

describe("documents", () => {
  test("are there", () => {
    for (const name of ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/concepts.md", "docs/architecture.md"])
      assert.ok(documents.includes(name), name);
  });

  test("have links that lead somewhere", () => {
    let count = 0;
    const faults = documents.flatMap((document) =>
      links(readFileSync(join(root, document), "utf8")).flatMap((target) => {
        count++;
        const wrong = fault(document, target);
        return wrong === undefined ? [] : [`${document}: ${target} ${wrong}`];
      }),
    );
    assert.deepEqual(faults, []);
    assert.ok(count > 100, `${count} links`);
  });

  test("name no path of somebody's machine", () => {
    const local = /(?:^|[\s`("'])(?:\/(?:home|root|Users|work|tmp)\/|[A-Z]:\\)/m;
    const faults = documents.filter((document) => local.test(readFileSync(join(root, document), "utf8")));
    assert.deepEqual(faults, []);
  });
});

describe("the check of links", () => {
  test("finds what is wrong", () => {
    assert.equal(fault("README.md", "docs/concepts.md#keys"), undefined);
    assert.equal(fault("docs/keys.md", "../README.md"), undefined);
    assert.equal(fault("README.md", "docs/decisions"), undefined);
    assert.equal(fault("README.md", "docs/no-such-page.md"), "leads to nothing");
    assert.equal(fault("README.md", "docs/concepts.md#no-such-heading"), "has no such heading");
    assert.equal(fault("README.md", "../README.md"), "leads out of the repository");
    assert.equal(fault("README.md", "LICENSE#terms"), "has an anchor into a file without headings");
  });

  test("reads links and headings as GitHub does", () => {
    const text =
      "# A `POST /v1/x` & more\n## Twice\n## Twice\n[a](b.md#c) `[d](e)` [f](https://g.example) [h]: i\n```\n# [j](k)\n```\n";
    assert.deepEqual(links(text), ["b.md#c"]);
    assert.deepEqual([...anchors(text)], ["a-post-v1x--more", "twice", "twice-1"]);
  });
});
