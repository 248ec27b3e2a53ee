import type { Problem, Routes } from "./api.js";
import { HeadwaterError } from "./error.js";
import { delay, retryAfter } from "./retry.js";

const KEY = /^(pk|sk|rk|ak)_(live|test)_[0-9a-z]{8}_[0-9A-Za-z]{38}$/;

/** The variable parts of a request. */
export interface Payload {
  query?: object | undefined;
  /** JSON text. */
  body?: string;
  signal?: AbortSignal;
  /** Replaces `{id}` in the route's path. */
  id?: string;
}

/** Sends requests to the Worker. Every failure is a `HeadwaterError`. */
export class Transport {
  readonly #key: string;
  readonly #host: URL;
  readonly #timeout: number;

  /** `timeout`: most milliseconds until the response begins, or for JSON until it is complete. */
  constructor(key: string, host: string, timeout: number) {
    // Check here, because an error of `fetch` would quote an invalid key.
    if (typeof key !== "string" || !KEY.test(key)) {
      const detail = "`key`: must be an API key such as sk_live_… or sk_test_…, copied as a whole";
      throw new HeadwaterError({ code: "malformed_api_key", detail });
    }
    this.#key = key;
    this.#host = addressOf(host);
    this.#timeout = timeout;
  }

  /** Sends a request and returns its JSON response. */
  async json<Route extends keyof Routes>(route: Route, payload: Payload): Promise<Routes[Route]["answer"]> {
    const response = await this.#send(route, payload, AbortSignal.timeout(this.#timeout));
    const text = await response.text().catch((error) => {
      throw unanswered(error, payload.signal);
    });
    const answer = read(text);
    if (typeof answer !== "object" || answer === null) throw strange(response, "the response is not a JSON object");
    return answer as Routes[Route]["answer"];
  }

  /** The same with retries, for idempotent requests. */
  async patiently<Route extends keyof Routes>(
    route: Route,
    payload: Payload,
    retries: number,
  ): Promise<Routes[Route]["answer"]> {
    return retried(() => this.json(route, payload), retries);
  }

  /** Sends a request and returns the stream of its response, which may take any time. */
  async stream(route: keyof Routes, payload: Payload, retries: number): Promise<ReadableStream<Uint8Array>> {
    const response = await retried(async () => {
      const headers = new AbortController();
      const timer = setTimeout(() => headers.abort(new DOMException("no answer", "TimeoutError")), this.#timeout);
      return this.#send(route, payload, headers.signal).finally(() => clearTimeout(timer));
    }, retries);
    if (!response.body) throw strange(response, "the response has no body");
    return response.body;
  }

  async #send(route: keyof Routes, { query, body, signal, id }: Payload, timeout: AbortSignal): Promise<Response> {
    const [method, path = ""] = route.split(" ");
    const url = new URL(this.#host);
    url.pathname += path.slice(1).replace("{id}", encodeURIComponent(id ?? ""));
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined && value !== null) url.searchParams.set(name, parameter(name, value));
    }
    const headers: Record<string, string> = { authorization: `Bearer ${this.#key}` };
    if (body !== undefined) headers["content-type"] = "application/json";
    // Following a redirect would turn a POST into a GET, and its response would look like success.
    const init: RequestInit = { method: method ?? "GET", headers, redirect: "manual" };
    if (body !== undefined) init.body = body;
    init.signal = signal ? AbortSignal.any([signal, timeout]) : timeout;
    let response: Response;
    try {
      response = await fetch(url, init);
    } catch (error) {
      throw unanswered(error, signal);
    }
    if (response.ok) return response;
    throw refusal(response, await response.text().catch(() => ""));
  }
}

async function retried<T>(attempt: () => Promise<T>, retries: number): Promise<T> {
  for (let failed = 0; ; failed++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof HeadwaterError) || !error.retryable || failed >= retries) throw error;
      await new Promise((done) => setTimeout(done, delay(failed, error.retryAfter, Math.random())));
    }
  }
}

/** Encodes a query parameter as the OpenAPI document says: lists with commas, conditions as JSON. */
function parameter(name: string, value: unknown): string {
  if (name === "filters" || (name === "compare" && Array.isArray(value))) return JSON.stringify(value);
  return String(value);
}

function addressOf(host: string): URL {
  try {
    const url = new URL(host);
    if (!/^https?:$/.test(url.protocol)) throw new TypeError("no http");
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    url.search = url.hash = "";
    return url;
  } catch {
    throw new HeadwaterError({
      code: "invalid_params",
      detail: "`host`: must be a URL such as https://stats.example.com",
    });
  }
}

function read(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unanswered(error: unknown, given: AbortSignal | undefined): HeadwaterError {
  const { name, message, cause } = error as Error & { cause?: Error & { code?: string } };
  if (given?.aborted)
    return new HeadwaterError({
      code: "shut_down",
      detail: "the events were not delivered before the shutdown timed out",
    });
  if (name === "TimeoutError") return new HeadwaterError({ code: "timeout", detail: "no response in time" });
  return new HeadwaterError({ code: "network_error", detail: cause?.code ?? cause?.message ?? message, cause: error });
}

function refusal(response: Response, text: string): HeadwaterError {
  const problem = read(text) as Partial<Problem> | undefined;
  if (typeof problem?.error !== "string")
    return strange(response, `a response with status ${response.status} that is not from Headwater`);
  return new HeadwaterError({
    code: problem.error,
    detail: problem.detail ?? problem.title ?? "",
    status: response.status,
    fields: problem.fields ?? [],
    ...answered(response),
  });
}

function strange(response: Response, detail: string): HeadwaterError {
  return new HeadwaterError({ code: "invalid_answer", detail, status: response.status, ...answered(response) });
}

function answered({ headers }: Response): { requestId?: string; retryAfter?: number } {
  const requestId = headers.get("x-request-id");
  const wait = retryAfter(headers.get("retry-after"), Date.now());
  return { ...(requestId && { requestId }), ...(wait !== undefined && { retryAfter: wait }) };
}
