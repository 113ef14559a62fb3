-- Roles with no more than they need: the shop reads and writes its rows, the checks read, the standby copies.
CREATE ROLE shop_owner LOGIN PASSWORD '{{ secret("pg_shop_owner") }}';
CREATE ROLE shop_app LOGIN PASSWORD '{{ secret("pg_shop_app") }}';
CREATE ROLE signoff LOGIN PASSWORD '{{ secret("pg_signoff") }}';
CREATE ROLE replicator LOGIN REPLICATION PASSWORD '{{ secret("pg_replicator") }}';
CREATE ROLE prometheus LOGIN;
GRANT pg_monitor TO signoff, prometheus;
ALTER ROLE signoff SET default_transaction_read_only = on;
SELECT pg_create_physical_replication_slot('{{ standby }}', true);
CREATE DATABASE shop OWNER shop_owner;
\connect shop
CREATE EXTENSION pg_stat_statements;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO shop_owner;
GRANT USAGE ON SCHEMA public TO shop_app, signoff;
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO shop_app;
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO shop_app;
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA public GRANT SELECT ON TABLES TO signoff;
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA public GRANT SELECT ON SEQUENCES TO signoff;
-- Which keys of partners there are, never the keys themselves.
CREATE TABLE api_keys (name text PRIMARY KEY, owner text NOT NULL, issued_at timestamptz NOT NULL, revoked_at timestamptz);
INSERT INTO api_keys VALUES ('acquirer', 'Han Operations', now(), NULL);
GRANT SELECT ON api_keys TO signoff;
