import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import type { Context } from "./api.js";
import type { Headwater } from "./client.js";
import type { NewEvent, NewIdentification, NewPage } from "./event.js";

/** Sends events for one request: the visitor's address and browser go with them, and on a page its URL. */
export interface Visit {
  /** What is sent as `context`; the API uses it as a browser's own and throws it away. */
  readonly context: Context;
  track(event: NewEvent): string | undefined;
  page(page?: NewPage): string | undefined;
  identify(person: NewIdentification): string | undefined;
}

/** What can be read from a request by `R`'s framework. */
export interface MiddlewareOptions<R> {
  /**
   * The visitor's IP address, where the framework's own idea of it is not right: behind a proxy that it was not told
   * of, or on a platform that has it in a header. Only take a header that your own proxy sets.
   */
  ip?: (request: R) => string | undefined;
}

/** Requests carry their visit here, also from one copy of this module to another. */
const VISIT = Symbol.for("headwater.visit");

/** The visit of a request (in hono: of the context), once the middleware has seen it. */
export function visitOf(request: object): Visit {
  const visit = (request as { [VISIT]?: Visit })[VISIT];
  if (!visit) throw new TypeError("no Headwater middleware has seen this request");
  return visit;
}

/** What the middleware reads of an express request. */
export interface ExpressRequest {
  readonly ip?: string | undefined;
  readonly protocol: string;
  readonly originalUrl: string;
  readonly headers: IncomingHttpHeaders;
}

/** For `app.use(…)`. The address is `req.ip`, which heeds `trust proxy`. */
export function expressMiddleware<R extends ExpressRequest>(client: Headwater, { ip }: MiddlewareOptions<R> = {}) {
  return (request: R, _response: unknown, next: () => void): void => {
    const header = (name: string) => text(request.headers[name]);
    const url = `${request.protocol}://${header("host") ?? "localhost"}${request.originalUrl}`;
    attach(request, client, { ip: ip ? ip(request) : request.ip, url, header });
    next();
  };
}

/** What the plugin reads of a fastify request. */
export interface FastifyRequestLike {
  readonly ip: string;
  readonly protocol: string;
  readonly originalUrl: string;
  readonly headers: IncomingHttpHeaders;
}

interface FastifyLike<R> {
  addHook(name: "onRequest", hook: (request: R, reply: unknown, done: () => void) => void): unknown;
}

/** For `app.register(fastifyPlugin(client))`. The address is `request.ip`, which heeds `trustProxy`. */
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
  // For the whole app, not for the plugin's own routes alone.
  return Object.assign(plugin, { [Symbol.for("skip-override")]: true });
}

/** What the middleware reads of a hono context. */
export interface HonoContext {
  readonly req: { readonly url: string; header(name: string): string | undefined };
  readonly env: unknown;
}

/** For `app.use(…)`. The address is the socket's on Node; elsewhere say where it stands with `ip`. */
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

/** The API takes so many characters: a visitor who sends more must not be able to have the event refused. */
const LONGEST = 2048;

const short = (value: string | undefined) => value?.slice(0, LONGEST);

function text(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
