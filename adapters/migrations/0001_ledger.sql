-- The log of everything that ever happened, in the table shape of the library `eventsourcing` (application "linli"):
-- its recorders open the same table. What is added has defaults, so its writers keep working.
CREATE TABLE IF NOT EXISTS linli_events (
    originator_id uuid NOT NULL,
    originator_version bigint NOT NULL,
    topic text,
    state bytea,
    notification_id bigserial,
    PRIMARY KEY (originator_id, originator_version)
) WITH (
    -- Append-only: nothing to vacuum but the freeze map and the statistics.
    autovacuum_vacuum_threshold = 100000000,
    autovacuum_vacuum_scale_factor = 0.5,
    autovacuum_analyze_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.01
);
ALTER TABLE linli_events ADD COLUMN IF NOT EXISTS recorded_at timestamptz NOT NULL DEFAULT clock_timestamp();
ALTER TABLE linli_events ADD COLUMN IF NOT EXISTS meta bytea;
CREATE UNIQUE INDEX IF NOT EXISTS linli_events_notification_id_idx ON linli_events (notification_id);

-- One row for each command that may be repeated: the answer that was given the first time.
CREATE TABLE linli_commands (
    command_id uuid PRIMARY KEY,
    fingerprint bytea NOT NULL,
    position bigint NOT NULL,
    outcome bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- How far each reader of the log has come.
CREATE TABLE linli_projections (
    name text PRIMARY KEY,
    position bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Read models live here; they are dropped and replayed, never migrated.
CREATE SCHEMA IF NOT EXISTS reads;

-- Append, for batches in which nothing is expected to clash (any clash fails the whole batch with 23505).
--   o v t s m   stream, version, tag, body, envelope of each event
--   c f x e     command id, fingerprint, outcome, and the number (from 1) of its last event, for each repeatable command;
--               e = 0 where a command has no event
--   go gv       stream and version of each guard
-- The lock is its own statement before the INSERT, so the INSERT sees what the previous holder committed. It is released
-- only after the commit is visible: the order of ids is the order of visibility, and no reader can skip one.
CREATE FUNCTION linli_append(
    o uuid[], v bigint[], t text[], s bytea[], m bytea[],
    c uuid[], f bytea[], x bytea[], e int[],
    go uuid[], gv bigint[]
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[];
    head bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(7809645203);
    IF cardinality(go) > 0 THEN
        -- Keeps writers that lock the table instead (the library's own) out from here on.
        LOCK TABLE linli_events IN ROW EXCLUSIVE MODE;
        IF EXISTS (
            SELECT FROM unnest(go, gv) AS g(o, v)
            WHERE g.v <> coalesce((SELECT max(originator_version) FROM linli_events l WHERE l.originator_id = g.o), 0)
        ) THEN
            RAISE unique_violation USING MESSAGE = 'a guarded stream has moved on';
        END IF;
    END IF;
    WITH added AS (
        INSERT INTO linli_events (originator_id, originator_version, topic, state, meta)
        SELECT * FROM unnest(o, v, t, s, m)
        RETURNING notification_id
    )
    SELECT array_agg(notification_id) INTO ids FROM added;
    IF cardinality(c) > 0 THEN
        head := coalesce(ids[cardinality(ids)], (SELECT max(notification_id) FROM linli_events), 0);
        INSERT INTO linli_commands (command_id, fingerprint, position, outcome)
        SELECT q.c, q.f, coalesce(ids[q.e], head), q.x FROM unnest(c, f, x, e) AS q(c, f, x, e);
    END IF;
    IF ids IS NOT NULL THEN
        PERFORM pg_notify('linli_events', '');
    END IF;
    RETURN coalesce(ids, ARRAY[head]);
END
$$;

-- Append, for batches in which something may clash: every request (numbered 1..n) stands or falls alone.
--   r           the request of each event;  k  the request of each command
--   go gv gr    stream, version and request of each guard
-- One letter per request: A appended, D had been appended before, R its command id was used for something else,
-- C a stream or a guarded stream has moved on. A request whose events are in the log already, envelope and all, is the
-- same request sent again (envelopes carry a unique id): that is how a lost answer is told from a conflict.
CREATE FUNCTION linli_append_checked(
    n int,
    o uuid[], v bigint[], t text[], s bytea[], m bytea[], r int[],
    c uuid[], f bytea[], x bytea[], k int[],
    go uuid[], gv bigint[], gr int[],
    OUT verdicts text[], OUT positions bigint[], OUT outcomes bytea[]
) LANGUAGE plpgsql AS $$
DECLARE
    head bigint;
    added bigint[];
BEGIN
    PERFORM pg_advisory_xact_lock(7809645203);
    -- Keeps writers that lock the table instead (the library's own) out from here on, not only from the INSERT on.
    LOCK TABLE linli_events IN ROW EXCLUSIVE MODE;

    WITH known AS (
        SELECT q.k AS r, done.fingerprint = q.f AS same, done.position, done.outcome
        FROM unnest(c, f, k) AS q(c, f, k) JOIN linli_commands done ON done.command_id = q.c
    ), there AS (
        -- Every event must be there and be equal; a missing envelope equals nothing.
        SELECT q.r, count(*) AS wanted, count(old.notification_id) AS hits, max(old.notification_id) AS position,
               count(*) FILTER (WHERE old.topic = q.t AND old.state = q.s AND old.meta = q.m) AS equal
        FROM unnest(o, v, t, s, m, r) AS q(o, v, t, s, m, r)
        LEFT JOIN LATERAL (
            SELECT * FROM linli_events l WHERE l.originator_id = q.o AND l.originator_version = q.v LIMIT 1
        ) old ON true
        GROUP BY q.r
    ), moved AS (
        SELECT DISTINCT g.r
        FROM unnest(go, gv, gr) AS g(o, v, r)
        WHERE g.v <> coalesce((SELECT max(originator_version) FROM linli_events l WHERE l.originator_id = g.o), 0)
    )
    SELECT array_agg(
               CASE WHEN known.same THEN 'D'
                    WHEN known.r IS NOT NULL THEN 'R'
                    WHEN there.equal = there.wanted THEN 'D'
                    WHEN there.hits > 0 OR moved.r IS NOT NULL THEN 'C'
                    ELSE 'A' END ORDER BY i),
           array_agg(coalesce(known.position, there.position) ORDER BY i),
           array_agg(known.outcome ORDER BY i)
    INTO verdicts, positions, outcomes
    FROM generate_series(1, n) AS i
    LEFT JOIN known ON known.r = i LEFT JOIN there ON there.r = i
    LEFT JOIN moved ON moved.r = i;

    WITH added AS (
        INSERT INTO linli_events (originator_id, originator_version, topic, state, meta)
        SELECT q.o, q.v, q.t, q.s, q.m
        FROM unnest(o, v, t, s, m, r) WITH ORDINALITY AS q(o, v, t, s, m, r, i)
        WHERE verdicts[q.r] = 'A' ORDER BY q.i
        RETURNING notification_id
    )
    SELECT array_agg(notification_id) INTO added FROM added;

    head := coalesce(added[cardinality(added)], (SELECT max(notification_id) FROM linli_events), 0);
    -- Where each appended request ends: count its events and those of the appended requests before it.
    SELECT array_agg(CASE WHEN verdicts[i] = 'A' AND amount > 0 THEN added[upto::int]
                          WHEN verdicts[i] = 'A' THEN head
                          ELSE positions[i] END ORDER BY i)
    INTO positions
    FROM (
        SELECT i, amount, sum(amount) OVER (ORDER BY i) AS upto
        FROM (
            SELECT i, count(q.r) FILTER (WHERE verdicts[i] = 'A') AS amount
            FROM generate_series(1, n) AS i LEFT JOIN unnest(r) AS q(r) ON q.r = i GROUP BY i
        ) AS counted
    ) AS summed;

    INSERT INTO linli_commands (command_id, fingerprint, position, outcome)
    SELECT q.c, q.f, positions[q.k], q.x
    FROM unnest(c, f, x, k) AS q(c, f, x, k) WHERE verdicts[q.k] = 'A';

    IF added IS NOT NULL THEN
        PERFORM pg_notify('linli_events', '');
    END IF;
END
$$;

-- A reader of the log says how far it has come, in the transaction of what it wrote: whoever waits for it is woken.
CREATE FUNCTION linli_projected(projection text, upto bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO linli_projections AS p (name, position) VALUES (projection, upto)
    ON CONFLICT (name) DO UPDATE SET position = excluded.position, updated_at = clock_timestamp();
    SELECT pg_notify('linli_projections', projection || ' ' || upto);
$$;
