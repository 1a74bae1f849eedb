-- The record: one table per resource type, with its history; who a person is; who may see whom;
-- who asked. Times are UTC. Every column of a search parameter is NULL when the resource has no value for it.

-- A quantity as an interval (a plain value has lo = hi), with its canonical UCUM form where the unit has one.
CREATE TYPE fhir_quantity AS (
    lo numeric, hi numeric, system text, code text, unit text,
    canonical_lo double precision, canonical_hi double precision, canonical text
);

-- What the composite parameters of Observation pair within one component.
CREATE TYPE observation_component AS (code text[], value_concept text[], value_quantity fhir_quantity[]);

-- A source: an organisation's system that shares in. With a uri, it is put into meta.source where the sender gave none.
CREATE TABLE source (
    source_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    uri text
);

-- A person, by a key that tells nothing: the distribution key of every clinical row. 0 is nobody: rows whose subject is no patient of this record.
CREATE TABLE person (
    patient_id bigint PRIMARY KEY CHECK (patient_id > 0),
    nhs_number text UNIQUE
);

-- Which person a logical Patient id stands for. Sources may each have a Patient for one person.
CREATE TABLE patient_key (
    id text COLLATE "C" PRIMARY KEY,
    patient_id bigint NOT NULL
);
CREATE INDEX patient_key_person ON patient_key (patient_id);

CREATE TABLE patient (
    patient_id bigint NOT NULL,
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
    birthdate_lo timestamptz,
    birthdate_hi timestamptz,
    death_date_lo timestamptz,
    death_date_hi timestamptz,
    deceased text[],
    email text[],
    family text[],
    gender text[],
    general_practitioner text[],
    given text[],
    identifier text[],
    language text[],
    link text[],
    name text[],
    organization text[],
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
CREATE UNIQUE INDEX patient_id ON patient (id);
CREATE INDEX patient_identifier ON patient USING gin (identifier);

CREATE TABLE patient_history (
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
CREATE INDEX patient_history_time ON patient_history (updated_at, id, version);

CREATE TABLE condition (
    patient_id bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    updated_at timestamptz NOT NULL,
    source_id integer NOT NULL,
    confidentiality smallint NOT NULL,
    abatement_age fhir_quantity[],
    abatement_date_lo timestamptz,
    abatement_date_hi timestamptz,
    abatement_string text[],
    asserter text[],
    body_site text[],
    category text[],
    clinical_status text[],
    code text[],
    encounter text[],
    evidence text[],
    evidence_detail text[],
    identifier text[],
    onset_age fhir_quantity[],
    onset_date_lo timestamptz,
    onset_date_hi timestamptz,
    onset_info text[],
    subject text[],
    recorded_date_lo timestamptz,
    recorded_date_hi timestamptz,
    severity text[],
    stage text[],
    verification_status text[],
    profile text[],
    security text[],
    meta_source text[],
    tag text[],
    resource text COMPRESSION lz4 NOT NULL,
    PRIMARY KEY (patient_id, id)
);
CREATE UNIQUE INDEX condition_id ON condition (id);
CREATE INDEX condition_identifier ON condition USING gin (identifier);

CREATE TABLE condition_history (
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
CREATE INDEX condition_history_time ON condition_history (updated_at, id, version);

CREATE TABLE observation (
    patient_id bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    updated_at timestamptz NOT NULL,
    source_id integer NOT NULL,
    confidentiality smallint NOT NULL,
    based_on text[],
    category text[],
    code text[],
    component_code text[],
    component observation_component[],
    component_data_absent_reason text[],
    component_value_concept text[],
    component_value_quantity fhir_quantity[],
    data_absent_reason text[],
    date_lo timestamptz,
    date_hi timestamptz,
    derived_from text[],
    device text[],
    encounter text[],
    focus text[],
    has_member text[],
    identifier text[],
    method text[],
    part_of text[],
    subject text[],
    performer text[],
    specimen text[],
    status text[],
    value_concept text[],
    value_date_lo timestamptz,
    value_date_hi timestamptz,
    value_quantity fhir_quantity[],
    value_string text[],
    value_text text[],
    profile text[],
    security text[],
    meta_source text[],
    tag text[],
    resource text COMPRESSION lz4 NOT NULL,
    PRIMARY KEY (patient_id, id)
);
CREATE UNIQUE INDEX observation_id ON observation (id);
CREATE INDEX observation_date ON observation (patient_id, (coalesce(date_lo, '-infinity'::timestamptz)), id);
CREATE INDEX observation_identifier ON observation USING gin (identifier);

CREATE TABLE observation_history (
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
CREATE INDEX observation_history_time ON observation_history (updated_at, id, version);

CREATE TABLE medication_statement (
    patient_id bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    updated_at timestamptz NOT NULL,
    source_id integer NOT NULL,
    confidentiality smallint NOT NULL,
    category text[],
    code text[],
    context text[],
    effective_lo timestamptz,
    effective_hi timestamptz,
    identifier text[],
    medication text[],
    part_of text[],
    subject text[],
    source text[],
    status text[],
    profile text[],
    security text[],
    meta_source text[],
    tag text[],
    resource text COMPRESSION lz4 NOT NULL,
    PRIMARY KEY (patient_id, id)
);
CREATE UNIQUE INDEX medication_statement_id ON medication_statement (id);
CREATE INDEX medication_statement_effective ON medication_statement (patient_id, (coalesce(effective_lo, '-infinity'::timestamptz)), id);
CREATE INDEX medication_statement_identifier ON medication_statement USING gin (identifier);

CREATE TABLE medication_statement_history (
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
CREATE INDEX medication_statement_history_time ON medication_statement_history (updated_at, id, version);

CREATE TABLE allergy_intolerance (
    patient_id bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    updated_at timestamptz NOT NULL,
    source_id integer NOT NULL,
    confidentiality smallint NOT NULL,
    asserter text[],
    category text[],
    clinical_status text[],
    code text[],
    criticality text[],
    date_lo timestamptz,
    date_hi timestamptz,
    identifier text[],
    last_date_lo timestamptz,
    last_date_hi timestamptz,
    manifestation text[],
    onset_lo timestamptz[],
    onset_hi timestamptz[],
    patient text[],
    recorder text[],
    route text[],
    severity text[],
    type text[],
    verification_status text[],
    profile text[],
    security text[],
    meta_source text[],
    tag text[],
    resource text COMPRESSION lz4 NOT NULL,
    PRIMARY KEY (patient_id, id)
);
CREATE UNIQUE INDEX allergy_intolerance_id ON allergy_intolerance (id);
CREATE INDEX allergy_intolerance_identifier ON allergy_intolerance USING gin (identifier);

CREATE TABLE allergy_intolerance_history (
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
CREATE INDEX allergy_intolerance_history_time ON allergy_intolerance_history (updated_at, id, version);

CREATE TABLE care_plan (
    patient_id bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    updated_at timestamptz NOT NULL,
    source_id integer NOT NULL,
    confidentiality smallint NOT NULL,
    activity_code text[],
    activity_date_lo timestamptz[],
    activity_date_hi timestamptz[],
    activity_reference text[],
    based_on text[],
    care_team text[],
    category text[],
    condition text[],
    date_lo timestamptz,
    date_hi timestamptz,
    encounter text[],
    goal text[],
    identifier text[],
    instantiates_canonical text[],
    instantiates_uri text[],
    intent text[],
    part_of text[],
    subject text[],
    performer text[],
    replaces text[],
    status text[],
    profile text[],
    security text[],
    meta_source text[],
    tag text[],
    resource text COMPRESSION lz4 NOT NULL,
    PRIMARY KEY (patient_id, id)
);
CREATE UNIQUE INDEX care_plan_id ON care_plan (id);
CREATE INDEX care_plan_identifier ON care_plan USING gin (identifier);

CREATE TABLE care_plan_history (
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
CREATE INDEX care_plan_history_time ON care_plan_history (updated_at, id, version);

-- Who is involved in whose care, as whom, on what basis, and when.
CREATE TABLE care_relationship (
    relationship_id bigint GENERATED ALWAYS AS IDENTITY,
    patient_id bigint NOT NULL,
    holder_kind text NOT NULL CHECK (holder_kind IN ('practitioner', 'team', 'organisation')),
    holder text NOT NULL,
    holder_key text GENERATED ALWAYS AS (holder_kind || '/' || holder) STORED,
    basis text NOT NULL CHECK (basis IN ('gp_registered', 'referral', 'admission', 'caseload', 'self_claimed', 'break_glass')),
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    source text NOT NULL,
    reason text NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (patient_id, relationship_id)
);
CREATE UNIQUE INDEX care_relationship_once ON care_relationship (patient_id, holder_key, basis, valid_from, source);
CREATE INDEX care_relationship_holder ON care_relationship (holder_key, patient_id);

-- Access tokens: the SHA-256 of the token, never the token, and what it says of its holder.
CREATE TABLE token (
    hash bytea PRIMARY KEY,
    claims jsonb NOT NULL,
    issued_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);

-- Secrets that all instances share.
CREATE TABLE service_key (
    name text PRIMARY KEY,
    secret bytea NOT NULL
);

INSERT INTO service_key (name, secret)
SELECT name, sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')) FROM unnest(ARRAY['cursor', 'person']) AS name;

-- Who looked at whom: a row per person seen and request, and one for a request that saw nobody.
CREATE TABLE audit (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    request_id uuid NOT NULL,
    client text NOT NULL,
    user_id text,
    role text NOT NULL,
    organisation text,
    action text NOT NULL,
    resource_type text NOT NULL,
    query text NOT NULL,
    patient_id bigint,
    outcome smallint NOT NULL
);
CREATE INDEX audit_person ON audit (patient_id, at);

-- How far the loading of the sandbox's record has come: 'begun', 'loaded'. Empty outside a sandbox.
CREATE TABLE sandbox_mark (mark text PRIMARY KEY);
