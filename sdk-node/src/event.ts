import { randomUUID } from "node:crypto";
import type { Event, EventTime, Identification } from "./api.js";
import { HeadwaterError } from "./error.js";
import { type Entry, EVENT_BYTES } from "./queue.js";

type Timed<T extends { timestamp?: unknown }> = Omit<T, "timestamp"> & { timestamp?: EventTime | Date | null };

/** An event; its timestamp may be a `Date`. If `event_id` or `timestamp` is missing, it is set when the call is made. */
export type NewEvent = Timed<Event>;

/** A page view: an event without a name of its own. */
export type NewPage = Omit<NewEvent, "event">;

/** Links a device (`anonymous_id`) to a person (`user_id`). */
export type NewIdentification = Timed<Identification>;

/** The event that an identification is stored as. */
export function identification({ traits, ...rest }: NewIdentification): NewEvent {
  for (const id of ["anonymous_id", "user_id"] as const) {
    // The API would not reject it later, because other events need neither.
    if (!rest[id])
      throw invalid(`\`${id}\`: is missing: identify needs anonymous_id, the device, and user_id, the person`);
  }
  return { ...rest, event: "$identify", properties: traits ?? null };
}

/**
 * Serializes an event once, for all attempts to send it: with its id and time, without which a retry would count twice,
 * and as JSON, so that later changes of its objects do not matter.
 */
export function fixed(event: NewEvent, now: number): Entry & { id: string } {
  if (typeof event !== "object" || event === null)
    throw invalid('the event must be an object such as { event: "signup" }');
  const id = event.event_id ?? uuid7(now);
  let json: string;
  try {
    const timestamp = event.timestamp ?? now;
    const time = timestamp instanceof Date || timestamp === now ? new Date(timestamp).toISOString() : timestamp;
    json = JSON.stringify({ ...event, event_id: id, timestamp: time });
  } catch (error) {
    throw invalid(`the event cannot be written as JSON: ${(error as Error).message.split("\n")[0]}`);
  }
  const bytes = Buffer.byteLength(json);
  if (bytes > EVENT_BYTES) {
    throw new HeadwaterError({
      code: "payload_too_large",
      detail: `the event has ${bytes} bytes; at most 1 MiB is allowed`,
    });
  }
  return { json, bytes, id };
}

/** A UUIDv7 (RFC 9562), which begins with its time. */
function uuid7(now: number): string {
  const time = now.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

function invalid(detail: string): HeadwaterError {
  return new HeadwaterError({ code: "invalid_event", detail });
}
