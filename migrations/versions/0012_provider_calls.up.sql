-- Calls to providers of pictures: what came of each and what it cost, delivered or not; and what a day has cost.

CREATE TABLE stage.provider_calls (
    number        bigint      GENERATED ALWAYS AS IDENTITY,
    call_id       uuid        PRIMARY KEY,
    job_id        uuid        NOT NULL,
    photo_id      uuid        NOT NULL,
    model         text        NOT NULL,
    outcome       text        NOT NULL,
    milliseconds  integer     NOT NULL CHECK (milliseconds >= 0),
    cost_micros   bigint      NOT NULL CHECK (cost_micros >= 0),
    input_tokens  integer     NOT NULL CHECK (input_tokens >= 0),
    output_tokens integer     NOT NULL CHECK (output_tokens >= 0),
    called_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX provider_calls_of_photo ON stage.provider_calls (photo_id, number);
CREATE INDEX provider_calls_of_job ON stage.provider_calls (job_id);

COMMENT ON TABLE stage.provider_calls IS 'Calls to providers of pictures; references only, never personal data';
COMMENT ON COLUMN stage.provider_calls.number IS 'In the order in which they were written down';
COMMENT ON COLUMN stage.provider_calls.call_id IS 'Made before the call, so that it is written down once';
COMMENT ON COLUMN stage.provider_calls.model IS 'Which model was asked';
COMMENT ON COLUMN stage.provider_calls.outcome IS 'image, or the code of what came instead';
COMMENT ON COLUMN stage.provider_calls.cost_micros IS 'Millionths of a US dollar; the full price where billing is unknown';
COMMENT ON COLUMN stage.provider_calls.called_at IS 'When it was written down, after its end';

CREATE TABLE stage.provider_spending (
    day    date   PRIMARY KEY,
    micros bigint NOT NULL CHECK (micros >= 0)
);

COMMENT ON TABLE stage.provider_spending IS 'What was set aside for calls on a day (UTC), against the daily cap';
COMMENT ON COLUMN stage.provider_spending.micros IS 'Millionths of a US dollar';

GRANT SELECT, INSERT ON stage.provider_calls TO stage_app;
GRANT SELECT, INSERT, UPDATE ON stage.provider_spending TO stage_app;
