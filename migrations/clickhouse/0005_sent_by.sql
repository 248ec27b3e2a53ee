-- Who sent an event. Nothing that was stored before says it: a server's event and a browser's may have the same ids, the
-- same page and no user agent. What a server sent can be trusted further than what anybody may send with a public key,
-- and a server's event is no visit of its own, so the Worker stores the sender with each event.
--
-- Events from before keep the empty text. There is no default: a guess would be indistinguishable from knowledge.
ALTER TABLE events ADD COLUMN IF NOT EXISTS sent_by LowCardinality(String) AFTER received_at;
