// `cargo xtask bench page`: how long the browser script keeps a page's main thread busy, from traces of Chromium.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";

const LOADS = Number(process.argv[2]);
/** Goal: at most this many milliseconds of CPU time. */
const GOAL = 5;
/** Milliseconds from the load event to the change of route. By then all events of the load have been sent. */
const ROUTE = 3000;
/** Milliseconds until the events of the change of route have been sent, too. */
const END = ROUTE + 3500;

const script = readFileSync(new URL("../../../sdk-browser/served/a.js", import.meta.url));
/** Names of trace events for running JavaScript. */
const SCRIPTING = ["EvaluateScript", "v8.compile", "FunctionCall", "RunMicrotasks"];

/** @param {http.RequestListener} handler */
async function listen(handler) {
  const server = http.createServer(handler);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

let taken = 0;
/** Answers like the Worker. */
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
/** A page of 300 paragraphs, with or without the script. It changes its route by itself. */
const site = await listen((request, response) => {
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
  const head = `<meta charset="utf-8"><link rel="icon" href="data:,"><title>An article</title>${request.url === "/with" ? tag : ""}`;
  response.end(`<!doctype html><html><head>${head}</head><body onload='${route}'>${text}</body></html>`);
});

/** Loads the page in a new browser context. Returns the events of the main thread. */
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
 * Time that the script takes, as [CPU, elapsed] in microseconds: while the page loads, when it sends its events, and
 * after the change of route; and the time of tasks that deliver its responses.
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
    // Only the script uses promises. The route changes through a function that the script has replaced.
    return name === "RunMicrotasks" || args.data?.url?.startsWith(worker.url) || args.data?.functionName === "route";
  };
  const sums = { load: [0, 0], send: [0, 0], route: [0, 0], answers: [0, 0] };
  const add = (phase, { tdur = 0, dur }) => {
    sums[phase][0] += tdur;
    sums[phase][1] += dur;
  };
  let end = 0;
  for (const event of events.filter(isScript)) {
    // Nested calls are part of the outer one.
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
if (taken !== 2 * LOADS) throw new Error(`received ${taken} events instead of ${2 * LOADS}`);

const median = (values) => values.toSorted((one, other) => one - other)[values.length >> 1];
/** Figures of all loads, without the time that the page's own function takes to change the route. */
const figures = (phases, at) => {
  const own = phases.includes("route") ? median(all.without.map(({ route }) => route[at])) : 0;
  return all.with.map((load) => phases.reduce((sum, phase) => sum + load[phase][at], -own) / 1000);
};
const range = (values) =>
  `${median(values).toFixed(1)} (${Math.min(...values).toFixed(1)}–${Math.max(...values).toFixed(1)})`;
console.log(`\n${LOADS} first loads in Chromium ${version}, traced; ms on the main thread, median (lowest–highest)\n`);
const line = (title, cpu, clock, verdict = "") =>
  console.log(`${title.padEnd(44)}  ${cpu.padStart(16)}  ${clock.padStart(18)}  ${verdict}`.trimEnd());
line("", "CPU", "elapsed");
for (const [title, phases, goal] of [
  ["load: the script runs, records a page view", ["load"]],
  ["two seconds later: sends it, reads the response", ["send"]],
  ["load and page view together", ["load", "send"], GOAL],
  ["new route: a page view, recorded and sent", ["route"], GOAL],
  ["tasks that deliver the script and responses", ["answers"]],
]) {
  const cpu = figures(phases, 0);
  const verdict = goal ? `goal ≤ ${goal}: ${median(cpu) <= goal ? "met" : "missed"}` : "";
  line(title, range(cpu), range(figures(phases, 1)), verdict);
}
