export type * from "./api.js";
export { Headwater, type Options } from "./client.js";
export type { Counts } from "./delivery.js";
export { type Code, HeadwaterError } from "./error.js";
export type { NewEvent, NewIdentification, NewPage } from "./event.js";
export {
  type ExpressRequest,
  expressMiddleware,
  type FastifyRequestLike,
  fastifyPlugin,
  type HonoContext,
  honoMiddleware,
  type MiddlewareOptions,
  type Visit,
  visitOf,
} from "./middleware.js";
