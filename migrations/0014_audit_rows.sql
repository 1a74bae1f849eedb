-- A cheaper way into the audit trail: rows come as typed records, not as JSON, and what costs by the row is as little as can be.
-- Links and seals are those of `audit_append(json, bytea)`, which stays for the version before: both add to the same chains.

-- One row as it comes, in the order of the array: `at` in microseconds since 1970; `holders` are those whose relationship with
-- the person counts.
CREATE TYPE audit_said AS (
    at bigint, request_id uuid, client text, user_id text, role text, organisation text, address text, purpose text, action text,
    resource_type text, query text, what text, patient_id bigint, outcome smallint, holders text[]
);

-- Appends a link. `digest` is over what the rows say; the basis is found here and sealed too. The least of a person's bases by
-- rank is an aggregate, for which nothing has to be sorted; an id is made of the number that came, not of the time made of it.
-- A lock that is not to be had in time is told, so that no session is left waiting for it when its service has given up.
CREATE FUNCTION audit_append(entries audit_said[], digest bytea) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    ranks CONSTANT text[] := ARRAY['caseload', 'gp_registered', 'admission', 'referral', 'self_claimed', 'break_glass'];
    free smallint;
BEGIN
    -- Any chain that nobody else is adding to; where all are taken, wait for one.
    SELECT c.chain INTO free FROM audit_chain c ORDER BY c.chain LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        free := 1 + mod(pg_backend_pid(), 8);
    END IF;
    WITH said AS MATERIALIZED (
        SELECT e.*, (e.nth - 1)::integer AS place, CASE WHEN e.patient_id IS NOT NULL THEN (
            SELECT ranks[min(array_position(ranks, r.basis))] FROM care_relationship r
            WHERE r.patient_id = e.patient_id AND r.holder_key = ANY (e.holders)
                AND r.revoked_at IS NULL AND r.valid_from <= now() AND (r.valid_to IS NULL OR r.valid_to > now())
        ) END AS basis
        FROM unnest(entries) WITH ORDINALITY e(at, request_id, client, user_id, role, organisation, address, purpose, action,
            resource_type, query, what, patient_id, outcome, holders, nth)
    ), head AS (
        UPDATE audit_chain c SET link = c.link + 1, seal = sha256(c.seal || digest
            || convert_to((SELECT string_agg(coalesce(s.basis, '-'), ',' ORDER BY s.place) FROM said s), 'UTF8'))
        WHERE c.chain = free RETURNING c.chain, c.link, c.seal
    )
    INSERT INTO audit (at, chain, link, place, id, request_id, client, user_id, role, organisation, address, purpose, basis, action,
        resource_type, query, what, patient_id, outcome, seal)
    SELECT timestamptz 'epoch' + s.at * interval '1 microsecond', h.chain, h.link, s.place,
        lpad(to_hex(s.at), 14, '0') || '-' || h.chain || '-' || h.link || '-' || s.place, s.request_id, s.client, s.user_id, s.role,
        s.organisation, s.address, s.purpose, s.basis, s.action, s.resource_type, s.query, s.what, s.patient_id, s.outcome,
        CASE WHEN s.place = 0 THEN h.seal END
    FROM said s CROSS JOIN head h;
END $$;

REVOKE EXECUTE ON FUNCTION audit_append(audit_said[], bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_append(audit_said[], bytea) TO lcr_service;
