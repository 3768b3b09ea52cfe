-- Secrets of those who sign in: hashes, or sealed with a key from outside the database. None of it is in the log, and a
-- row that is removed here is gone.

-- Passwords, numbered for each person; the account says which number counts.
CREATE TABLE linli_passwords (
    person text NOT NULL,
    number int NOT NULL,
    hash text NOT NULL,
    set_at timestamptz NOT NULL,
    PRIMARY KEY (person, number)
);

-- Sessions by the SHA-256 of the secret that is in the cookie. Which of them go on, the account says.
CREATE TABLE linli_sessions (
    digest bytea PRIMARY KEY,
    session text NOT NULL UNIQUE,
    person text NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    rotated_at timestamptz,
    stale boolean NOT NULL DEFAULT false
);
CREATE INDEX linli_sessions_person_idx ON linli_sessions (person);
CREATE INDEX linli_sessions_expires_at_idx ON linli_sessions (expires_at);

-- Keys of programs, by their SHA-256. Whether a key still opens anything, the program says.
CREATE TABLE linli_key_secrets (
    program uuid NOT NULL,
    key uuid NOT NULL,
    digest bytea NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (program, key)
);

-- What access tokens are signed with. The newest that has begun signs; the others verify until they retire, and then
-- their private part is destroyed.
CREATE TABLE linli_signing_keys (
    kid text PRIMARY KEY,
    algorithm text NOT NULL,
    sealed bytea,
    public text NOT NULL,
    not_before timestamptz NOT NULL,
    retire_at timestamptz,
    destroyed_at timestamptz,
    CHECK (sealed IS NOT NULL OR destroyed_at IS NOT NULL)
);

-- Browsers that were sent to an identity provider and are not back yet, by the SHA-256 of the state they bring back.
CREATE TABLE linli_oidc_attempts (
    state bytea PRIMARY KEY,
    nonce text NOT NULL,
    verifier text NOT NULL,
    organisation text NOT NULL,
    return_to text NOT NULL,
    expires_at timestamptz NOT NULL
);

-- How identity providers of organisations know us: sealed.
CREATE TABLE linli_client_secrets (
    organisation text PRIMARY KEY,
    sealed bytea NOT NULL,
    set_at timestamptz NOT NULL
);
