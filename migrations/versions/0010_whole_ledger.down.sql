-- Read models of these versions are folded again by whoever brings them back.
DROP TABLE read_models.holds_v1;
DROP TABLE read_models.statement_v2;
DROP TABLE read_models.credit_lots_v2;
DELETE FROM stage.checkpoints WHERE follower IN ('holds_v1', 'statement_v2', 'credit_lots_v2');
