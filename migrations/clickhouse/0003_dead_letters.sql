-- Rows that the store refused for their content, as they were to be written, with the reason. Kept for 14
-- days, so that they can be replayed once the cause is mended.
--
-- The id is the token of the insert that was refused: a row that is set aside again is the same one.
CREATE TABLE IF NOT EXISTS dead_letters
(
    id String,
    project_id UUID,
    env Enum8('live' = 1, 'test' = 2),
    at DateTime64(3, 'UTC'),
    code LowCardinality(String),
    reason String,
    line String CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(at)
ORDER BY (project_id, env, id)
TTL toDateTime(at) + INTERVAL 14 DAY
SETTINGS non_replicated_deduplication_window = 10000;
