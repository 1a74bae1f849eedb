-- Search beyond codes: texts of coded values, types of identifiers, words; code systems and value sets.
-- Rows that are there already get the new columns by `lcr migrate`, which indexes them again in batches.

ALTER TABLE patient
    ADD COLUMN token_text text[],
    ADD COLUMN typed_identifier text[],
    ADD COLUMN words tsvector,
    ADD COLUMN edition smallint;
CREATE INDEX patient_typed_identifier ON patient USING gin (typed_identifier) WHERE typed_identifier IS NOT NULL;
CREATE INDEX patient_words ON patient USING gin (words);

ALTER TABLE condition
    ADD COLUMN token_text text[],
    ADD COLUMN typed_identifier text[],
    ADD COLUMN words tsvector,
    ADD COLUMN edition smallint;
CREATE INDEX condition_typed_identifier ON condition USING gin (typed_identifier) WHERE typed_identifier IS NOT NULL;
CREATE INDEX condition_words ON condition USING gin (words);

ALTER TABLE observation
    ADD COLUMN token_text text[],
    ADD COLUMN typed_identifier text[],
    ADD COLUMN words tsvector,
    ADD COLUMN edition smallint;
CREATE INDEX observation_typed_identifier ON observation USING gin (typed_identifier) WHERE typed_identifier IS NOT NULL;
CREATE INDEX observation_words ON observation USING gin (words);

ALTER TABLE medication_statement
    ADD COLUMN token_text text[],
    ADD COLUMN typed_identifier text[],
    ADD COLUMN words tsvector,
    ADD COLUMN edition smallint;
CREATE INDEX medication_statement_typed_identifier ON medication_statement USING gin (typed_identifier) WHERE typed_identifier IS NOT NULL;
CREATE INDEX medication_statement_words ON medication_statement USING gin (words);

ALTER TABLE allergy_intolerance
    ADD COLUMN token_text text[],
    ADD COLUMN typed_identifier text[],
    ADD COLUMN words tsvector,
    ADD COLUMN edition smallint;
CREATE INDEX allergy_intolerance_typed_identifier ON allergy_intolerance USING gin (typed_identifier) WHERE typed_identifier IS NOT NULL;
CREATE INDEX allergy_intolerance_words ON allergy_intolerance USING gin (words);

ALTER TABLE care_plan
    ADD COLUMN token_text text[],
    ADD COLUMN typed_identifier text[],
    ADD COLUMN words tsvector,
    ADD COLUMN edition smallint;
CREATE INDEX care_plan_typed_identifier ON care_plan USING gin (typed_identifier) WHERE typed_identifier IS NOT NULL;
CREATE INDEX care_plan_words ON care_plan USING gin (words);

ALTER TABLE practitioner
    ADD COLUMN token_text text[],
    ADD COLUMN typed_identifier text[],
    ADD COLUMN words tsvector,
    ADD COLUMN edition smallint;
CREATE INDEX practitioner_typed_identifier ON practitioner USING gin (typed_identifier) WHERE typed_identifier IS NOT NULL;
CREATE INDEX practitioner_words ON practitioner USING gin (words);

ALTER TABLE practitioner_role
    ADD COLUMN token_text text[],
    ADD COLUMN typed_identifier text[],
    ADD COLUMN words tsvector,
    ADD COLUMN edition smallint;
CREATE INDEX practitioner_role_typed_identifier ON practitioner_role USING gin (typed_identifier) WHERE typed_identifier IS NOT NULL;
CREATE INDEX practitioner_role_words ON practitioner_role USING gin (words);

ALTER TABLE organization
    ADD COLUMN token_text text[],
    ADD COLUMN typed_identifier text[],
    ADD COLUMN words tsvector,
    ADD COLUMN edition smallint;
CREATE INDEX organization_typed_identifier ON organization USING gin (typed_identifier) WHERE typed_identifier IS NOT NULL;
CREATE INDEX organization_words ON organization USING gin (words);

-- How far the rows of each type have been indexed again: with which edition of the index, after which id, whether to the end.
CREATE TABLE reindex (
    kind text PRIMARY KEY,
    edition smallint NOT NULL,
    after_id text COLLATE "C" NOT NULL,
    done boolean NOT NULL
);

-- The code systems the service knows: shipped with it, or imported. The prefix is what tokens of the system begin with.
CREATE TABLE code_system (
    code_system_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url text NOT NULL UNIQUE,
    version text,
    prefix text NOT NULL,
    complete boolean NOT NULL,
    subsumes boolean NOT NULL,
    digest bytea NOT NULL,
    shipped boolean NOT NULL
);

-- Their concepts, written as tokens are; properties as name, chr(31), value.
CREATE TABLE concept (
    code_system_id integer NOT NULL,
    code text COLLATE "C" NOT NULL,
    properties text[],
    PRIMARY KEY (code_system_id, code)
);
CREATE INDEX concept_code ON concept (code);

-- Which concept is below which, over any number of steps, each below itself too.
CREATE TABLE concept_below (
    code_system_id integer NOT NULL,
    ancestor text COLLATE "C" NOT NULL,
    descendant text COLLATE "C" NOT NULL,
    PRIMARY KEY (code_system_id, ancestor, descendant)
);
CREATE INDEX concept_above ON concept_below (code_system_id, descendant, ancestor);

-- The value sets the service knows, expanded when they came.
CREATE TABLE value_set (
    value_set_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url text NOT NULL UNIQUE,
    version text,
    id text COLLATE "C" UNIQUE,
    shipped boolean NOT NULL
);
CREATE TABLE value_set_code (
    value_set_id integer NOT NULL,
    token text COLLATE "C" NOT NULL,
    PRIMARY KEY (value_set_id, token)
);

-- What was shipped last, so that a start that brings nothing new writes nothing.
CREATE TABLE shipped (name text PRIMARY KEY, digest bytea NOT NULL);
