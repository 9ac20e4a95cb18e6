DROP FUNCTION stage.forget_security_log(integer, integer);
DROP TABLE stage.security_log;
DROP FUNCTION stage.keep_security_log();
