import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import type { Context } from "./api.js";
import type { Headwater } from "./client.js";
import type { NewEvent, NewIdentification, NewPage } from "./event.js";

/** Sends events for one request, with the visitor's IP address and browser; page views also with URL and referrer. */
export interface Visit {
  /** The `context` of the events. The API uses it like a browser's own request and does not store it. */
  readonly context: Context;
  track(event: NewEvent): string | undefined;
  page(page?: NewPage): string | undefined;
  identify(person: NewIdentification): string | undefined;
}

/** Options of the middleware; `R` is the framework's request. */
export interface MiddlewareOptions<R> {
  /**
   * Returns the visitor's IP address. Set it if the framework's own value is wrong: behind a proxy that it does not trust,
   * or on a platform that sends the address in a header. Only use a header that your own proxy sets.
   */
  ip?: (request: R) => string | undefined;
}

/** The property of a request that holds its visit. The symbol is global: several copies of this module share it. */
const VISIT = Symbol.for("headwater.visit");

/** The visit of a request that went through the middleware (in hono: its context). Throws a `TypeError` for others. */
export function visitOf(request: object): Visit {
  const visit = (request as { [VISIT]?: Visit })[VISIT];
  if (!visit)
    throw new TypeError("this request did not go through the Headwater middleware: register it before the route");
  return visit;
}

/** The part of an express request that the middleware uses. */
export interface ExpressRequest {
  readonly ip?: string | undefined;
  readonly protocol: string;
  readonly originalUrl: string;
  readonly headers: IncomingHttpHeaders;
}

/** Middleware for `app.use(…)`. The IP address is `req.ip`, which depends on the setting `trust proxy`. */
export function expressMiddleware<R extends ExpressRequest>(client: Headwater, { ip }: MiddlewareOptions<R> = {}) {
  return (request: R, _response: unknown, next: () => void): void => {
    const header = (name: string) => text(request.headers[name]);
    const url = `${request.protocol}://${header("host") ?? "localhost"}${request.originalUrl}`;
    attach(request, client, { ip: ip ? ip(request) : request.ip, url, header });
    next();
  };
}

/** The part of a fastify request that the plugin uses. */
export interface FastifyRequestLike {
  readonly ip: string;
  readonly protocol: string;
  readonly originalUrl: string;
  readonly headers: IncomingHttpHeaders;
}

interface FastifyLike<R> {
  addHook(name: "onRequest", hook: (request: R, reply: unknown, done: () => void) => void): unknown;
}

/** Plugin for `app.register(fastifyPlugin(client))`. The IP address is `request.ip`, which depends on `trustProxy`. */
export function fastifyPlugin<R extends FastifyRequestLike>(client: Headwater, { ip }: MiddlewareOptions<R> = {}) {
  const plugin = (app: FastifyLike<R>, _options: unknown, done: () => void): void => {
    app.addHook("onRequest", (request, _reply, next) => {
      const header = (name: string) => text(request.headers[name]);
      const url = `${request.protocol}://${header("host") ?? "localhost"}${request.originalUrl}`;
      attach(request, client, { ip: ip ? ip(request) : request.ip, url, header });
      next();
    });
    done();
  };
  // For the whole app, not only for the plugin's own routes.
  return Object.assign(plugin, { [Symbol.for("skip-override")]: true });
}

/** The part of a hono context that the middleware uses. */
export interface HonoContext {
  readonly req: { readonly url: string; header(name: string): string | undefined };
  readonly env: unknown;
}

/** Middleware for `app.use(…)`. On Node the IP address is the socket's; on other platforms set the option `ip`. */
export function honoMiddleware<C extends HonoContext>(client: Headwater, { ip }: MiddlewareOptions<C> = {}) {
  return async (context: C, next: () => Promise<void>): Promise<void> => {
    const env = context.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined;
    const address = ip ? ip(context) : env?.incoming?.socket?.remoteAddress;
    attach(context, client, { ip: address, url: context.req.url, header: (name) => context.req.header(name) });
    await next();
  };
}

interface Seen {
  ip: string | undefined;
  url: string;
  header: (name: string) => string | undefined;
}

function attach(request: object, client: Headwater, { ip, url, header }: Seen): void {
  const address = ip?.split("%")[0] ?? "";
  const language = short(header("accept-language"));
  const asked = header("dnt") === "1" || header("sec-gpc") === "1";
  const context: Context = {
    ...(isIP(address) && { ip: address }),
    user_agent: short(header("user-agent")) ?? "",
    ...(language && { language }),
    ...(asked && { dnt: true }),
  };
  const page = { url: short(url), referrer: short(header("referer")) };
  const seen = <T extends { context?: Context | null }>(event: T) => ({
    ...event,
    context: { ...context, ...event?.context },
  });
  const visit: Visit = {
    context,
    track: (event) => client.track(seen(event)),
    page: (own = {}) => client.page({ ...page, ...seen(own) }),
    identify: (person) => client.identify(seen(person)),
  };
  Object.defineProperty(request, VISIT, { value: visit, configurable: true });
}

/** The API's limit in characters. Longer values are cut, so that a visitor's headers do not make it reject events. */
const LONGEST = 2048;

const short = (value: string | undefined) => value?.slice(0, LONGEST);

function text(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
