// What the script costs a page's main thread, by traces of Chromium: `cargo xtask bench page`.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";

const LOADS = Number(process.argv[2]);
/** Most milliseconds of processor time. */
const GOAL = 5;
/** Milliseconds after its load event at which the page changes its route: what the load brought about is sent by then. */
const ROUTE = 3000;
/** Milliseconds after which what the route brought about is sent, too. */
const END = ROUTE + 3500;

const script = readFileSync(new URL("../../../sdk-browser/served/a.js", import.meta.url));
/** Names of a trace for JavaScript that runs. */
const SCRIPTING = ["EvaluateScript", "v8.compile", "FunctionCall", "RunMicrotasks"];

/** @param {http.RequestListener} handler */
async function listen(handler) {
  const server = http.createServer(handler);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

let taken = 0;
/** Answers as the Worker does. */
const worker = await listen(async (request, response) => {
  if (request.method === "GET") {
    response.writeHead(200, { "content-type": "text/javascript; charset=utf-8", "cache-control": "max-age=3600" });
    response.end(script);
    return;
  }
  let body = "";
  for await (const chunk of request) body += chunk;
  taken += JSON.parse(body).length;
  response.writeHead(202, { "content-type": "application/json", "access-control-allow-origin": "*" });
  response.end('{"ok":true,"accepted":1,"results":[]}');
});

const tag = `<script defer src="${worker.url}/v1/a.js" data-key="pk_test_bench" data-auto="outbound,download,form"></script>`;
const route = `setTimeout(function route() { history.pushState({}, "", "/next"); document.title = "Next"; }, ${ROUTE})`;
const text = Array.from({ length: 300 }, (_, n) => `<p>Paragraph ${n} with <a href="/page-${n}">a link</a>.</p>`).join(
  "\n",
);
/** A page of 300 paragraphs, with our script alone or with none; it changes its route by itself. */
const site = await listen((request, response) => {
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
  const head = `<meta charset="utf-8"><link rel="icon" href="data:,"><title>An article</title>${request.url === "/with" ? tag : ""}`;
  response.end(`<!doctype html><html><head>${head}</head><body onload='${route}'>${text}</body></html>`);
});

/** Loads the page in a browser that has never seen it; the main thread's events. */
async function trace(browser, path) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await browser.startTracing(page, { categories: ["devtools.timeline", "disabled-by-default-devtools.timeline"] });
  await page.goto(site.url + path, { waitUntil: "load" });
  await sleep(END);
  const { traceEvents } = JSON.parse(String(await browser.stopTracing()));
  await context.close();
  const commit = traceEvents.find(({ name, args }) => name === "CommitLoad" && args.data?.url === site.url + path);
  return traceEvents
    .filter((event) => event.pid === commit.pid && event.tid === commit.tid && event.ts >= commit.ts)
    .sort((one, other) => one.ts - other.ts);
}

/**
 * Microseconds of processor time and of the clock that the script took: while the page loaded, when it sent what came of
 * that, and from the change of the route on; and those of tasks that brought it answers.
 */
function costs(events) {
  const routed = events.find(({ name, args }) => name === "FunctionCall" && args.data?.functionName === "route").ts;
  const sent = events[0].ts + (ROUTE / 3) * 1000;
  const requests = new Set(
    events.filter(({ args }) => args.data?.url?.startsWith(worker.url)).map(({ args }) => args.data.requestId),
  );
  requests.delete(undefined);
  const isScript = ({ name, args }) => {
    if (!SCRIPTING.includes(name)) return false;
    // Promises are the script's alone; the route changes through a function that the script has put in place.
    return name === "RunMicrotasks" || args.data?.url?.startsWith(worker.url) || args.data?.functionName === "route";
  };
  const sums = { load: [0, 0], send: [0, 0], route: [0, 0], answers: [0, 0] };
  const add = (phase, { tdur = 0, dur }) => {
    sums[phase][0] += tdur;
    sums[phase][1] += dur;
  };
  let end = 0;
  for (const event of events.filter(isScript)) {
    // What is called from within is part of it.
    if (event.ts < end) continue;
    end = event.ts + event.dur;
    add(event.ts >= routed ? "route" : event.ts >= sent ? "send" : "load", event);
  }
  for (const task of events.filter(({ name }) => name === "RunTask")) {
    const inside = events.filter(({ ts }) => ts >= task.ts && ts < task.ts + task.dur);
    const isAnswer = inside.some(
      ({ name, args }) => /^Resource(Rec|Fin)/.test(name) && requests.has(args.data.requestId),
    );
    if (isAnswer && !inside.some((event) => isScript(event) || event.name === "ParseHTML")) add("answers", task);
  }
  return sums;
}

const browser = await chromium.launch({
  executablePath: process.env.HEADWATER_CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu"],
});
const all = { with: [], without: [] };
for (let n = 0; n < LOADS; n++) {
  for (const path of n % 2 ? ["with", "without"] : ["without", "with"]) {
    all[path].push(costs(await trace(browser, `/${path}`)));
  }
}
const version = browser.version();
await browser.close();
site.close();
worker.close();
if (taken !== 2 * LOADS) throw new Error(`${taken} events came of ${2 * LOADS}`);

const median = (values) => values.toSorted((one, other) => one - other)[values.length >> 1];
/** Of all loads; what the page's own function takes to change the route is taken off. */
const figures = (phases, at) => {
  const own = phases.includes("route") ? median(all.without.map(({ route }) => route[at])) : 0;
  return all.with.map((load) => phases.reduce((sum, phase) => sum + load[phase][at], -own) / 1000);
};
const told = (values) =>
  `${median(values).toFixed(1)} (${Math.min(...values).toFixed(1)}–${Math.max(...values).toFixed(1)})`;
console.log(`\n${LOADS} first loads in Chromium ${version}, traced; ms on the main thread, medians (lowest–highest)\n`);
const line = (title, cpu, clock, verdict = "") =>
  console.log(`${title.padEnd(44)}  ${cpu.padStart(16)}  ${clock.padStart(18)}  ${verdict}`.trimEnd());
line("", "processor", "clock");
for (const [title, phases, goal] of [
  ["load: the script runs, notes a page view", ["load"]],
  ["two seconds later: sends it, reads the answer", ["send"]],
  ["load and page view together", ["load", "send"], GOAL],
  ["another route: a page view, noted and sent", ["route"], GOAL],
  ["tasks that bring the script and answers", ["answers"]],
]) {
  const cpu = figures(phases, 0);
  const verdict = goal ? `goal ≤ ${goal}: ${median(cpu) <= goal ? "met" : "missed"}` : "";
  line(title, told(cpu), told(figures(phases, 1)), verdict);
}
