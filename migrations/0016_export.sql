-- Bulk exports under way. A job is this row and nothing else: its files are read from the record when they are fetched, so there
-- is nothing to clean up, any instance can serve it, and a restart loses nothing.
CREATE TABLE export_job (
    export_id uuid PRIMARY KEY,
    client text COLLATE "C" NOT NULL,
    -- The address that began it.
    request text NOT NULL,
    -- A search of each type: type → query.
    queries jsonb NOT NULL,
    -- Whether rows that are nobody's are left out.
    of_people boolean NOT NULL,
    asked_at timestamptz NOT NULL,
    -- The transaction that kept it: once all before it have ended, all that was written by then can be read.
    pending xid8 NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX export_job_client ON export_job (client);

-- It is kept, read and forgotten, never changed.
REVOKE ALL ON export_job FROM lcr_service;
GRANT SELECT, INSERT, DELETE ON export_job TO lcr_service;
