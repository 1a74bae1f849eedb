#!/bin/bash
# Run by the image of PostgreSQL when its folder is new: the database, and the two logins of docs/run-in-production.md.
set -euo pipefail
psql -v ON_ERROR_STOP=1 -U postgres \
    -v owner="$(cat /run/secrets/owner-password)" -v service="$(cat /run/secrets/service-password)" <<'END'
CREATE ROLE lcr_service NOLOGIN NOINHERIT;
CREATE ROLE care_owner LOGIN PASSWORD :'owner';
CREATE ROLE care_app LOGIN PASSWORD :'service' IN ROLE lcr_service;
GRANT lcr_service TO care_owner WITH ADMIN OPTION;
CREATE DATABASE care OWNER care_owner;
END
