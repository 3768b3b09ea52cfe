-- How much each caller has used of what it may ask a minute: one moment a key (GCRA, the generic cell rate algorithm of
-- ITU-T I.371). `tat` is when everything that was granted so far would be used up at the even rate. A row whose moment has
-- passed is worth nothing. Not logged: after a crash everyone begins afresh, which is harmless.
CREATE UNLOGGED TABLE linli_rates (
    key text PRIMARY KEY,
    tat timestamptz NOT NULL
) WITH (
    fillfactor = 50,  -- room for the next versions of a row beside it: no update touches the index
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000
);

-- How many whole microseconds a moment lies after another one, 0 if it does not.
CREATE FUNCTION linli_microseconds(later timestamptz, earlier timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE RETURN (greatest(extract(epoch FROM later - earlier), 0) * 1000000)::bigint;

-- Decide for a batch of callers: `amounts[i]` requests of `keys[i]`, which may do `rates[i]` a minute and `bursts[i]` at
-- once. Grants as many of them as are allowed, never more, and never fewer; says how many are left then, and in how many
-- seconds the next one is (`retry`). No key twice in a batch. Judged as of the moment at which the batch came in (`at`,
-- given by tests only), so there is one clock for all processes.
--
-- Rows are locked in the order of their keys, so two batches never wait for each other. INSERT ... ON CONFLICT DO UPDATE
-- sees the newest version of a row, whoever else was writing it. All is counted in whole microseconds.
CREATE FUNCTION linli_admit(keys text[], amounts int[], rates int[], bursts int[], at timestamptz DEFAULT NULL)
RETURNS TABLE (key text, granted int, remaining int, retry double precision)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    now timestamptz := coalesce(at, clock_timestamp());
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);  -- nothing of this is worth waiting for the disk
    RETURN QUERY
    WITH asked AS (
        SELECT q.key, q.amount, q.burst, ceil(60000000.0 / q.rate)::bigint AS step
        FROM unnest(keys, amounts, rates, bursts) AS q(key, amount, rate, burst)
    ), decided AS (
        INSERT INTO linli_rates AS r (key, tat)
        SELECT a.key, now + least(a.amount, a.burst) * a.step * interval '1 microsecond' FROM asked a ORDER BY a.key
        ON CONFLICT (key) DO UPDATE SET tat = (
            SELECT greatest(r.tat, now) + a.step * interval '1 microsecond'
                   * least(a.amount, greatest(0, (a.burst * a.step - linli_microseconds(r.tat, now)) / a.step))
            FROM asked a WHERE a.key = r.key
        )
        RETURNING new.key, new.tat, greatest(coalesce(old.tat, now), now) AS before
    )
    SELECT a.key,
           (linli_microseconds(d.tat, d.before) / a.step)::int,
           greatest(0, (a.burst * a.step - linli_microseconds(d.tat, now)) / a.step)::int,
           greatest(0, linli_microseconds(d.tat, now) - (a.burst - 1) * a.step) / 1e6::double precision
    FROM asked a JOIN decided d ON d.key = a.key;
END
$$;

-- Forget who has nothing used up. Rows that somebody is writing are left alone, so this never waits.
CREATE FUNCTION linli_rates_prune(at timestamptz DEFAULT clock_timestamp()) RETURNS bigint LANGUAGE sql AS $$
    WITH idle AS (SELECT key FROM linli_rates WHERE tat <= at FOR UPDATE SKIP LOCKED),
         gone AS (DELETE FROM linli_rates r USING idle WHERE r.key = idle.key RETURNING 1)
    SELECT count(*) FROM gone
$$;

-- Files that were attached: their content, sealed with the key of whom it is about, beside the log, which holds its hash.
CREATE TABLE linli_files (
    stream uuid NOT NULL,
    sha256 bytea NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL,
    name bytea NOT NULL,
    content bytea NOT NULL,
    subject text NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Uploads under way that have this file in hand, and whether its event is known to be in the log. The log decides what
    -- is attached; a file without its event, because a process died in between, is swept away later.
    claims int NOT NULL DEFAULT 1,
    confirmed boolean NOT NULL DEFAULT false,
    PRIMARY KEY (stream, sha256)
);
ALTER TABLE linli_files ALTER content SET STORAGE EXTERNAL;  -- what is sealed cannot be compressed
CREATE INDEX linli_files_subject_idx ON linli_files (subject);
CREATE INDEX linli_files_unconfirmed_idx ON linli_files (stored_at) WHERE NOT confirmed;
