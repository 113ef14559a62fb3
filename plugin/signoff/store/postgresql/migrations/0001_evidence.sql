-- Evidence of sign-offs: chains of lines and signed envelopes, append-only, of any number of environments.

CREATE TABLE signoff.journal_line (
    environment text NOT NULL,
    chain text NOT NULL CHECK (chain <> '' AND chain !~ '^\.|/'),
    seq bigint NOT NULL CHECK (seq >= 0),
    line bytea NOT NULL,
    prev text NOT NULL,
    hash text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),
    written_by text NOT NULL DEFAULT session_user,
    PRIMARY KEY (environment, chain, seq)
);

CREATE TABLE signoff.ledger_line (LIKE signoff.journal_line INCLUDING ALL);

-- Which chain of the ledger is written here; all others were brought from elsewhere.
CREATE TABLE signoff.own_ledger (
    environment text PRIMARY KEY,
    chain text NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE signoff.envelope (
    environment text NOT NULL,
    name text NOT NULL CHECK (name <> '' AND name !~ '^\.|/'),
    content bytea NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),
    written_by text NOT NULL DEFAULT session_user,
    PRIMARY KEY (environment, name)
);

-- A line is taken only if it is a record whose hash is right and that continues its chain. Readers check all of this
-- again: the database is trusted to keep the lines, not to judge them.
CREATE FUNCTION signoff.admit() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog
    SET enable_seqscan = off -- a plan that was made while the table was empty must not be kept
AS $$
DECLARE
    seal text[] := regexp_match(right(convert_from(NEW.line, 'UTF8'), 200),
        ',"hash":"([0-9a-f]{64})"(,"prev":"([0-9a-f]{64})","seq":(0|[1-9][0-9]{0,14})\})$');
    core bytea;
    before text;
BEGIN
    IF seal IS NULL OR seal[4]::bigint <> NEW.seq THEN
        RAISE EXCEPTION 'not the record % of a chain', NEW.seq USING ERRCODE = 'check_violation';
    END IF;
    -- The seal is plain ASCII: as many bytes as characters. 74 is the length of its own hash with its name.
    core := substring(NEW.line FROM 1 FOR length(NEW.line) - 74 - length(seal[2])) || convert_to(seal[2], 'UTF8');
    IF encode(sha256(core), 'hex') <> seal[1] THEN
        RAISE EXCEPTION 'the hash of record % does not fit its content', NEW.seq USING ERRCODE = 'check_violation';
    END IF;
    -- One writer of a chain at a time, whoever they are; the end is read after the others have committed.
    PERFORM pg_advisory_xact_lock(
        hashtextextended(format('signoff/%s/%s/%s', NEW.environment, TG_TABLE_NAME, NEW.chain), 0));
    IF TG_TABLE_NAME = 'journal_line' THEN
        SELECT l.hash INTO before FROM signoff.journal_line l
            WHERE l.environment = NEW.environment AND l.chain = NEW.chain AND l.seq = NEW.seq - 1;
    ELSE
        SELECT l.hash INTO before FROM signoff.ledger_line l
            WHERE l.environment = NEW.environment AND l.chain = NEW.chain AND l.seq = NEW.seq - 1;
    END IF;
    IF NEW.seq > 0 AND before IS DISTINCT FROM seal[3] THEN
        RAISE EXCEPTION 'record % does not continue its chain', NEW.seq USING ERRCODE = 'check_violation';
    END IF;
    NEW.prev := seal[3];
    NEW.hash := seal[1];
    NEW.written_by := session_user;
    NEW.written_at := now();
    RETURN NEW;
END $$;

CREATE FUNCTION signoff.refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER admit BEFORE INSERT ON signoff.journal_line FOR EACH ROW EXECUTE FUNCTION signoff.admit();
CREATE TRIGGER admit BEFORE INSERT ON signoff.ledger_line FOR EACH ROW EXECUTE FUNCTION signoff.admit();

CREATE TRIGGER refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON signoff.journal_line EXECUTE FUNCTION signoff.refuse();
CREATE TRIGGER refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON signoff.ledger_line EXECUTE FUNCTION signoff.refuse();
CREATE TRIGGER refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON signoff.own_ledger EXECUTE FUNCTION signoff.refuse();
CREATE TRIGGER refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON signoff.envelope EXECUTE FUNCTION signoff.refuse();
