-- The class of the screen, and `utm_source` and `utm_medium` as they were sent: columns of events, and of sessions
-- from their entry.
--
-- History: `utm_*` of older events are taken from their stored addresses. Until a row is rewritten, a read of these
-- two columns computes them, so that answers are right at once; `MATERIALIZE COLUMN` then writes them in the
-- background. It reads `url` of all events and writes two columns, and leaves the files of the others as they are: a
-- million events took 5 s on two busy cores and 16 KB of disk. A read of the columns in the meantime costs what a read
-- of `url` costs. The screen of older events is unknown. A project that keeps no `utm_*` in its addresses has no
-- history of them.
--
-- The row writer leaves out what is empty, which the same expression computes again, from an address that has
-- nothing to give.
ALTER TABLE events
    ADD COLUMN IF NOT EXISTS screen LowCardinality(String) AFTER device_type,
    ADD COLUMN IF NOT EXISTS utm_source LowCardinality(String) DEFAULT if(
        positionCaseInsensitive(url, 'utm_source=') = 0, '', trimBoth(toValidUTF8(decodeURLFormComponent(
        extract(url, '(?i)[?&](?:amp\\x3b)?utm_source=([^&]+)'))))) AFTER click_id,
    ADD COLUMN IF NOT EXISTS utm_medium LowCardinality(String) DEFAULT if(
        positionCaseInsensitive(url, 'utm_medium=') = 0, '', trimBoth(toValidUTF8(decodeURLFormComponent(
        extract(url, '(?i)[?&](?:amp\\x3b)?utm_medium=([^&]+)'))))) AFTER utm_source;

ALTER TABLE events MATERIALIZE COLUMN utm_source, MATERIALIZE COLUMN utm_medium;

ALTER TABLE sessions
    ADD COLUMN IF NOT EXISTS screen LowCardinality(String),
    ADD COLUMN IF NOT EXISTS utm_source LowCardinality(String),
    ADD COLUMN IF NOT EXISTS utm_medium LowCardinality(String);

-- No computed day of sessions is finished any more: questions read the events until the cron has computed the days
-- again, 200 days in five minutes. Days that a Worker of the version before computes after this migration have empty
-- `utm_*`: `cargo xtask rollup rebuild --all` after it is replaced.
ALTER TABLE computed DELETE WHERE kind = 'sessions' SETTINGS mutations_sync = 2;
