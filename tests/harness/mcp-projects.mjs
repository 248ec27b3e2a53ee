// The projects of the tests of MCP: two of one organization and one of another, with thirty events each.
import { randomUUID } from "node:crypto";
import { ask, newProject, settled } from "./stack.mjs";

/** Stands in every text of the other organization's events, and nowhere else. */
export const FOREIGN = "foreign-9b2e";
/** Options of a request to the account endpoint. */
export const account = { path: "/mcp/account" };
/** Revisions with a handshake. */
export const OLDER = ["2025-11-25", "2025-06-18"];
/** All texts of a tool's result. */
export const text = (result) => result.content.map((part) => part.text).join("\n");

/** A call of every tool that succeeds. */
export const calls = {
  get_stats: { metrics: ["visitors", "events"], dimensions: ["source"], date_range: "last 7 days" },
  top_sources: { date_range: "last 30 days" },
  top_pages: { by: "entry_path" },
  compare_periods: { date_range: "last 7 days" },
  query_events: { limit: 5, properties: ["plan"], identifiers: true },
  funnel: { steps: ["pageview", "own-signup"], breakdown: "source" },
  retention: { interval: "day", periods: 3, date_range: "7d" },
  journeys: { start: "pageview", steps: 2 },
  match: { trigger: "pageview", result: "own-signup", window: "1d" },
  realtime: {},
  list_events: {},
  list_segments: {},
  get_metric_definitions: {},
  explain_source: { url: "https://a.example/?gclid=x", referrer: "https://www.google.com/" },
  track_event: { event: "tracked-by-agent", properties: { n: 1 } },
  list_projects: {},
  compare_projects: { metrics: ["events"], date_range: "last 7 days" },
  usage: {},
};

/** Makes the projects and stores their events. */
export async function projects() {
  const organization = `mcp-${randomUUID().slice(0, 8)}`;
  const own = await newProject("mcp", "--unlimited", "--organization", organization, "--timezone", "Europe/Berlin");
  const second = await newProject("mcp-second", "--unlimited", "--organization", organization);
  const other = await newProject("mcp-other", "--unlimited", "--organization", `${organization}-other`);
  const now = Date.now();
  const events = (mark) =>
    Array.from({ length: 30 }, (_, n) => ({
      event: n % 3 === 0 ? `${mark}-signup` : "pageview",
      event_id: `${mark}-${n}`,
      timestamp: now - (n + 1) * 60_000,
      anonymous_id: `${mark}-device-${n % 5}`,
      user_id: `${mark}-user-${n % 3}`,
      url: `https://${mark}.example/${mark}/${n % 4}?utm_source=${mark}&utm_medium=email`,
      properties: { [`${mark}-key`]: mark, plan: "pro" },
      ...(n === 0 ? { revenue: { amount: "12.50", currency: "EUR" } } : {}),
    }));
  for (const [project, mark] of /** @type {any[][]} */ ([
    [own, "own"],
    [second, "second"],
    [other, FOREIGN],
  ])) {
    const [status] = await ask("/v1/batch", { key: project.keys.sk, body: events(mark) });
    if (status !== 202) throw new Error(`${status} for the events of ${mark}`);
  }
  await settled();
  return { own, second, other };
}
