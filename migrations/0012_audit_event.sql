-- The audit trail as R4 AuditEvent, in the shape of IHE BALP: a view that has the columns every type's relation has, so that
-- it is searched and read as the record is, and never written. Whether a caller sees it all or a person's own part, the
-- statement's reach says; without one it is empty.

CREATE FUNCTION reach.coding(system text, code text, display text) RETURNS json LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN json_build_object('system', system, 'code', code, 'display', display);

CREATE FUNCTION reach.concept(system text, code text, display text) RETURNS json LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN json_build_object('coding', json_build_array(json_build_object('system', system, 'code', code, 'display', display)));

-- What kind of event a row is: a type and a subtype, each as code and display, and BALP's profile where the event fits one.
CREATE FUNCTION reach.event(action text, resource_type text, query text, OUT type_system text, OUT type_code text,
    OUT type_display text, OUT subtype_system text, OUT subtype text, OUT subtype_display text, OUT profile text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    dcm text := 'http://dicom.nema.org/resources/ontology/DCM';
    path text := split_part(query, '?', 1);
    operation text := substring(split_part(query, '?', 1) FROM '\$([a-z-]+)');
BEGIN
    subtype_system := dcm; type_system := dcm;
    type_code := '110113'; type_display := 'Security Alert';
    CASE
        WHEN operation = 'break-glass' THEN subtype := '110127'; subtype_display := 'Emergency Override Started';
        WHEN operation IN ('self-claim', 'relate', 'end-relationship', 'review') OR resource_type = 'relationships' THEN
            subtype := '110137'; subtype_display := 'User security Attributes Changed';
        WHEN operation = 'protect' THEN subtype := '110135'; subtype_display := 'Object Security Attributes Changed';
        WHEN resource_type = 'access-token' THEN subtype := '110132'; subtype_display := 'Use of Restricted Function';
        WHEN resource_type IN ('sign-in', 'authorization', 'consent', 'token', 'revocation', 'introspection', 'launch') THEN
            type_code := '110114'; type_display := 'User Authentication';
            IF resource_type = 'token' THEN
                subtype_system := 'urn:ihe:event-type-code'; subtype := 'ITI-71'; subtype_display := 'Get Access Token';
            ELSE
                subtype := '110122'; subtype_display := 'Login';
            END IF;
        ELSE
            type_system := 'http://terminology.hl7.org/CodeSystem/audit-event-type'; type_code := 'rest'; type_display := 'RESTful Operation';
            IF resource_type = 'AuditEvent' OR operation IN ('relationships', 'access-alerts') THEN
                type_system := dcm; type_code := '110101'; type_display := 'Audit Log Used';
            END IF;
            subtype_system := 'http://hl7.org/fhir/restful-interaction';
            subtype := CASE
                WHEN resource_type = 'Bundle' THEN 'transaction'
                WHEN operation IS NOT NULL THEN 'operation'
                WHEN action = 'C' THEN 'create'
                WHEN action = 'U' THEN 'update'
                WHEN action = 'D' THEN 'delete'
                WHEN path LIKE '%/_history/%' THEN 'vread'
                WHEN path LIKE '%/_history' AND path LIKE '%/%/%' THEN 'history-instance'
                WHEN path LIKE '%/_history' THEN 'history-type'
                WHEN path = '_history' THEN 'history-system'
                WHEN action = 'R' THEN 'read'
                WHEN path = '' THEN 'search-system'
                ELSE 'search-type'
            END;
            subtype_display := subtype;
            profile := CASE
                WHEN type_code <> 'rest' THEN NULL
                WHEN subtype IN ('read', 'vread') THEN 'Read'
                WHEN subtype IN ('search-type', 'search-system') THEN 'Query'
                WHEN subtype IN ('create', 'update', 'delete') THEN initcap(subtype)
            END;
    END CASE;
END $$;

CREATE VIEW reach.audit_event AS
SELECT
    coalesce(a.patient_id, 0) AS patient_id,
    a.id,
    1 AS version,
    a.at AS updated_at,
    0 AS source_id,
    3::smallint AS confidentiality,
    'POST'::text AS verb,
    a.user_id,
    ARRAY[a.action] AS action,
    ARRAY[a.outcome::text] AS outcome,
    CASE WHEN a.address IS NOT NULL THEN ARRAY[a.address] END AS address,
    CASE WHEN a.user_id IS NOT NULL THEN ARRAY['|' || a.user_id] END AS altid,
    ARRAY['|' || a.role] AS agent_role,
    ARRAY[e.type_system || '|' || e.type_code] AS type,
    ARRAY[e.subtype_system || '|' || e.subtype] AS subtype,
    array_remove(ARRAY['=|' || a.client, '=https://fhir.nhs.uk/Id/sds-user-id|' || a.user_id], NULL) AS agent,
    CASE WHEN s.whole THEN nullif(p.refs, '{}') ELSE ARRAY[s.own] END AS patient,
    CASE WHEN s.whole THEN nullif(array_remove(array_append(p.refs, a.what), NULL), '{}') ELSE ARRAY[s.own] END AS entity,
    CASE WHEN p.refs = '{}' THEN ARRAY['http://terminology.hl7.org/CodeSystem/audit-entity-type|2'] ELSE
        ARRAY['http://terminology.hl7.org/CodeSystem/audit-entity-type|1', 'http://terminology.hl7.org/CodeSystem/audit-entity-type|2'] END AS entity_type,
    array_remove(ARRAY[CASE WHEN p.refs <> '{}' THEN 'http://terminology.hl7.org/CodeSystem/object-role|1' END,
        'http://terminology.hl7.org/CodeSystem/object-role|' || CASE WHEN a.what IS NOT NULL AND s.whole THEN '4' WHEN s.whole THEN '24' END], NULL) AS entity_role,
    NULL::text[] AS profile,
    NULL::text[] AS security,
    NULL::text[] AS meta_source,
    NULL::text[] AS tag,
    NULL::text[] AS token_text,
    NULL::text[] AS typed_identifier,
    ''::tsvector AS words,
    j.event AS resource,
    -- A person is not shown what was asked: it may name others, and what of their record they may not see themselves.
    j.own AS redacted
FROM audit a
-- Who reads: all of it, or as this Patient. What a person is not shown finds and sorts nothing either.
CROSS JOIN LATERAL (SELECT (SELECT current_setting('lcr.trail', true)) IS NOT DISTINCT FROM 'on' AS whole,
    (SELECT 'Patient/' || current_setting('lcr.patient', true)) AS own) s
CROSS JOIN LATERAL reach.event(a.action, a.resource_type, a.query) e
CROSS JOIN LATERAL (
    SELECT ARRAY(SELECT 'Patient/' || k.id FROM patient_key k WHERE k.patient_id = a.patient_id ORDER BY k.id)
        || ARRAY(SELECT '=https://fhir.nhs.uk/Id/nhs-number|' || n.nhs_number FROM person n WHERE n.patient_id = a.patient_id AND n.nhs_number IS NOT NULL) AS refs
) p
CROSS JOIN LATERAL (
    SELECT
        json_strip_nulls(json_build_object(
            'type', reach.coding(e.type_system, e.type_code, e.type_display),
            'subtype', json_build_array(reach.coding(e.subtype_system, e.subtype, e.subtype_display)),
            'action', a.action,
            'recorded', to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            'outcome', a.outcome::text,
            'purposeOfEvent', json_build_array(u.purpose),
            -- Client and server, as BALP has them: the client sends what is asked for or written, and takes what is read.
            'agent', CASE WHEN a.user_id IS NULL THEN json_build_array(u.client, u.server) ELSE json_build_array(u.client, u.server, u.the_user) END,
            'source', json_build_object(
                'observer', json_build_object('display', 'lcr-facade'),
                'type', json_build_array(reach.coding('http://terminology.hl7.org/CodeSystem/security-source-type', '4', 'Application Server')))
        ))::text AS common,
        json_strip_nulls(json_build_object(
            'what', json_build_object('reference', split_part(p.refs[1], '=', 1)),
            'type', reach.coding('http://terminology.hl7.org/CodeSystem/audit-entity-type', '1', 'Person'),
            'role', reach.coding('http://terminology.hl7.org/CodeSystem/object-role', '1', 'Patient')))::text AS patient,
        json_strip_nulls(json_build_object(
            'what', json_build_object('reference', a.what),
            'type', reach.coding('http://terminology.hl7.org/CodeSystem/audit-entity-type', '2', 'System Object'),
            'role', reach.coding('http://terminology.hl7.org/CodeSystem/object-role', '4', 'Domain Resource')))::text AS data,
        json_strip_nulls(json_build_object(
            'type', reach.coding('http://terminology.hl7.org/CodeSystem/audit-entity-type', '2', 'System Object'),
            'role', reach.coding('http://terminology.hl7.org/CodeSystem/object-role', '24', 'Query'),
            'description', nullif(a.query, ''),
            'query', replace(encode(convert_to(a.query, 'UTF8'), 'base64'), E'\n', '')))::text AS query,
        json_build_object(
            'what', json_build_object('identifier', json_build_object('value', a.request_id)),
            'type', reach.coding('https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType', 'XrequestId', 'X-Request-Id'))::text AS request,
        CASE WHEN a.outcome = 0 AND a.address IS NOT NULL AND e.profile IS NOT NULL AND (a.what IS NOT NULL OR e.profile = 'Query')
            THEN 'https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.'
                || CASE WHEN p.refs[1] LIKE 'Patient/%' THEN 'Patient' ELSE '' END || e.profile
        END AS profile
    FROM (
        SELECT
            reach.concept('http://terminology.hl7.org/CodeSystem/v3-ActReason',
                CASE WHEN a.basis = 'break_glass' AND a.purpose = 'TREAT' THEN 'BTG' ELSE a.purpose END, NULL) AS purpose,
            json_build_object(
                'type', CASE
                    WHEN e.profile = 'Delete' OR e.profile IS NULL THEN reach.concept('http://dicom.nema.org/resources/ontology/DCM', '110150', 'Application')
                    WHEN e.profile = 'Read' THEN reach.concept('http://dicom.nema.org/resources/ontology/DCM', '110152', 'Destination Role ID')
                    ELSE reach.concept('http://dicom.nema.org/resources/ontology/DCM', '110153', 'Source Role ID') END,
                'who', json_build_object('identifier', json_build_object('value', a.client)),
                'requestor', a.user_id IS NULL,
                'network', CASE WHEN a.address IS NOT NULL THEN json_build_object('address', a.address, 'type', '2') END) AS client,
            json_build_object(
                'type', CASE
                    WHEN e.profile = 'Delete' THEN reach.concept('http://terminology.hl7.org/CodeSystem/provenance-participant-type', 'custodian', 'Custodian')
                    WHEN e.profile IS NULL THEN reach.concept('http://terminology.hl7.org/CodeSystem/extra-security-role-type', 'dataprocessor', 'data processor')
                    WHEN e.profile = 'Read' THEN reach.concept('http://dicom.nema.org/resources/ontology/DCM', '110153', 'Source Role ID')
                    ELSE reach.concept('http://dicom.nema.org/resources/ontology/DCM', '110152', 'Destination Role ID') END,
                'who', json_build_object('display', 'lcr-facade'),
                'requestor', false,
                'network', json_build_object('address', '/fhir', 'type', '5')) AS server,
            json_build_object(
                'type', CASE WHEN e.profile IN ('Create', 'Update', 'Delete')
                    THEN reach.concept('http://terminology.hl7.org/CodeSystem/v3-ParticipationType', 'AUT', 'author (originator)')
                    ELSE reach.concept('http://terminology.hl7.org/CodeSystem/v3-ParticipationType', 'IRCP', 'information recipient') END,
                -- The role, where it was held, and the care relationship on which the person was looked at.
                'role', (SELECT json_agg(r.role ORDER BY r.n) FROM (VALUES
                    (1, json_build_object('text', a.role)),
                    (2, CASE WHEN a.organisation IS NOT NULL THEN json_build_object(
                        'coding', json_build_array(json_build_object('system', 'https://fhir.nhs.uk/Id/ods-organization-code', 'code', a.organisation))) END),
                    (3, CASE WHEN a.basis IS NOT NULL THEN json_build_object('text', 'care relationship: ' || replace(a.basis, '_', ' ')) END)
                ) r(n, role) WHERE r.role IS NOT NULL),
                'who', json_build_object('identifier', json_build_object('system', 'https://fhir.nhs.uk/Id/sds-user-id', 'value', a.user_id)),
                'altId', a.user_id,
                'requestor', true,
                'purposeOfUse', json_build_array(reach.concept('http://terminology.hl7.org/CodeSystem/v3-ActReason',
                    CASE WHEN a.basis = 'break_glass' AND a.purpose = 'TREAT' THEN 'BTG' ELSE a.purpose END, NULL))) AS the_user
    ) u
) f
CROSS JOIN LATERAL (
    SELECT
        '{"resourceType":"AuditEvent","id":"' || a.id || '","meta":{"versionId":"1","lastUpdated":"'
            || to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"' AS head,
        ',' || substr(f.common, 2, length(f.common) - 2) || ',"entity":[' AS middle
) h
CROSS JOIN LATERAL (
    SELECT
        h.head || coalesce(',"profile":["' || f.profile || '"]', '') || '}' || h.middle
            || CASE WHEN p.refs[1] LIKE 'Patient/%' THEN f.patient || ',' ELSE '' END
            || CASE WHEN a.what IS NOT NULL AND coalesce(e.profile, '') <> 'Query' THEN f.data ELSE f.query END
            || ',' || f.request || ']}' AS event,
        h.head || ',"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED","display":"redacted"}]}'
            || h.middle || json_build_object('what', json_build_object('reference', s.own),
                'type', reach.coding('http://terminology.hl7.org/CodeSystem/audit-entity-type', '1', 'Person'),
                'role', reach.coding('http://terminology.hl7.org/CodeSystem/object-role', '1', 'Patient'))::text || ','
            || json_build_object('type', reach.coding('http://terminology.hl7.org/CodeSystem/audit-entity-type', '2', 'System Object'),
                'name', coalesce(nullif(a.resource_type, ''), 'several types'))::text || ']}' AS own
) j
WHERE (SELECT current_setting('lcr.trail', true)) = 'on'
    OR a.patient_id = (SELECT k.patient_id FROM patient_key k WHERE k.id = nullif(current_setting('lcr.patient', true), ''));

GRANT SELECT ON reach.audit_event TO lcr_service;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA reach TO lcr_service;
