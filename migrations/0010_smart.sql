-- The authorization server: who may ask for tokens, what is under way, what was given.
-- Whatever stands for a right (codes, handles, tokens, cookies) is kept as its SHA-256, never as itself.

-- Keys that sign id_tokens. The newest signs; older ones are published until nothing they signed is in force.
CREATE TABLE signing_key (
    kid text PRIMARY KEY,
    private_pem text NOT NULL,
    public_jwk jsonb NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);

-- Registered clients. What a client may ever be given is fixed in its registration.
CREATE TABLE client (
    client_id text COLLATE "C" PRIMARY KEY,
    registration jsonb NOT NULL,
    -- Origins whose pages may read answers (CORS).
    origins text[] NOT NULL DEFAULT '{}',
    -- Argon2, of a confidential symmetric client.
    secret_hash text,
    registered_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz
);
CREATE INDEX client_origins ON client USING gin (origins);

-- Launches that an EPR asked for and no app has used yet.
CREATE TABLE launch (
    hash bytea PRIMARY KEY,
    client_id text NOT NULL,
    made_by text NOT NULL,
    context jsonb NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);

-- Authorizations under way in somebody's browser, each bound to that browser.
CREATE TABLE sign_in (
    hash bytea PRIMARY KEY,
    browser bytea NOT NULL,
    step integer NOT NULL DEFAULT 0,
    state jsonb NOT NULL,
    expires_at timestamptz NOT NULL
);

-- What the sandbox's own sign-in page says of a persona, until the service asks for it.
CREATE TABLE sandbox_sign_in (
    hash bytea PRIMARY KEY,
    claims jsonb NOT NULL,
    expires_at timestamptz NOT NULL
);

-- What a user has let a client do. Its code, refresh tokens and access tokens are one family, and end together.
CREATE TABLE consent (
    family uuid PRIMARY KEY,
    client_id text NOT NULL,
    user_id text NOT NULL,
    body jsonb NOT NULL,
    given_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX consent_user ON consent (user_id, given_at);

CREATE TABLE authorization_code (
    hash bytea PRIMARY KEY,
    family uuid NOT NULL,
    client_id text NOT NULL,
    body jsonb NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);

CREATE TABLE refresh_token (
    hash bytea PRIMARY KEY,
    family uuid NOT NULL,
    client_id text NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX refresh_token_family ON refresh_token (family);

-- Assertions that were used: each counts once.
CREATE TABLE assertion (
    client_id text NOT NULL,
    jti bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (client_id, jti)
);

-- A token's family, where it has one, and what introspection tells beside its claims.
ALTER TABLE token ADD COLUMN family uuid, ADD COLUMN facts jsonb;
CREATE INDEX token_family ON token (family) WHERE family IS NOT NULL;
CREATE INDEX token_client ON token ((claims ->> 'client'));
