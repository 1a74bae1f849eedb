-- Who may see what, kept by the database too: protections of a person, breaking glass and its review, a chained audit
-- trail in monthly partitions, and row-level security for a role that owns nothing.

-- A relationship may come of an override: then it says over what.
ALTER TABLE care_relationship
    ADD COLUMN over_opt_out boolean NOT NULL DEFAULT false,
    ADD COLUMN unseals boolean NOT NULL DEFAULT false,
    ADD COLUMN made_at timestamptz NOT NULL DEFAULT now();

-- What a person, or the law, asks of everyone, by a key that tells nothing: opted out of sharing, or restricted (address, telecom and GP are not shown).
-- The label is the highest of the person's Patient resources. No row: nothing is asked.
CREATE TABLE person_protection (
    patient_id bigint PRIMARY KEY,
    opted_out boolean NOT NULL DEFAULT false,
    restricted boolean NOT NULL DEFAULT false,
    label smallint NOT NULL DEFAULT 3
);

-- A restricted person's Patient as everyone but the person and its source sees it. Its search columns follow from this.
ALTER TABLE patient ADD COLUMN redacted text COMPRESSION lz4;
-- The few that are labelled, to find those who are not protected yet.
CREATE INDEX patient_labelled ON patient (patient_id) WHERE confidentiality > 3;
ALTER TABLE patient_history ADD COLUMN redacted text COMPRESSION lz4;

-- Overrides and claims that a privacy officer has to look at; each is told to the webhook once it is committed.
CREATE TABLE access_alert (
    alert_id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    kind text NOT NULL CHECK (kind IN ('break-glass', 'self-claim', 'refused')),
    patient_id bigint,
    relationship_id bigint,
    client text NOT NULL,
    user_id text NOT NULL,
    role text NOT NULL,
    organisation text,
    reason text NOT NULL,
    told_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    next_try timestamptz NOT NULL DEFAULT now(),
    reviewed_at timestamptz,
    reviewed_by text,
    verdict text CHECK (verdict IN ('appropriate', 'inappropriate', 'unclear')),
    note text
);
CREATE INDEX access_alert_open ON access_alert (at, alert_id) WHERE reviewed_at IS NULL;
CREATE INDEX access_alert_untold ON access_alert (next_try) WHERE told_at IS NULL;

-- The audit trail. Rows of one commit are a link; a link's seal, kept with its first row, is the SHA-256 of the seal before
-- it in its chain and of what its rows say. Several chains, so that commits need not wait for each other.
ALTER TABLE audit RENAME TO audit_unchained;
ALTER INDEX audit_person RENAME TO audit_unchained_person;

CREATE TABLE audit (
    at timestamptz NOT NULL,
    chain smallint NOT NULL,
    link bigint NOT NULL,
    place integer NOT NULL,
    -- The time in microseconds, in hex, then chain, link and place: what is in the order of ids is in that of time.
    id text COLLATE "C" NOT NULL,
    request_id uuid NOT NULL,
    client text NOT NULL,
    user_id text,
    role text NOT NULL,
    organisation text,
    -- Where the request came from.
    address text,
    purpose text NOT NULL,
    -- The care relationship on which the person was looked at, as it was then.
    basis text,
    action text NOT NULL,
    resource_type text NOT NULL,
    query text NOT NULL,
    -- The resource that was read or written, and its version where that is known.
    what text,
    patient_id bigint,
    outcome smallint NOT NULL,
    seal bytea,
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE INDEX audit_link ON audit (chain, link);
CREATE INDEX audit_person ON audit ((coalesce(patient_id, 0)), at);
CREATE INDEX audit_user ON audit (user_id, at) WHERE user_id IS NOT NULL;
-- What comes with a clock that is wrong, or before its month was made, is kept all the same.
CREATE TABLE audit_other PARTITION OF audit DEFAULT;

CREATE TABLE audit_chain (
    chain smallint PRIMARY KEY,
    link bigint NOT NULL,
    seal bytea NOT NULL
) WITH (fillfactor = 50);
INSERT INTO audit_chain SELECT n, 0, sha256(convert_to('audit chain ' || n, 'UTF8')) FROM generate_series(1, 8) n;

-- Makes the partitions of this month and the next two, where they are missing. Whether any was made.
CREATE FUNCTION audit_months() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    month timestamptz;
    made boolean := false;
BEGIN
    FOR ahead IN 0..2 LOOP
        month := date_trunc('month', now(), 'UTC') + make_interval(months => ahead);
        CONTINUE WHEN to_regclass('audit_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM')) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE TABLE %I PARTITION OF audit FOR VALUES FROM (%L) TO (%L)',
                'audit_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'), month,
                date_trunc('month', month, 'UTC') + interval '1 month');
            made := true;
        EXCEPTION
            -- Another instance was first; or rows of that month are in the default partition and stay there.
            WHEN duplicate_table OR check_violation OR invalid_object_definition THEN NULL;
        END;
    END LOOP;
    RETURN made;
END $$;
SELECT audit_months();

-- One row as it comes: `holders` are those whose relationship with the person counts.
CREATE TYPE audit_entry AS (
    place integer, at timestamptz, request_id uuid, client text, user_id text, role text, organisation text, address text,
    purpose text,    action text, resource_type text, query text, what text, patient_id bigint, outcome smallint, holders text[]
);

CREATE FUNCTION audit_id(at timestamptz, chain smallint, link bigint, place integer) RETURNS text LANGUAGE sql STABLE
RETURN lpad(to_hex((extract(epoch FROM at) * 1000000)::bigint), 14, '0') || '-' || chain || '-' || link || '-' || place;

-- Appends a link: the only way in for the service. `digest` is over what the rows say; the basis is found here and sealed too.
CREATE FUNCTION audit_append(entries json, digest bytea) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    free smallint;
BEGIN
    -- Any chain that nobody else is adding to; where all are taken, wait for one.
    SELECT c.chain INTO free FROM audit_chain c ORDER BY c.chain LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        free := 1 + mod(pg_backend_pid(), 8);
    END IF;
    WITH said AS MATERIALIZED (
        SELECT e.*, b.basis
        FROM json_populate_recordset(NULL::audit_entry, entries) e
        LEFT JOIN LATERAL (
            SELECT r.basis FROM care_relationship r
            WHERE r.patient_id = e.patient_id AND r.holder_key = ANY (e.holders)
                AND r.revoked_at IS NULL AND r.valid_from <= now() AND (r.valid_to IS NULL OR r.valid_to > now())
            ORDER BY array_position(ARRAY['caseload', 'gp_registered', 'admission', 'referral', 'self_claimed', 'break_glass'], r.basis)
            LIMIT 1
        ) b ON true
    ), head AS (
        UPDATE audit_chain c SET link = c.link + 1, seal = sha256(c.seal || digest
            || convert_to((SELECT string_agg(coalesce(s.basis, '-'), ',' ORDER BY s.place) FROM said s), 'UTF8'))
        WHERE c.chain = free RETURNING c.chain, c.link, c.seal
    )
    INSERT INTO audit (at, chain, link, place, id, request_id, client, user_id, role, organisation, address, purpose, basis, action,
        resource_type, query, what, patient_id, outcome, seal)
    SELECT s.at, h.chain, h.link, s.place, audit_id(s.at, h.chain, h.link, s.place), s.request_id, s.client, s.user_id, s.role,
        s.organisation, s.address, s.purpose, s.basis, s.action, s.resource_type, s.query, s.what, s.patient_id, s.outcome,
        CASE WHEN s.place = 0 THEN h.seal END
    FROM said s CROSS JOIN head h;
END $$;

-- Rows from before there were chains: they are kept, and nothing vouches for them. Chain 0 says so.
INSERT INTO audit (at, chain, link, place, id, request_id, client, user_id, role, organisation, purpose, action, resource_type,
    query, patient_id, outcome)
SELECT at, 0, audit_id, 0, audit_id(at, 0::smallint, audit_id, 0), request_id, client, user_id, role, organisation, 'TREAT', action, resource_type, query, patient_id, outcome
FROM audit_unchained;
DROP TABLE audit_unchained;

-- What a statement may see is set by the statement itself, for itself. Callers are several in a statement only as grants of
-- one caller, so holders add up and the others are the same.
CREATE FUNCTION reach_set(holders text[], patient text, source text, trail boolean) RETURNS boolean LANGUAGE sql VOLATILE AS $$
    SELECT set_config('lcr.open', 'on', true) IS NOT NULL
        AND set_config('lcr.holders',
            (coalesce(nullif(current_setting('lcr.holders', true), ''), '{}')::text[] || coalesce(holders, '{}'))::text, true) IS NOT NULL
        AND CASE WHEN patient IS NULL THEN true ELSE set_config('lcr.patient', patient, true) IS NOT NULL END
        AND CASE WHEN source IS NULL THEN true ELSE set_config('lcr.source', source, true) IS NOT NULL END
        AND CASE WHEN trail THEN set_config('lcr.trail', 'on', true) IS NOT NULL ELSE true END
$$;

-- The service's role. It owns nothing; whoever runs the service logs in as a member of it.
DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'lcr_service') THEN
        CREATE ROLE lcr_service NOLOGIN NOINHERIT;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'the role lcr_service is missing and % may not make it', current_user
            USING HINT = 'as a superuser: CREATE ROLE lcr_service NOLOGIN NOINHERIT; GRANT lcr_service TO the role that migrates and serves';
END $$;
DO $$ BEGIN
    -- From PostgreSQL 16 on, who makes a role is its member without the right to act as it.
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT lcr_service TO %I', current_user);
    END IF;
END $$;

CREATE SCHEMA reach;

-- When the version after this one was written, of whoever's it is: a row that moved to another person is not current where it was.
CREATE FUNCTION reach.superseded(of_table text, row_id text, row_version integer) RETURNS timestamptz LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    at timestamptz;
BEGIN
    EXECUTE format('SELECT updated_at FROM public.%I WHERE id = $1 AND version = $2', of_table) INTO at USING row_id, row_version + 1;
    RETURN at;
END $$;

-- Makes, or makes again after a column was added, what the second lock is made of: for each table of persons' rows a policy
-- on the table itself, and a view in the schema `reach` for reading. The view has the policy's condition: PostgreSQL uses no index
-- whose operator might leak (those on arrays, so every identifier) below a policy, but does below a view.
CREATE FUNCTION reach_views() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    kind text;
    of_table text;
    covered text := $c$
        (SELECT current_setting('lcr.whole', true)) = 'on'
        OR %1$s.source_id = (SELECT s.source_id FROM public.source s WHERE s.name = nullif(current_setting('lcr.source', true), ''))
        OR %1$s.patient_id = (SELECT k.patient_id FROM public.patient_key k WHERE k.id = nullif(current_setting('lcr.patient', true), ''))
        OR EXISTS (SELECT 1 FROM public.care_relationship r WHERE r.patient_id = %1$s.patient_id
            AND r.holder_key = ANY ((SELECT nullif(current_setting('lcr.holders', true), '')::text[])::text[])
            AND r.revoked_at IS NULL AND r.valid_from <= now() AND (r.valid_to IS NULL OR r.valid_to > now()))
    $c$;
BEGIN
    FOREACH kind IN ARRAY ARRAY['patient', 'condition', 'observation', 'medication_statement', 'allergy_intolerance', 'care_plan'] LOOP
        FOREACH of_table IN ARRAY ARRAY[kind, kind || '_history'] LOOP
            EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', of_table);
            EXECUTE format('DROP POLICY IF EXISTS reach ON public.%I', of_table);
            EXECUTE format('CREATE POLICY reach ON public.%I TO lcr_service USING (%s) WITH CHECK ((SELECT current_setting(''lcr.whole'', true)) = ''on'')',
                of_table, format(covered, of_table));
            EXECUTE format('CREATE OR REPLACE VIEW reach.%I AS SELECT t.* FROM public.%I t WHERE %s', of_table, of_table, format(covered, 't'));
        END LOOP;
    END LOOP;
END $$;
SELECT reach_views();

-- What tells who is known here, and in whose care: nothing of it without some reach.
DO $$
DECLARE
    of_table text;
BEGIN
    FOREACH of_table IN ARRAY ARRAY['person', 'patient_key', 'care_relationship', 'person_protection', 'access_alert'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', of_table);
        EXECUTE format('CREATE POLICY reach ON %I TO lcr_service USING ((SELECT current_setting(''lcr.open'', true)) = ''on'' '
            'OR (SELECT current_setting(''lcr.whole'', true)) = ''on'')', of_table);
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA public, reach TO lcr_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO lcr_service;
GRANT SELECT ON ALL TABLES IN SCHEMA reach TO lcr_service;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO lcr_service;
-- It adds to the audit trail by `audit_append` and reads it by a view; nobody's relationships or alerts are deleted.
DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'audit'::regclass LOOP
        EXECUTE format('REVOKE ALL ON %s FROM lcr_service', part);
    END LOOP;
END $$;
REVOKE ALL ON audit, audit_chain FROM lcr_service;
REVOKE DELETE ON care_relationship, access_alert, person_protection, person FROM lcr_service;
REVOKE INSERT, UPDATE, DELETE ON service_key, sandbox_mark, reindex, code_system, concept, concept_below, value_set, value_set_code, shipped
    FROM lcr_service;
REVOKE EXECUTE ON FUNCTION audit_append(json, bytea), audit_months(), reach_views(), reach.superseded(text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_append(json, bytea), audit_months(), reach.superseded(text, text, integer) TO lcr_service;
