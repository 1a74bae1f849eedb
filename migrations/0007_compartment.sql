-- Compartment search: the Patients that a row names beside its subject. Most such references are to professionals, so the
-- indexes hold only those to Patients.

CREATE FUNCTION patients_in(targets text[]) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT array_agg(v) FROM unnest(targets) v WHERE v ^@ 'Patient/' $$;

CREATE INDEX patient_link_patient ON patient USING gin (patients_in(link)) WHERE patients_in(link) IS NOT NULL;
CREATE INDEX condition_asserter_patient ON condition USING gin (patients_in(asserter)) WHERE patients_in(asserter) IS NOT NULL;
CREATE INDEX observation_performer_patient ON observation USING gin (patients_in(performer)) WHERE patients_in(performer) IS NOT NULL;
CREATE INDEX allergy_intolerance_recorder_patient ON allergy_intolerance USING gin (patients_in(recorder)) WHERE patients_in(recorder) IS NOT NULL;
CREATE INDEX allergy_intolerance_asserter_patient ON allergy_intolerance USING gin (patients_in(asserter)) WHERE patients_in(asserter) IS NOT NULL;
CREATE INDEX care_plan_performer_patient ON care_plan USING gin (patients_in(performer)) WHERE patients_in(performer) IS NOT NULL;
