-- The two database roles, for an administrator to run once in the database that Stage in Seconds will use:
--
--     psql "$ADMIN_URL" -v ON_ERROR_STOP=1 -f migrations/roles.sql
--
-- Running it again changes nothing. Passwords are set apart from it, so that none is ever in a file here:
-- `\password stage_owner` and `\password stage_app` in psql. The embedded PostgreSQL runs it on every start.
--
--   stage_owner  migrates: owns the database, its schemas, the event log and the functions that append to it.
--   stage_app    is what the running system connects as: owns the read models, and of the log may only read
--                and append, which migrations grant it.
--
-- Needs PostgreSQL 17 or newer (transaction_timeout), and a superuser or a role with CREATEROLE that owns the
-- database.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stage_owner') THEN
        CREATE ROLE stage_owner LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stage_app') THEN
        CREATE ROLE stage_app LOGIN;
    END IF;

    -- Who is no superuser, as on managed servers, may give a database only to a role that it belongs to.
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        GRANT stage_owner TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;
    END IF;

    EXECUTE format('ALTER DATABASE %I OWNER TO stage_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO stage_app', current_database());
END
$$;

-- Migrations hand the read models over to stage_app, and change them later.
GRANT stage_app TO stage_owner WITH INHERIT TRUE, SET TRUE;

-- An open write transaction holds all followers of the log back, so the system's own are short.
ALTER ROLE stage_app SET transaction_timeout = '30s';
ALTER ROLE stage_app SET idle_in_transaction_session_timeout = '10s';

-- A migration may take as long as it needs, whatever the server's own settings say.
ALTER ROLE stage_owner SET transaction_timeout = 0;
ALTER ROLE stage_owner SET idle_in_transaction_session_timeout = 0;

-- To tell who holds the followers back it must see the queries and the age of other roles' transactions.
DO $$
BEGIN
    GRANT pg_read_all_stats TO stage_app;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'stage_app may not see other roles'' queries: the stall alarm will name their pids alone';
END
$$;

ALTER ROLE stage_app SET timezone = 'UTC';
ALTER ROLE stage_owner SET timezone = 'UTC';
