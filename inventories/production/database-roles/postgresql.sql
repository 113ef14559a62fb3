-- A PostgreSQL role that suffices for every check of a database and can change nothing.
-- Run as a superuser in the checked database, with psql:
--   psql -d shop -v role=signoff -v schema=public -f postgresql.sql
-- and give it a password afterwards: \password signoff
CREATE ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 10;

-- Settings that hold even if the client forgets them; the checks set them again for each transaction.
ALTER ROLE :"role" SET default_transaction_read_only = on;
ALTER ROLE :"role" SET statement_timeout = '3s';
ALTER ROLE :"role" SET lock_timeout = '500ms';
ALTER ROLE :"role" SET idle_in_transaction_session_timeout = '15s';

-- Other sessions' states, other roles' statements, the state of standbys: without it they are hidden, not refused.
GRANT pg_monitor TO :"role";

-- The table of migrations, what is reconciled, and what key queries read. Narrow it to those tables if that is too much.
GRANT USAGE ON SCHEMA :"schema" TO :"role";
GRANT SELECT ON ALL TABLES IN SCHEMA :"schema" TO :"role";

-- Tables that migrations make later; repeat it with FOR ROLE for each role that makes tables.
ALTER DEFAULT PRIVILEGES IN SCHEMA :"schema" GRANT SELECT ON TABLES TO :"role";
