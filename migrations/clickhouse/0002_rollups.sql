-- What is recomputed from `events FINAL` for days that `dirty` names (docs/rollups.md). Rows are written under
-- a new generation and never changed; the last thing written is the generation's row in `computed`, so that
-- readers, who take the newest generation of a day from there, see a whole one or the one before.

-- What humans did, counted by one dimension at a time. Hours (UTC) answer for any zone of whole hours and hold
-- the visitors themselves, so that they can be counted over any set of hours; days (UTC) are one number each.
-- The dimension stands before the day: a question reads its own only.
CREATE TABLE IF NOT EXISTS daily_rollup
(
    project_id UUID,
    env Enum8('live' = 1, 'test' = 2),
    -- 'source_medium' is the pair, with the medium in `second`.
    dimension Enum8('total' = 0, 'event' = 1, 'source' = 2, 'medium' = 3, 'channel' = 4, 'campaign' = 5,
        'source_medium' = 6, 'referrer_host' = 7, 'country' = 8, 'device_type' = 9, 'browser' = 10, 'os' = 11,
        'language' = 12, 'host' = 13, 'path' = 14),
    grain Enum8('day' = 1, 'hour' = 2),
    day Date,
    generation UInt64,
    -- 0..23; of rows of a whole day 0.
    hour UInt8,
    value String,
    second LowCardinality(String),
    events UInt64,
    pageviews UInt64,
    visitors_count UInt64,
    -- Empty in rows of a whole day.
    visitors AggregateFunction(uniqExact, UInt128)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (project_id, env, dimension, grain, day, generation, hour, value, second);

-- One row a session of a human; `day` is the UTC day it starts on. Attributes are those of its entry.
CREATE TABLE IF NOT EXISTS sessions
(
    project_id UUID,
    env Enum8('live' = 1, 'test' = 2),
    day Date,
    generation UInt64,
    visitor UInt128,
    -- As sent; '' where none was.
    session_id String,
    started_at DateTime64(3, 'UTC'),
    ended_at DateTime64(3, 'UTC'),
    duration_ms Int64 ALIAS dateDiff('millisecond', started_at, ended_at),
    events UInt32,
    pageviews UInt32,
    is_bounce Bool,
    entry_path String,
    exit_path String,
    host LowCardinality(String),
    source LowCardinality(String),
    medium LowCardinality(String),
    channel LowCardinality(String),
    campaign LowCardinality(String),
    term String,
    content String,
    referrer_host LowCardinality(String),
    click_id LowCardinality(String),
    country LowCardinality(String),
    region LowCardinality(String),
    city LowCardinality(String),
    language LowCardinality(String),
    device_type LowCardinality(String),
    browser LowCardinality(String),
    os LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (project_id, env, day, generation, started_at, visitor, session_id);

-- Who was identified as whom: the first `$identify` of each pair on each UTC day.
CREATE TABLE IF NOT EXISTS identities
(
    project_id UUID,
    env Enum8('live' = 1, 'test' = 2),
    day Date,
    generation UInt64,
    anonymous_id String,
    user_id String,
    timestamp DateTime64(3, 'UTC'),
    event_id String
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (project_id, env, day, generation, anonymous_id, user_id);

-- The finished generations. A day is clean where every mark that concerns it is older than the `covers` of its
-- newest generation: what was marked before that is counted in its rows.
CREATE TABLE IF NOT EXISTS computed
(
    project_id UUID,
    env Enum8('live' = 1, 'test' = 2),
    kind Enum8('rollup' = 1, 'sessions' = 2, 'identities' = 3),
    day Date,
    generation UInt64,
    covers DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (project_id, env, kind, day, generation);
