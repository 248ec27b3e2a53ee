// Answers every fetch of a contestant, in its own process: the control plane's functions with what the Worker needs to
// check its keys, and every other request, an insert, with an empty 200.
const FUNCTIONS = "/rest/v1/rpc/";
const DAY_MS = 86_400_000;

export default {
  async fetch(request, env) {
    // Read the whole body, as a store does.
    const body = await request.arrayBuffer();
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith(FUNCTIONS)) return new Response("");
    const given = JSON.parse(new TextDecoder().decode(body));
    switch (pathname.slice(FUNCTIONS.length)) {
      case "key_lookup": {
        const answer = JSON.parse(env.ANSWERS)[given.key_prefix];
        return Response.json(answer ? { ...answer, day_keys: dayKeys(around()) } : null);
      }
      case "day_keys":
        return Response.json(dayKeys(given.days));
      case "key_touch":
        return Response.json(true);
      default:
        return new Response("no such function", { status: 404 });
    }
  },
};

function around() {
  return [-1, 0, 1].map((days) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10));
}

function dayKeys(days) {
  return Object.fromEntries(days.map((day) => [day, day.replaceAll("-", "").repeat(8)]));
}
