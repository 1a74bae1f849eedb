-- The people and organisations who give care: nobody's record, so patient_id is 0 in every row, and everyone with leave
-- for the type sees them. Small tables: on Citus, reference tables.

CREATE TABLE practitioner (
    patient_id bigint NOT NULL CHECK (patient_id = 0),
    id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    updated_at timestamptz NOT NULL,
    source_id integer NOT NULL,
    confidentiality smallint NOT NULL,
    active text[],
    address text[],
    address_city text[],
    address_country text[],
    address_postalcode text[],
    address_state text[],
    address_use text[],
    communication text[],
    email text[],
    family text[],
    gender text[],
    given text[],
    identifier text[],
    name text[],
    phone text[],
    phonetic text[],
    telecom text[],
    profile text[],
    security text[],
    meta_source text[],
    tag text[],
    resource text COMPRESSION lz4 NOT NULL,
    PRIMARY KEY (patient_id, id)
);
CREATE UNIQUE INDEX practitioner_id ON practitioner (id);
CREATE INDEX practitioner_identifier ON practitioner USING gin (identifier);

CREATE TABLE practitioner_history (
    patient_id bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    updated_at timestamptz NOT NULL,
    source_id integer NOT NULL,
    confidentiality smallint NOT NULL,
    verb text NOT NULL,
    resource text COMPRESSION lz4,
    PRIMARY KEY (id, version)
);
CREATE INDEX practitioner_history_time ON practitioner_history (updated_at, id, version);

CREATE TABLE practitioner_role (
    patient_id bigint NOT NULL CHECK (patient_id = 0),
    id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    updated_at timestamptz NOT NULL,
    source_id integer NOT NULL,
    confidentiality smallint NOT NULL,
    active text[],
    date_lo timestamptz,
    date_hi timestamptz,
    email text[],
    endpoint text[],
    identifier text[],
    location text[],
    organization text[],
    phone text[],
    practitioner text[],
    role text[],
    service text[],
    specialty text[],
    telecom text[],
    profile text[],
    security text[],
    meta_source text[],
    tag text[],
    resource text COMPRESSION lz4 NOT NULL,
    PRIMARY KEY (patient_id, id)
);
CREATE UNIQUE INDEX practitioner_role_id ON practitioner_role (id);
CREATE INDEX practitioner_role_identifier ON practitioner_role USING gin (identifier);

CREATE TABLE practitioner_role_history (
    patient_id bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    updated_at timestamptz NOT NULL,
    source_id integer NOT NULL,
    confidentiality smallint NOT NULL,
    verb text NOT NULL,
    resource text COMPRESSION lz4,
    PRIMARY KEY (id, version)
);
CREATE INDEX practitioner_role_history_time ON practitioner_role_history (updated_at, id, version);

CREATE TABLE organization (
    patient_id bigint NOT NULL CHECK (patient_id = 0),
    id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    updated_at timestamptz NOT NULL,
    source_id integer NOT NULL,
    confidentiality smallint NOT NULL,
    active text[],
    address text[],
    address_city text[],
    address_country text[],
    address_postalcode text[],
    address_state text[],
    address_use text[],
    endpoint text[],
    identifier text[],
    name text[],
    partof text[],
    phonetic text[],
    type text[],
    profile text[],
    security text[],
    meta_source text[],
    tag text[],
    resource text COMPRESSION lz4 NOT NULL,
    PRIMARY KEY (patient_id, id)
);
CREATE UNIQUE INDEX organization_id ON organization (id);
CREATE INDEX organization_identifier ON organization USING gin (identifier);

CREATE TABLE organization_history (
    patient_id bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    updated_at timestamptz NOT NULL,
    source_id integer NOT NULL,
    confidentiality smallint NOT NULL,
    verb text NOT NULL,
    resource text COMPRESSION lz4,
    PRIMARY KEY (id, version)
);
CREATE INDEX organization_history_time ON organization_history (updated_at, id, version);
