-- Every event, one row an identity: (project, env, UTC day, event_id).
--
-- The sorting key is exactly that identity with the tenant first; another column in it would make two
-- rows of one event. Months are the partitions, so that an identity never lies in two of them and old
-- months can go as a whole. Where one identity was written more than once the first receipt wins:
-- ReplacingMergeTree keeps the largest `precedence`, which falls as receipt time rises.
--
-- The deduplication window remembers insert tokens for longer than any retry of a batch lasts.
CREATE TABLE IF NOT EXISTS events
(
    project_id UUID,
    env Enum8('live' = 1, 'test' = 2),
    timestamp DateTime64(3, 'UTC'),
    event_id String,
    event LowCardinality(String),
    received_at DateTime64(3, 'UTC'),
    precedence UInt64 DEFAULT 18446744073709551615 - toUnixTimestamp64Milli(received_at),
    anonymous_id String,
    user_id String,
    session_id String,
    visitor_hash UInt64,
    -- Who is counted as one visitor: the device's id where it has one, else the day's hash; 0: nobody known.
    visitor UInt128 MATERIALIZED multiIf(
        anonymous_id != '', reinterpretAsUInt128(sipHash128(anonymous_id)),
        toUInt128(visitor_hash)),
    url String,
    host LowCardinality(String),
    path String,
    title String,
    referrer String,
    referrer_host LowCardinality(String),
    source LowCardinality(String),
    medium LowCardinality(String),
    channel LowCardinality(String),
    campaign LowCardinality(String),
    term String,
    content String,
    click_id LowCardinality(String),
    rule_id LowCardinality(String),
    confidence Enum8('low' = 1, 'medium' = 2, 'high' = 3),
    classifier_version LowCardinality(String),
    country LowCardinality(String),
    region LowCardinality(String),
    city LowCardinality(String),
    language LowCardinality(String),
    device_type LowCardinality(String),
    browser LowCardinality(String),
    browser_version LowCardinality(String),
    os LowCardinality(String),
    os_version LowCardinality(String),
    bot_class LowCardinality(String),
    revenue Nullable(Decimal(18, 4)),
    currency LowCardinality(String),
    properties String CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(precedence)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (project_id, env, toDate(timestamp), event_id)
SETTINGS non_replicated_deduplication_window = 10000;

-- Days whose rollups no longer equal the events. Marking one twice is harmless, so this is the one thing
-- that may be computed at insert time.
CREATE TABLE IF NOT EXISTS dirty
(
    project_id UUID,
    env Enum8('live' = 1, 'test' = 2),
    day Date,
    at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(at)
ORDER BY (project_id, env, day)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS dirty_marks TO dirty AS
SELECT project_id, env, toDate(timestamp) AS day, now64(3, 'UTC') AS at
FROM events
GROUP BY project_id, env, day;
