// Twenty questions as an agent puts them, as chains of tool calls; the true answers are worked out here, by plain loops
// over the events that were sent.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, describe, test } from "node:test";
import { told, use } from "./harness/mcp.mjs";
import { ask, newProject, settled } from "./harness/stack.mjs";

const DAY = 86_400_000;
const MINUTE = 60_000;
const now = Date.now();
const today = Math.floor(now / DAY) * DAY;
/** Where a person comes from: as it is sent, and as it is told. */
const ORIGINS = [
  { url: "?utm_source=newsletter&utm_medium=email", source: "newsletter", medium: "email" },
  { referrer: "https://www.google.com/", source: "google", medium: "organic" },
  { url: "?utm_source=partner&utm_medium=referral", source: "partner", medium: "referral" },
  { source: "direct", medium: "direct" },
];
const PAGES = ["/", "/pricing", "/blog"];
const account = { path: "/mcp/account" };

/** @typedef {{event: string, at: number, who: string, path: string, source: string, medium: string, plan?: string, amount?: number}} Sent */
/** @type {Sent[]} */
const sent = [];
/** @type {Sent[]} */
const others = [];
let shop;
let other;

function visits(list, people, factor) {
  for (let person = 0; person < people; person++) {
    const { source, medium } = ORIGINS[person % ORIGINS.length];
    for (let ago = 1; ago < 75; ago++) {
      if ((person * 7 + ago * factor) % 11 >= 2) continue;
      const start = today - ago * DAY + (8 + (person % 10)) * 60 * MINUTE;
      const add = (event, minute, more = {}) =>
        list.push({
          ...{ event, at: start + minute * MINUTE, who: `p${person}`, source, medium },
          ...{ path: PAGES[(person + ago + minute) % PAGES.length], ...more },
        });
      const views = 1 + ((person + ago) % 3);
      for (let view = 0; view < views; view++) add("pageview", view);
      const plan = person % 2 ? "pro" : "free";
      if (person % 3 === 0 && ago % 4 === 0) add("signup", views, { plan });
      if (person % 6 === 0 && ago % 3 === 0) add("purchase", views + 1, { plan, amount: 10 + person });
    }
  }
}

before(async () => {
  const organization = `mcp-questions-${randomUUID().slice(0, 8)}`;
  shop = await newProject("mcp-shop", "--unlimited", "--organization", organization);
  other = await newProject("mcp-blog", "--unlimited", "--organization", organization);
  visits(sent, 40, 3);
  visits(others, 12, 5);
  for (let n = 0; n < 3; n++) {
    sent.push({
      event: "pageview",
      at: now - 2 * MINUTE,
      who: `live${n}`,
      path: "/live",
      source: "direct",
      medium: "direct",
    });
  }
  for (const [project, list] of /** @type {[any, Sent[]][]} */ ([
    [shop, sent],
    [other, others],
  ])) {
    const events = list.map(({ event, at, who, path, source, plan, amount }, n) => {
      const origin = ORIGINS.find((one) => one.source === source);
      return {
        ...{ event, event_id: `e${n}`, timestamp: at, anonymous_id: who },
        ...{ url: `https://shop.example${path}${origin.url ?? ""}`, referrer: origin.referrer },
        ...(plan ? { properties: { plan } } : {}),
        ...(amount ? { revenue: { amount: `${amount}`, currency: "EUR" } } : {}),
      };
    });
    for (let from = 0; from < events.length; from += 1000) {
      const [status, answer] = await ask("/v1/batch", { key: project.keys.sk, body: events.slice(from, from + 1000) });
      assert.deepEqual([status, answer.results], [202, []]);
    }
  }
  await settled();
});

const between = (from, to, list = sent) => list.filter(({ at }) => at >= from && at < to);
const last = (days, list = sent) => between(today - (days - 1) * DAY, now, list);
const named = (name) => (one) => one.event === name;
const distinct = (list) => new Set(list.map(({ who }) => who)).size;
const sum = (list) => list.reduce((total, { amount = 0 }) => total + amount, 0);
const share = (part, whole) => Math.round((10_000 * part) / whole) / 100;
function grouped(list, by) {
  const groups = new Map();
  for (const one of list) groups.set(by(one), [...(groups.get(by(one)) ?? []), one]);
  return groups;
}
/** A person's events with gaps under 30 minutes. */
function sessionsOf(list) {
  const sessions = [];
  for (const events of grouped(list, ({ who }) => who).values()) {
    let open = null;
    for (const event of events.sort((a, b) => a.at - b.at)) {
      if (!open || event.at - open.at(-1).at >= 30 * MINUTE) {
        open = [];
        sessions.push(open);
      }
      open.push(event);
    }
  }
  return sessions;
}
/** The last month of the calendar, in UTC. */
function lastMonth() {
  const date = new Date(now);
  return [Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - 1), Date.UTC(date.getUTCFullYear(), date.getUTCMonth())];
}
const monday = today - ((today / DAY + 3) % 7) * DAY;
const iso = (at) => new Date(at).toISOString().slice(0, 10);
const ofShop = (name, args) => told(shop.keys.rk, name, args);

describe("an agent asks", () => {
  test("1. how many people visited in the last 30 days?", async () => {
    const { rows } = await ofShop("get_stats", { metrics: ["visitors", "pageviews"], date_range: "last 30 days" });
    assert.deepEqual(rows, [{ visitors: distinct(last(30)), pageviews: last(30).filter(named("pageview")).length }]);
  });

  test("2. where do most of them come from?", async () => {
    const { rows } = await ofShop("top_sources", { by: "source", date_range: "last 30 days" });
    const bySource = [...grouped(last(30), ({ source }) => source)];
    /** @type {[string, number][]} */
    const wanted = bySource.map(([source, events]) => [source, distinct(events)]);
    const found = rows.map(({ source, visitors }) => [source, visitors]);
    assert.deepEqual(new Map(found), new Map(wanted));
    assert.equal(found[0][1], Math.max(...wanted.map(([, visitors]) => visitors)));
  });

  test("3. and how did they come, by medium?", async () => {
    const { rows } = await ofShop("top_sources", { date_range: "last 30 days" });
    const key = ({ source, medium }) => `${source}/${medium}`;
    const wanted = [...grouped(last(30), key)].map(([name, events]) => [name, events.length]).sort();
    assert.deepEqual(rows.map((row) => [key(row), row.events]).sort(), wanted);
  });

  test("4. which page was seen most yesterday?", async () => {
    const { rows } = await ofShop("top_pages", { date_range: "yesterday" });
    const views = between(today - DAY, today).filter(named("pageview"));
    const wanted = [...grouped(views, ({ path }) => path)].map(([path, events]) => [
      path,
      distinct(events),
      events.length,
    ]);
    assert.deepEqual(rows.map((row) => [row.path, row.visitors, row.pageviews]).sort(), wanted.sort());
  });

  test("5. did last week go better than the one before?", async () => {
    const { rows } = await ofShop("compare_periods", { metrics: ["events", "visitors"], date_range: "last week" });
    const week = (weeks) => between(monday - weeks * 7 * DAY, monday - (weeks - 1) * 7 * DAY);
    const [is, was] = [week(1).length, week(2).length];
    assert.deepEqual([rows[0].events, rows[0].compare.events.previous], [is, was]);
    assert.equal(rows[0].compare.events.change, share(is - was, was));
    assert.deepEqual([rows[0].visitors, rows[0].compare.visitors.previous], [distinct(week(1)), distinct(week(2))]);
  });

  test("6. how did last month go, day by day?", async () => {
    const args = {
      metrics: ["events"],
      dimensions: ["time:day"],
      date_range: "last month",
      include: { gap_fill: true },
    };
    const { rows } = await ofShop("get_stats", args);
    const [from, to] = lastMonth();
    const wanted = [];
    for (let day = from; day < to; day += DAY) wanted.push({ time: iso(day), events: between(day, day + DAY).length });
    assert.deepEqual(rows, wanted);
  });

  test("7. what is measured here, and how many signups were there by plan?", async () => {
    const { events } = await ofShop("list_events");
    assert.deepEqual(events.map(({ name }) => name).sort(), ["pageview", "purchase", "signup"]);
    const signup = events.find(({ name }) => name === "signup");
    assert.deepEqual(signup.properties, [{ key: "plan", types: ["string"] }]);
    const filters = [["is", "event", ["signup"]]];
    const { rows } = await ofShop("get_stats", { dimensions: ["prop:plan"], filters, date_range: "60d" });
    const wanted = [...grouped(last(60).filter(named("signup")), ({ plan }) => plan)];
    assert.deepEqual(
      new Map(rows.map((row) => [row["prop:plan"], row.events])),
      new Map(wanted.map(([plan, list]) => [plan, list.length])),
    );
  });

  test("8. what did we earn in the last 30 days?", async () => {
    const { rows } = await ofShop("get_stats", { metrics: ["revenue"], date_range: "last 30 days" });
    assert.deepEqual(rows, [{ revenue: { EUR: sum(last(30)) } }]);
  });

  test("9. and per purchase on average?", async () => {
    const { rows } = await ofShop("get_stats", { metrics: ["average_revenue"], date_range: "last 30 days" });
    const purchases = last(30).filter(named("purchase"));
    assert.ok(Math.abs(rows[0].average_revenue.EUR - sum(purchases) / purchases.length) < 0.0001);
  });

  test("10. which sources bring people who sign up?", async () => {
    const args = {
      metrics: ["visitors", "conversion_rate"],
      dimensions: ["source"],
      goal: "signup",
      date_range: "30d",
    };
    const { rows } = await ofShop("get_stats", args);
    const found = new Map(rows.map((row) => [row.source, row.conversion_rate]));
    for (const [source, events] of grouped(last(30), (one) => one.source)) {
      assert.equal(found.get(source), share(distinct(events.filter(named("signup"))), distinct(events)), source);
    }
  });

  const stepsOf = (list, names) => {
    const counts = names.map(() => 0);
    for (const events of grouped(list, ({ who }) => who).values()) {
      let step = 0;
      for (const { event } of events.sort((a, b) => a.at - b.at)) if (event === names[step]) counts[step++]++;
    }
    return counts;
  };

  test("11. how many go from a page to a signup to a purchase?", async () => {
    const names = ["pageview", "signup", "purchase"];
    const { steps } = await ofShop("funnel", { steps: names, window: "90d", date_range: "last 60 days" });
    assert.deepEqual(
      steps.map(({ count }) => count),
      stepsOf(last(60), names),
    );
  });

  test("12. the same with a name that is wrong: the answer says which is meant", async () => {
    const args = { window: "90d", date_range: "last 60 days" };
    const found = await use(shop.keys.rk, "funnel", { steps: ["pageview", "sign_up"], ...args });
    const [, meant] = found.content[0].text.match(/no event "sign_up".* nearest names: "([^"]+)"/);
    const { steps } = await ofShop("funnel", { steps: ["pageview", meant], ...args });
    assert.deepEqual(
      steps.map(({ count }) => count),
      stepsOf(last(60), ["pageview", "signup"]),
    );
  });

  test("13. who comes back, week by week?", async () => {
    const from = monday - 4 * 7 * DAY;
    const range = [iso(from), iso(monday - DAY)];
    const { rows } = await ofShop("retention", { interval: "week", periods: 3, date_range: range });
    const weekOf = (at) => Math.floor((at - from) / (7 * DAY));
    const wanted = [0, 1, 2, 3].map((week) => ({ cohort: iso(from + week * 7 * DAY), size: 0, returned: [0, 0, 0] }));
    for (const events of grouped(between(from, now), ({ who }) => who).values()) {
      const first = Math.min(...events.map(({ at }) => at));
      if (first >= monday) continue;
      const cohort = wanted[weekOf(first)];
      cohort.size++;
      const weeks = new Set(events.map(({ at }) => weekOf(at) - weekOf(first)));
      for (const week of [0, 1, 2]) if (weeks.has(week)) cohort.returned[week]++;
    }
    for (const [week, cohort] of wanted.entries()) {
      // What has not come yet is null.
      cohort.returned = cohort.returned.map((count, later) => (from + (week + later) * 7 * DAY > now ? null : count));
    }
    assert.deepEqual(
      rows.map(({ cohort, size, returned }) => ({ cohort, size, returned })),
      wanted,
    );
  });

  test("14. who is here right now?", async () => {
    const { windows } = await ofShop("realtime");
    const inLast = (minutes) => {
      const end = (Math.floor(Date.now() / MINUTE) + 1) * MINUTE;
      return between(end - minutes * MINUTE, end);
    };
    for (const { minutes, visitors, pages } of windows) {
      assert.equal(visitors, distinct(inLast(minutes)));
      if (visitors > 0) assert.deepEqual([pages[0].path, pages[0].visitors], ["/live", 3]);
    }
  });

  test("15. which were the last three purchases, and of which plan?", async () => {
    const { rows } = await ofShop("query_events", {
      event: "purchase",
      properties: ["plan"],
      limit: 3,
      date_range: "60d",
    });
    const purchases = last(60).filter(named("purchase"));
    const newest = purchases
      .map(({ at }) => at)
      .sort((a, b) => b - a)
      .slice(0, 3);
    assert.deepEqual(
      rows.map(({ timestamp }) => Date.parse(timestamp)),
      newest,
    );
    for (const row of rows) {
      const fits = (/** @type {Sent} */ { at, plan, amount }) =>
        at === Date.parse(row.timestamp) && plan === row.properties.plan && amount === Number(row.revenue.amount);
      assert.ok(purchases.some(fits), JSON.stringify(row));
    }
  });

  test("16. how many purchases were above 30?", async () => {
    const filters = [["gt", "revenue", 30]];
    const { rows } = await ofShop("get_stats", { metrics: ["events", "revenue"], filters, date_range: "60d" });
    const large = last(60).filter(({ amount = 0 }) => amount > 30);
    assert.deepEqual(rows, [{ events: large.length, revenue: { EUR: sum(large) } }]);
  });

  test("17. on which page do visits begin, and how many end there?", async () => {
    const { rows } = await ofShop("top_pages", { by: "entry_path", date_range: "last 30 days" });
    const wanted = grouped(sessionsOf(last(30)), ([first]) => first.path);
    assert.equal(rows.length, wanted.size);
    for (const row of rows) {
      const sessions = wanted.get(row.entry_path);
      const bounces = sessions.filter((events) => events.length === 1).length;
      assert.deepEqual(
        [row.sessions, row.bounce_rate],
        [sessions.length, share(bounces, sessions.length)],
        row.entry_path,
      );
    }
  });

  test("18. how many visits were there last month, and how many pages each?", async () => {
    const metrics = ["sessions", "views_per_session"];
    const { rows } = await ofShop("get_stats", { metrics, date_range: "last month" });
    const sessions = sessionsOf(between(...lastMonth()));
    const views = sessions.flat().filter(named("pageview")).length;
    assert.equal(rows[0].sessions, sessions.length);
    assert.ok(Math.abs(rows[0].views_per_session - views / sessions.length) < 0.0001);
  });

  test("19. which of our projects has more visitors?", async () => {
    const { projects } = await told(shop.keys.ak, "list_projects", {}, account);
    const args = {
      projects: projects.map(({ slug }) => slug),
      metrics: ["visitors", "events"],
      date_range: "last 30 days",
    };
    const { rows } = await told(shop.keys.ak, "compare_projects", args, account);
    const wanted = [
      { project: shop.slug, visitors: distinct(last(30)), events: last(30).length },
      { project: other.slug, visitors: distinct(last(30, others)), events: last(30, others).length },
    ];
    const bySlug = (a, b) => a.project.localeCompare(b.project);
    assert.deepEqual(rows.sort(bySlug), wanted.sort(bySlug));
  });

  test("20. what would an advertisement count as, and did one bring anybody?", async () => {
    const url = "https://shop.example/?gclid=abc";
    const { medium, rule_id } = await ofShop("explain_source", { url, referrer: "https://www.google.com/" });
    assert.deepEqual([medium, rule_id], ["paid", "paid-click-id"]);
    const found = await use(shop.keys.rk, "get_stats", {
      metrics: ["visitors"],
      filters: [["is", "medium", [medium]]],
    });
    assert.equal(found.structuredContent.rows[0].visitors, 0);
    assert.match(found.content[0].text, /No data.*no value of medium "paid" in this period/s);
  });

  test("21. do those who signed up also buy?", async () => {
    const filters = [
      ["is", "event", ["purchase"]],
      ["has_done", ["is", "event", ["signup"]]],
    ];
    const { rows } = await ofShop("get_stats", { metrics: ["visitors"], filters, date_range: "60d" });
    const signed = new Set(
      last(60)
        .filter(named("signup"))
        .map(({ who }) => who),
    );
    assert.deepEqual(rows, [
      {
        visitors: distinct(
          last(60)
            .filter(named("purchase"))
            .filter(({ who }) => signed.has(who)),
        ),
      },
    ]);
  });

  test("22. and how was yesterday, as New York counts it?", async () => {
    const timezone = "America/New_York";
    const found = await ofShop("get_stats", { metrics: ["events"], date_range: "yesterday", timezone });
    const dateIn = (at) => new Intl.DateTimeFormat("en-CA", { timeZone: timezone }).format(at);
    const [year, month, day] = dateIn(Date.now()).split("-").map(Number);
    const yesterday = new Date(Date.UTC(year, month - 1, day - 1)).toISOString().slice(0, 10);
    assert.equal(found.rows[0].events, sent.filter(({ at }) => dateIn(at) === yesterday).length);
    assert.match(found.notes[0], /time zone America\/New_York/);
  });
});
