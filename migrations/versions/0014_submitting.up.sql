-- What a submission writes besides its events, as functions: so that one statement, which is one round trip and
-- one commit, can do all of it or nothing.

-- Gives uploads to a job, all or none; it may ask again. unique_violation is raised when another job has one of
-- them, or one has expired or is not there.
--
-- The rows are locked in one order, so that two jobs that want the same uploads cannot deadlock; whoever had to
-- wait sees what the other one left.
CREATE FUNCTION stage.take_uploads(wanted uuid[], job uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    taken bigint;
BEGIN
    IF cardinality(wanted) > 1 THEN
        PERFORM FROM stage.uploads WHERE upload_id = ANY(wanted) ORDER BY upload_id FOR UPDATE;
    END IF;
    UPDATE stage.uploads SET job_id = job
    WHERE upload_id = ANY(wanted)
      AND (job_id = job OR (job_id IS NULL AND expires_at > clock_timestamp()));
    GET DIAGNOSTICS taken = ROW_COUNT;
    IF taken < cardinality(wanted) THEN
        RAISE unique_violation USING MESSAGE = format('job %s cannot have all of its uploads', job);
    END IF;
END $$;

-- Keeps the answer to a request in the transaction that does what was asked, and returns the position that it
-- names. If there is an answer already, or a twin of the request is about to leave one (it is waited for), SA001
-- is raised: then nothing was asked that is not done.
CREATE FUNCTION stage.keep_answer(
    id uuid, its_owner uuid, asked bytea, its_status integer, its_content text, term interval, its_position bigint
) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO stage.answers AS kept (answer_id, owner, content_hash, status, position, sealed, expires_at)
    VALUES (id, its_owner, asked, its_status, its_position, its_content, clock_timestamp() + term)
    ON CONFLICT (answer_id) DO UPDATE
    SET owner = excluded.owner, content_hash = excluded.content_hash, status = excluded.status,
        position = excluded.position, sealed = excluded.sealed, expires_at = excluded.expires_at
    WHERE kept.expires_at <= clock_timestamp();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'request % was answered', id USING ERRCODE = 'SA001';
    END IF;
    RETURN its_position;
END $$;

REVOKE ALL ON FUNCTION
    stage.take_uploads(uuid[], uuid),
    stage.keep_answer(uuid, uuid, bytea, integer, text, interval, bigint)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    stage.take_uploads(uuid[], uuid),
    stage.keep_answer(uuid, uuid, bytea, integer, text, interval, bigint)
TO stage_app;
