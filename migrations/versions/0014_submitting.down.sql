DROP FUNCTION stage.keep_answer(uuid, uuid, bytea, integer, text, interval, bigint);
DROP FUNCTION stage.take_uploads(uuid[], uuid);
