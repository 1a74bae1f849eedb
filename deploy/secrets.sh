#!/bin/sh
# Makes the passwords that compose.yaml hands over as files, once; what is there already stays.
set -eu
umask 077
folder=$(dirname "$0")/secrets
mkdir -p "$folder"

# 32 bytes of the kernel's randomness, in letters that a URL may hold as they are.
password() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

for role in postgres owner service; do
    [ -s "$folder/$role-password" ] || password >"$folder/$role-password"
done
url() { printf 'postgres://%s:%s@database:5432/care' "$1" "$(cat "$folder/$2-password")"; }
url care_owner owner >"$folder/owner-url"
url care_app service >"$folder/database-url"
# A container's user is another than who made the files: the folder keeps others out, the files let it in.
chmod 0700 "$folder"
chmod 0444 "$folder"/*
printf '%s\n' "The secrets are in $folder; keep it out of backups that others read." >&2
