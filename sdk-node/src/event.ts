import { randomUUID } from "node:crypto";
import type { Event, EventTime, Identification } from "./api.js";
import { HeadwaterError } from "./error.js";
import { type Entry, EVENT_BYTES } from "./queue.js";

type Timed<T extends { timestamp?: unknown }> = Omit<T, "timestamp"> & { timestamp?: EventTime | Date | null };

/** An event; its time may be a `Date`. Without `event_id` and `timestamp` it gets both when the call is made. */
export type NewEvent = Timed<Event>;

/** A page view: an event of which the name is known. */
export type NewPage = Omit<NewEvent, "event">;

/** Says that a device (`anonymous_id`) belongs to a person (`user_id`). */
export type NewIdentification = Timed<Identification>;

/** The event as which the API stores an identification. */
export function identification({ traits, ...rest }: NewIdentification): NewEvent {
  for (const id of ["anonymous_id", "user_id"] as const) {
    // Any other event may lack them, so that nobody would complain later.
    if (!rest[id]) throw invalid(`identify needs an ${id}`);
  }
  return { ...rest, event: "$identify", properties: traits ?? null };
}

/**
 * Fixes an event as it will be sent, however often that takes: its id and time, without which a repetition would
 * count twice, and its JSON, so that later changes of the objects in it do not show.
 */
export function fixed(event: NewEvent, now: number): Entry & { id: string } {
  if (typeof event !== "object" || event === null) throw invalid("an event must be an object");
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
    throw new HeadwaterError({ code: "payload_too_large", detail: `an event of ${bytes} bytes; 1 MiB is allowed` });
  }
  return { json, bytes, id };
}

/** A UUIDv7 (RFC 9562): it begins with its time. */
function uuid7(now: number): string {
  const time = now.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

function invalid(detail: string): HeadwaterError {
  return new HeadwaterError({ code: "invalid_event", detail });
}
