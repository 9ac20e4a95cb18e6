-- What was refused: wrong passwords and the like, which strangers can make any number of, and which are no events.
--
-- stage_app may add to it, and only what was refused: number and time are the database's. Nobody may change a
-- row. What is older than its term goes by one function alone, which never takes what is younger than 30 days:
-- not even whoever has got hold of the program can cover their traces.

CREATE TABLE stage.security_log (
    entry_id    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind        text        NOT NULL CHECK (kind IN (
        'sign_in', 'password', 'suspended', 'mailed_token', 'api_key', 'role', 'scope', 'page', 'link',
        'webhook', 'rate')),
    times       bigint      NOT NULL CHECK (times > 0),
    route       text,
    network     cidr,
    claim_id    uuid,
    user_id     uuid,
    request_id  text
);
CREATE INDEX security_log_kind ON stage.security_log (kind, entry_id);
CREATE INDEX security_log_claim ON stage.security_log (claim_id, entry_id) WHERE claim_id IS NOT NULL;

COMMENT ON TABLE stage.security_log IS 'What was refused, by references only; rows go after SECURITY_LOG_DAYS';
COMMENT ON COLUMN stage.security_log.recorded_at IS 'When it was written down, a second after the first of it if nothing holds it up';
COMMENT ON COLUMN stage.security_log.kind IS 'What was refused; docs/operating.md tells of each';
COMMENT ON COLUMN stage.security_log.times IS 'How often, all else being the same';
COMMENT ON COLUMN stage.security_log.route IS 'Method and address, without its values; null, as all that follows, where there was too much to keep more than the kind';
COMMENT ON COLUMN stage.security_log.network IS 'Whence: the first 24 bits of an IPv4 address, the first 48 of an IPv6 one';
COMMENT ON COLUMN stage.security_log.claim_id IS 'The HMAC of the e-mail address that was given, as the id of its EmailClaim, whether there is one or not';
COMMENT ON COLUMN stage.security_log.user_id IS 'Who was signed in';
COMMENT ON COLUMN stage.security_log.request_id IS 'Of the first; it names the request in the logs';

CREATE FUNCTION stage.keep_security_log() RETURNS trigger
LANGUAGE plpgsql AS $$ BEGIN
    RAISE insufficient_privilege USING MESSAGE = format('%s of %I.%I is refused: what was refused stays on record',
        TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME);
END $$;
CREATE TRIGGER security_log_keep BEFORE UPDATE OR TRUNCATE ON stage.security_log
    FOR EACH STATEMENT EXECUTE FUNCTION stage.keep_security_log();
CREATE TRIGGER security_log_keep_young BEFORE DELETE ON stage.security_log
    FOR EACH ROW WHEN (OLD.recorded_at > clock_timestamp() - interval '30 days')
    EXECUTE FUNCTION stage.keep_security_log();

-- Deletes the oldest rows, of as many as are looked at, that are older than a term; which they were.
CREATE FUNCTION stage.forget_security_log(days integer, at_once integer) RETURNS SETOF bigint
LANGUAGE sql SECURITY DEFINER
BEGIN ATOMIC
    DELETE FROM stage.security_log AS log
    USING (SELECT entry_id FROM stage.security_log ORDER BY entry_id LIMIT at_once) AS oldest
    WHERE log.entry_id = oldest.entry_id
      AND log.recorded_at <= clock_timestamp() - make_interval(days => greatest(days, 30))
    RETURNING log.entry_id;
END;

REVOKE ALL ON FUNCTION stage.forget_security_log(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stage.forget_security_log(integer, integer) TO stage_app;
GRANT SELECT, INSERT (kind, times, route, network, claim_id, user_id, request_id) ON stage.security_log TO stage_app;
