-- How Patient/$match finds candidates: by day of birth, by the sound of names, by postcode. Only indexes are added, so
-- that old code runs as it did.

-- The postcodes of a row as one compares them: what is stored is folded text, behind a divider as it was written.
CREATE FUNCTION postcode_keys(stored text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY(SELECT regexp_replace(split_part(v, chr(31), 1), '[^a-z0-9]', '', 'g') FROM unnest(stored) AS v);

CREATE INDEX patient_birthdate ON patient (birthdate_lo);
CREATE INDEX patient_phonetic ON patient USING gin (phonetic);
CREATE INDEX patient_postcode ON patient USING gin (postcode_keys(address_postalcode));
