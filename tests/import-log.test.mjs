// headwater import (cargo xtask import-log): an access log through the public POST /v1/batch, counted again beside it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { faultyWay } from "./harness/proxy.mjs";
import { newProject, root, rowsOf, stack } from "./harness/stack.mjs";
import { until } from "./harness/until.mjs";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "headwater-import-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command: its exit code, its summary and what it said besides. */
async function importLog(project, file, { input = "", options = ["--site", "https://example.com"] } = {}) {
  const command = process.env.HEADWATER_XTASK ? [process.env.HEADWATER_XTASK] : ["cargo", "xtask"];
  const state = dirname(process.env.HEADWATER_DEV_JSON);
  const all = [...command.slice(1), "import-log", file, "--state", state, "--json", ...options];
  const env = { ...process.env, HEADWATER_KEY: project.keys.sk };
  const running = run(command[0], all, { cwd: root, env, timeout: 120_000 });
  // A command that ends before it has read everything is no failure of the test.
  running.child.stdin.on("error", () => {});
  running.child.stdin.end(input);
  const { code = 0, stdout, stderr } = await running.catch((error) => error);
  return { code, stderr, summary: stdout ? JSON.parse(stdout) : undefined };
}

function write(name, content) {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const safari = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15";
const line = (ip, time, request, status = 200, referrer = "-", agent = firefox) =>
  `${ip} - - [${time}] "${request}" ${status} 512 "${referrer}" "${agent}"`;
const get = (path) => `GET ${path} HTTP/1.1`;

/** Three UTC days; the first line of the last day is still the day before where it was written. */
function smallLog() {
  const lines = [
    line("192.0.2.1", "10/Mar/2024:08:00:00 +0000", get("/"), 200, "https://www.google.com/"),
    line("192.0.2.1", "10/Mar/2024:08:00:00 +0000", get("/style.css?v=2"), 200, "https://example.com/"),
    line("192.0.2.1", "10/Mar/2024:08:00:00 +0000", get("/favicon.ico"), 404, "https://example.com/"),
    line("192.0.2.1", "10/Mar/2024:08:00:10 +0000", get("/pricing?utm_source=news&utm_medium=email")),
    // The same address with another browser is another visitor; three identical lines are three events.
    ...Array(3).fill(line("192.0.2.1", "10/Mar/2024:08:00:10 +0000", get("/pricing"), 200, "-", safari)),
    line("2001:db8::7", "10/Mar/2024:23:30:00 +0000", get("/about"), 304),
    line("2001:db8::7", "10/Mar/2024:23:30:00 -0100", get("/about"), 304),
    "this is no line of a log",
    line("198.51.100.3", "11/Mar/2024:09:00:00 +0000", "POST /login HTTP/1.1", 302),
    line("198.51.100.3", "11/Mar/2024:09:00:01 +0000", "HEAD / HTTP/1.1"),
    line("198.51.100.3", "11/Mar/2024:09:00:02 +0000", get("/gone"), 404),
    line("198.51.100.3", "11/Mar/2024:09:00:03 +0000", get("/oops"), 500),
    line("198.51.100.3", "11/Mar/2024:09:00:04 +0000", get("/old"), 301),
    line("198.51.100.3", "11/Mar/2024:09:00:05 +0000", get("/report.pdf")),
    line("198.51.100.3", "11/Mar/2024:09:00:06 +0000", "-", 408),
    line("198.51.100.3", "11/Mar/2024:09:00:07 +0000", get("/quoted"), 200, "-", 'an \\"odd\\" \\x22agent\\\\'),
    line("198.51.100.3", "12/Mar/2024:01:00:00 +0200", get("/late")),
    "",
    line("198.51.100.3", "12/Mar/2024:12:00:00 +0000", get("/cut")).slice(0, -20),
  ];
  // Enough for more than one batch.
  for (let visit = 0; visit < 2300; visit++) {
    const time = `12/Mar/2024:13:${String(Math.floor(visit / 60)).padStart(2, "0")}:${String(visit % 60).padStart(2, "0")} +0000`;
    lines.push(line(`203.0.113.${visit % 50}`, time, get(`/blog/${visit % 7}`), 200, "https://duckduckgo.com/"));
  }
  return lines;
}

/** What should come of a log, by another way than the command's: one regular expression. */
function counted(lines) {
  const form =
    /^(\S+) \S+ \S+ \[(\d+)\/(\w+)\/(\d+):([\d:]+) ([+-]\d\d)(\d\d)\] "GET (\/[^ ?]*)\S* [^"]*" [23]\d\d \d+ "[^"]*" "(.*)"$/;
  const days = {};
  for (const text of lines) {
    const found = form.exec(text);
    if (!found || /\.(css|ico|pdf)$/.test(found[8])) continue;
    const [, ip, day, month, year, clock, hours, minutes, , agent] = found;
    const date = new Date(`${day} ${month} ${year} ${clock} GMT${hours}${minutes}`).toISOString().slice(0, 10);
    days[date] ??= { events: 0, visitors: new Set() };
    days[date].events++;
    days[date].visitors.add(`${ip} ${agent}`);
  }
  return Object.fromEntries(Object.entries(days).map(([day, of]) => [day, [of.events, of.visitors.size]]));
}

/** The same numbers of what is stored. */
async function stored(project) {
  const days = {};
  for (const row of await rowsOf(project.project_id)) {
    const day = row.timestamp.slice(0, 10);
    days[day] ??= { events: 0, visitors: new Set() };
    days[day].events++;
    days[day].visitors.add(String(row.visitor_hash));
  }
  return Object.fromEntries(Object.entries(days).map(([day, of]) => [day, [of.events, of.visitors.size]]));
}

const lines = smallLog();
const text = `${lines.join("\n")}\n`;
const expected = counted(lines);
const total = Object.values(expected).reduce((sum, [events]) => sum + events, 0);

describe("a log", () => {
  let project;
  let first;
  before(async () => {
    project = await newProject("import");
    first = await importLog(project, write("access.log", text));
  });

  test("is stored as counted beside it: events and visitors of each day", async () => {
    assert.equal(first.code, 0, first.stderr);
    assert.deepEqual(Object.keys(expected), ["2024-03-10", "2024-03-11", "2024-03-12"]);
    assert.deepEqual(await stored(project), expected);
  });

  test("is accounted for line by line", () => {
    const { seconds, events_per_second, ...summary } = first.summary;
    assert.ok(seconds > 0 && events_per_second > 0);
    assert.deepEqual(summary, {
      lines: lines.length,
      pages: total,
      accepted: total,
      duplicate: 0,
      rejected: {},
      changed: {},
      skipped: { asset: 1, broken: 2, download: 1, empty: 1, method: 2, status_4xx: 3, status_5xx: 1 },
      without_address: 0,
      site: "https://example.com",
    });
  });

  test("shows its broken lines with their numbers", () => {
    assert.match(first.stderr, /cannot parse line 10: .*time.*\n.*this is no line of a log/);
    assert.match(first.stderr, /cannot parse line 21: .*cut off/);
  });

  test("becomes events with all that it knew of them, and without addresses", async () => {
    const rows = await rowsOf(project.project_id);
    const of = (path) => rows.filter((row) => row.path === path);
    assert.equal(of("/pricing").length, 4);
    const [news] = of("/pricing").filter((row) => row.source === "news");
    assert.deepEqual([news.event, news.host, news.medium], ["pageview", "example.com", "email"]);
    assert.equal(news.timestamp, "2024-03-10 08:00:10.000");
    assert.ok(rows.every((row) => row.sent_by === "import"));
    assert.deepEqual(
      of("/").map((row) => [row.source, row.medium]),
      [["google", "organic"]],
    );
    assert.equal(of("/late")[0].timestamp, "2024-03-11 23:00:00.000");
    const everything = JSON.stringify(rows);
    for (const secret of ["192.0.2.1", "2001:db8", "Firefox/140", "odd"]) assert.ok(!everything.includes(secret));
  });

  test("adds nothing when it is imported again, in whatever form", async () => {
    const members = Buffer.concat([gzipSync(text.slice(0, 5000)), gzipSync(text.slice(5000))]);
    const again = [
      await importLog(project, write("access.log", text)),
      await importLog(project, write("named-like-nothing", members)),
      await importLog(project, "-", { input: text }),
      await importLog(project, "-", { input: /** @type {any} */ (members) }),
      await importLog(project, write("crlf.log", text.replaceAll("\n", "\r\n"))),
    ];
    assert.deepEqual(
      again.map(({ code, summary }) => [code, summary.pages]),
      again.map(() => [0, total]),
    );
    assert.deepEqual(await stored(project), expected);
  });

  test("that has grown adds what is new", async () => {
    const more = [lines[4], line("192.0.2.9", "12/Mar/2024:20:00:00 +0000", get("/new"))];
    const { code } = await importLog(project, write("grown.log", `${text}${more.join("\n")}`));
    assert.equal(code, 0);
    assert.deepEqual(await stored(project), counted([...lines, ...more]));
  });
});

describe("a site", () => {
  test("is found in what the log's own pages load", async () => {
    const project = await newProject("import-site");
    const { summary } = await importLog(project, write("site.log", text), { options: [] });
    assert.equal(summary.site, "https://example.com");
  });

  test("that nobody names leaves the paths", async () => {
    const project = await newProject("import-path");
    const log = '192.0.2.1 - - [10/Mar/2024:08:00:00 +0000] "GET /a?utm_source=news HTTP/1.0" 200 12\n';
    const { summary } = await importLog(project, write("common.log", log), { options: [] });
    assert.deepEqual([summary.site, summary.accepted], [null, 1]);
    const [row] = await rowsOf(project.project_id);
    assert.deepEqual([row.path, row.host, row.source], ["/a", "", "news"]);
  });

  test("comes from each line where the virtual host stands in front", async () => {
    const project = await newProject("import-vhost");
    const log = ["a.example:443", "b.example:80"].map((host) => `${host} ${lines[0]}\n`).join("");
    await importLog(project, write("vhosts.log", log));
    const urls = (await rowsOf(project.project_id)).map((row) => row.url).sort();
    assert.deepEqual(urls, ["http://b.example/", "https://a.example/"]);
  });
});

describe("what goes wrong", () => {
  test("with one event takes no other with it", async () => {
    const project = await newProject("import-refused");
    const long = line("192.0.2.1", "10/Mar/2024:08:00:00 +0000", get(`/${"x".repeat(3000)}`));
    const old = line("192.0.2.1", "10/Mar/1999:08:00:00 +0000", get("/"));
    const huge = line("192.0.2.1", "10/Mar/2024:08:00:00 +0000", get(`/${"x".repeat(70_000)}`));
    const bytes = Buffer.concat([Buffer.from(`${long}\n${old}\n${huge}\n`), Buffer.from([0xff, 0xfe, 0x0a])]);
    const { code, summary, stderr } = await importLog(
      project,
      write("odd.log", Buffer.concat([bytes, Buffer.from(text)])),
    );
    assert.equal(code, 0);
    assert.deepEqual([summary.accepted, summary.rejected], [total, { invalid_payload: 2 }]);
    assert.equal(summary.skipped.broken, 4);
    assert.match(stderr, /line 1 was rejected: invalid_payload: .*url/);
    assert.deepEqual(await stored(project), expected);
  });

  test("with a file that breaks off is said, and the rest is stored", async () => {
    const project = await newProject("import-cut");
    const { code, stderr, summary } = await importLog(project, write("cut.gz", gzipSync(text).subarray(0, -20)));
    assert.equal(code, 1);
    assert.match(stderr, /cannot read the log after line \d+/);
    assert.equal(summary.accepted, summary.pages);
    assert.ok(summary.accepted > 0);
    await importLog(project, write("access.log", text));
    assert.deepEqual(await stored(project), expected);
  });

  test("with the network for a while is tried again", async () => {
    const project = await newProject("import-retry");
    const way = await faultyWay(stack.worker_url);
    try {
      way.become("refuse");
      const options = ["--site", "https://example.com", "--url", way.url];
      const importing = importLog(project, write("access.log", text), { options });
      await until(() => way.taken() > 0, "it tries");
      way.become("HTTP/1.1 503 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      // The answer has been read once its connection has gone; `become` would cut it.
      await until(() => way.taken() > 0 && way.open() === 0, "it tries again");
      way.become("pass");
      const { code, stderr, summary } = await importing;
      assert.equal(code, 0, stderr);
      assert.match(stderr, /retrying in/);
      assert.match(stderr, /answered 503/);
      assert.equal(summary.accepted, total);
      assert.deepEqual(await stored(project), expected);
    } finally {
      way.close();
    }
  });

  test("for good is said at once, with how far it came", async () => {
    const project = await newProject("import-refusal");
    const flipped = project.keys.rk;
    const readOnly = await importLog({ keys: { sk: flipped } }, write("access.log", text));
    assert.equal(readOnly.code, 1);
    assert.match(readOnly.stderr, /is not a secret key/);
    assert.ok(!readOnly.stderr.includes(flipped));
    const missing = await importLog(project, join(folder, "missing.log"));
    assert.match(missing.stderr, /cannot read .*missing\.log/);
    const way = await faultyWay(stack.worker_url);
    try {
      way.become('HTTP/1.1 402 X\r\nContent-Length: 26\r\nConnection: close\r\n\r\n{"error":"quota_exceeded"}');
      const refused = await importLog(project, write("access.log", text), { options: ["--url", way.url] });
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /402 quota_exceeded/);
      assert.match(refused.stderr, /0 of the \d+ page requests/);
      assert.match(refused.stderr, /safe to run it again/);
      assert.equal(refused.summary.accepted, 0);
    } finally {
      way.close();
    }
  });
});
