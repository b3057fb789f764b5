-- Rolls predictions up by the hour that are older than `keep_days`, and deletes them: run nightly by psql, in one transaction.
-- A prediction that comes later than its hour was rolled up is added to it the next night.
WITH old AS (
    DELETE FROM metric
    WHERE prediction_uuid <> ''
      AND start_ms < extract(epoch FROM date_trunc('hour', now() - make_interval(days => :keep_days))) * 1000
    RETURNING model_deployment_crn, start_ms, end_ms, metrics
),
numbers AS (
    SELECT model_deployment_crn, start_ms, each.name, each.value FROM old CROSS JOIN LATERAL numbers_of(metrics) AS each
    UNION ALL
    SELECT model_deployment_crn, start_ms, 'latency_ms', end_ms - start_ms FROM old
    UNION ALL
    SELECT model_deployment_crn, start_ms, 'accuracy', came_true(metrics)::integer FROM old WHERE came_true(metrics) IS NOT NULL
)
INSERT INTO metric_hour AS kept (model_deployment_crn, hour_ms, name, count, mean, minimum, maximum)
SELECT model_deployment_crn, start_ms / 3600000 * 3600000, name, count(*), avg(value), min(value), max(value)
FROM numbers
GROUP BY 1, 2, 3
ON CONFLICT (model_deployment_crn, hour_ms, name) DO UPDATE SET
    count = kept.count + excluded.count,
    mean = (kept.mean * kept.count + excluded.mean * excluded.count) / (kept.count + excluded.count),
    minimum = least(kept.minimum, excluded.minimum),
    maximum = greatest(kept.maximum, excluded.maximum);
