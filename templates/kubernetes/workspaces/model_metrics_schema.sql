-- The store of model metrics, applied at each start of the service: everything here may be there already.
SET client_min_messages = warning;

-- One row a prediction; rows without a prediction's UUID are aggregates that a job tracked for a window of time.
CREATE TABLE IF NOT EXISTS metric (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_deployment_crn text NOT NULL,
    model_build_crn text NOT NULL DEFAULT '',
    model_crn text NOT NULL DEFAULT '',
    start_ms bigint NOT NULL,
    end_ms bigint NOT NULL,
    prediction_uuid text NOT NULL DEFAULT '',
    metrics jsonb NOT NULL DEFAULT '{}',
    CHECK (end_ms >= start_ms)
);
CREATE UNIQUE INDEX IF NOT EXISTS metric_prediction ON metric (prediction_uuid) WHERE prediction_uuid <> '';
CREATE INDEX IF NOT EXISTS metric_window ON metric (model_deployment_crn, start_ms);

-- What is left of predictions that are older than the workspace keeps: one row an hour and number.
CREATE TABLE IF NOT EXISTS metric_hour (
    model_deployment_crn text NOT NULL,
    hour_ms bigint NOT NULL,
    name text NOT NULL,
    count bigint NOT NULL,
    mean double precision NOT NULL,
    minimum double precision NOT NULL,
    maximum double precision NOT NULL,
    PRIMARY KEY (model_deployment_crn, hour_ms, name)
);

-- All numbers in a prediction's metrics by their path, such as `input_data.tenure`.
CREATE OR REPLACE FUNCTION numbers_of(metrics jsonb) RETURNS TABLE (name text, value double precision) LANGUAGE sql IMMUTABLE AS $$
    WITH RECURSIVE found (name, value) AS (
        SELECT each.key, each.value FROM jsonb_each(metrics) AS each
        UNION ALL
        SELECT found.name || '.' || each.key, each.value
        FROM found CROSS JOIN LATERAL jsonb_each(CASE jsonb_typeof(found.value) WHEN 'object' THEN found.value ELSE '{}'::jsonb END) AS each
    )
    SELECT name, (value #>> '{}')::double precision FROM found WHERE jsonb_typeof(value) = 'number'
$$;

-- Whether a prediction came true; null as long as nobody knows.
CREATE OR REPLACE FUNCTION came_true(metrics jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN jsonb_typeof(metrics -> 'probability') = 'number' AND jsonb_typeof(metrics -> 'final_label') = 'number'
        THEN ((metrics ->> 'probability')::double precision >= 0.5) = ((metrics ->> 'final_label')::double precision = 1)
    END
$$;

-- How many of each so many consecutive predictions of a deployment came true.
CREATE OR REPLACE FUNCTION accuracy_by_block(deployment text, size integer DEFAULT 100)
RETURNS TABLE (block bigint, start_ms bigint, end_ms bigint, predictions bigint, accuracy numeric) LANGUAGE sql STABLE AS $$
    WITH known AS (
        SELECT each.start_ms, each.end_ms, came_true(each.metrics) AS good,
               (row_number() OVER (ORDER BY each.start_ms, each.id) - 1) / size AS block
        FROM metric AS each
        WHERE each.model_deployment_crn = deployment AND each.prediction_uuid <> '' AND came_true(each.metrics) IS NOT NULL
    )
    SELECT block, min(start_ms), max(end_ms), count(*), avg(good::integer) FROM known GROUP BY block ORDER BY block
$$;
