// A program over the types that openapi-typescript generates. The test compiles it, which checks the types, and runs it.

import createClient from "openapi-fetch";
import type { paths } from "./api";

export async function roundTrip(baseUrl: string, key: string, event: string) {
  const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
  const sent = await client.POST("/v1/track", {
    body: { event, anonymous_id: "openapi-fetch", url: "https://a.example/" },
  });
  if (sent.error) throw new Error(sent.error.detail);
  const stats = await client.POST("/v1/stats", {
    body: { metrics: ["events"], filters: [["is", "event", [event]]], date_range: "today" },
  });
  const wrong = await client.GET("/v1/stats", { params: { query: { metric: ["visitor" as "visitors"] } } });
  return { id: sent.data.event_id, rows: stats.data?.rows, error: wrong.error?.error };
}
