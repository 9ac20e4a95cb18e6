-- Everything that ever happened goes with it.
DROP SCHEMA event_store CASCADE;
