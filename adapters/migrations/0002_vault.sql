-- The vault: keys of personal data, wrapped by a master key that is not in this database, and where they were used.
--
--   a person  -> keys, one for each kind of data     (subject, kind) -> key
--   a key     -> streams in which it sealed something
--
-- Destroying a key erases what it sealed, in the log and in every copy of it: the row stays as the tombstone.

-- One row for each person with a key, or erased, or restricted. Its lock is what making a key and erasing agree by.
CREATE TABLE linli_subjects (
    subject text PRIMARY KEY,
    restricted_at timestamptz,
    erased_at timestamptz
);

CREATE TABLE linli_keys (
    key_id uuid PRIMARY KEY,
    subject text NOT NULL,
    kind text NOT NULL,
    wrapped bytea,
    wrapped_by text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    restricted_at timestamptz,
    destroyed_at timestamptz,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
CREATE UNIQUE INDEX linli_keys_live ON linli_keys (subject, kind) WHERE destroyed_at IS NULL;
CREATE INDEX linli_keys_of ON linli_keys (subject);

CREATE TABLE linli_key_uses (
    key_id uuid NOT NULL,
    stream uuid NOT NULL,
    PRIMARY KEY (key_id, stream)
);

-- The keys of these people and kinds, made where there are none.
--   s d      person and kind of each wanted key
--   k w b    id, wrapped key and wrapping key that are taken where a key is missing
-- A person who was erased gets no living key any more, however late somebody wants to seal something: the row of the
-- person is locked before we look, and an erasure locks it too, so either it finds our new key and destroys it, or we
-- find the erasure. Then the answer is a destroyed key (`wrapped` is null): what is sealed under its id, with a key that
-- is thrown away, can be read by nobody from the start.
-- Rows are locked in order, so that two who want the same people do not wait for each other.
CREATE FUNCTION linli_keys_for(s text[], d text[], k uuid[], w bytea[], b text[])
RETURNS TABLE (subject text, kind text, key_id uuid, wrapped bytea) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    erased text[];
    kept text[];
BEGIN
    WITH people AS (
        INSERT INTO linli_subjects AS known (subject)
        SELECT DISTINCT q.s FROM unnest(s) AS q(s) ORDER BY 1
        ON CONFLICT (subject) DO UPDATE SET subject = excluded.subject
        RETURNING known.subject, known.erased_at, known.restricted_at
    )
    SELECT array_agg(subject) FILTER (WHERE erased_at IS NOT NULL),
           array_agg(subject) FILTER (WHERE restricted_at IS NOT NULL)
    INTO erased, kept
    FROM people;

    INSERT INTO linli_keys (key_id, subject, kind, wrapped, wrapped_by, restricted_at)
    SELECT q.k, q.s, q.d, q.w, q.b, CASE WHEN q.s = ANY(kept) THEN now() END
    FROM unnest(s, d, k, w, b) AS q(s, d, k, w, b)
    WHERE q.s <> ALL(coalesce(erased, '{}'))
    ON CONFLICT (subject, kind) WHERE destroyed_at IS NULL DO NOTHING;

    INSERT INTO linli_keys (key_id, subject, kind, destroyed_at)
    SELECT q.k, q.s, q.d, clock_timestamp()
    FROM unnest(s, d, k) AS q(s, d, k)
    WHERE q.s = ANY(erased)
      AND NOT EXISTS (SELECT FROM linli_keys old WHERE old.subject = q.s AND old.kind = q.d);

    RETURN QUERY
    SELECT DISTINCT ON (q.s, q.d) q.s, q.d, known.key_id, known.wrapped
    FROM unnest(s, d) AS q(s, d) JOIN linli_keys known ON known.subject = q.s AND known.kind = q.d
    ORDER BY q.s, q.d, known.destroyed_at DESC NULLS FIRST;
END
$$;

-- What an append does beside the log, in its transaction: remembers which keys sealed something where (u, us), destroys
-- the keys of people who are erased (er), and puts those of people whose data may only be kept (re) into custody.
CREATE FUNCTION linli_guard_privacy(u uuid[], us uuid[], er text[], re text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(u) > 0 THEN
        INSERT INTO linli_key_uses (key_id, stream) SELECT * FROM unnest(u, us) ON CONFLICT DO NOTHING;
    END IF;
    IF cardinality(re) > 0 THEN
        INSERT INTO linli_subjects AS known (subject, restricted_at)
        SELECT DISTINCT q.s, now() FROM unnest(re) AS q(s) ORDER BY 1
        ON CONFLICT (subject) DO UPDATE SET restricted_at = coalesce(known.restricted_at, excluded.restricted_at);
        UPDATE linli_keys SET restricted_at = now()
        WHERE subject = ANY(re) AND destroyed_at IS NULL AND restricted_at IS NULL;
    END IF;
    IF cardinality(er) > 0 THEN
        INSERT INTO linli_subjects AS known (subject, erased_at)
        SELECT DISTINCT q.s, now() FROM unnest(er) AS q(s) ORDER BY 1
        ON CONFLICT (subject) DO UPDATE SET erased_at = coalesce(known.erased_at, excluded.erased_at);
        UPDATE linli_keys SET wrapped = NULL, wrapped_by = NULL, destroyed_at = now()
        WHERE subject = ANY(er) AND destroyed_at IS NULL;
    END IF;
END
$$;

-- As linli_append, with what belongs to it in the vault. Whatever clashes undoes all of it.
CREATE FUNCTION linli_append_with_keys(
    o uuid[], v bigint[], t text[], s bytea[], m bytea[],
    c uuid[], f bytea[], x bytea[], e int[],
    go uuid[], gv bigint[],
    u uuid[], us uuid[], er text[], re text[]
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := linli_append(o, v, t, s, m, c, f, x, e, go, gv);
BEGIN
    PERFORM linli_guard_privacy(u, us, er, re);
    RETURN ids;
END
$$;

-- As linli_append_checked, with what belongs in the vault to each request that is appended (ur, err, rer: of which one).
-- A request that had been appended before has had its effects then.
CREATE FUNCTION linli_append_checked_with_keys(
    n int,
    o uuid[], v bigint[], t text[], s bytea[], m bytea[], r int[],
    c uuid[], f bytea[], x bytea[], k int[],
    go uuid[], gv bigint[], gr int[],
    u uuid[], us uuid[], ur int[], er text[], err int[], re text[], rer int[],
    OUT verdicts text[], OUT positions bigint[], OUT outcomes bytea[]
) LANGUAGE plpgsql AS $$
BEGIN
    SELECT done.verdicts, done.positions, done.outcomes INTO verdicts, positions, outcomes
    FROM linli_append_checked(n, o, v, t, s, m, r, c, f, x, k, go, gv, gr) AS done;
    PERFORM linli_guard_privacy(
        ARRAY(SELECT q.u FROM unnest(u, ur) WITH ORDINALITY AS q(u, r, i) WHERE verdicts[q.r] = 'A' ORDER BY q.i),
        ARRAY(SELECT q.s FROM unnest(us, ur) WITH ORDINALITY AS q(s, r, i) WHERE verdicts[q.r] = 'A' ORDER BY q.i),
        ARRAY(SELECT q.s FROM unnest(er, err) AS q(s, r) WHERE verdicts[q.r] = 'A'),
        ARRAY(SELECT q.s FROM unnest(re, rer) AS q(s, r) WHERE verdicts[q.r] = 'A')
    );
END
$$;
