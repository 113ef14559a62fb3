-- What every table holds: rows and a digest that does not depend on their order. One JSON object a line.
-- ONLY: partitions stand for themselves, and a foreign one is not asked for.
--   psql -X -A -t -q -v ON_ERROR_STOP=1 -d DATABASE -f contents.sql
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'iso_8601';
SET timezone = 'UTC';
SET bytea_output = 'hex';
SET extra_float_digits = 1;
SET lc_monetary = 'C';
SET row_security = off;
SET search_path = pg_catalog;
SELECT format(
    $$SELECT json_build_object('name', %L, 'rows', count(*), 'digest', encode(sha256(convert_to(
        count(*) || ':' || coalesce(sum(('x' || substr(h, 1, 16))::bit(64)::bigint::numeric), 0)
        || ':' || coalesce(sum(('x' || substr(h, 17, 16))::bit(64)::bigint::numeric), 0), 'UTF8')), 'hex'))
    FROM (SELECT encode(sha256(convert_to(whole_row::text, 'UTF8')), 'hex') AS h FROM ONLY %I.%I AS whole_row) AS hashed$$,
    CASE schemaname WHEN 'public' THEN tablename ELSE schemaname || '.' || tablename END, schemaname, tablename)
FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND schemaname NOT LIKE 'pg\_t%'
    -- Unlogged tables do not outlive a crash either.
    AND (SELECT relpersistence FROM pg_class WHERE oid = format('%I.%I', schemaname, tablename)::regclass) = 'p'
ORDER BY schemaname, tablename
\gexec
