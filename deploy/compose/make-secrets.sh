#!/bin/sh
# Makes the secrets that compose.yaml names, once. Keep a copy of encryption_key elsewhere: a backup of the database is
# worth nothing without it.
set -eu
cd "$(dirname "$0")"
if [ -e secrets ]; then
  echo "secrets/ is there already; nothing was changed." >&2
  exit 1
fi
umask 077
mkdir secrets
password=$(openssl rand -hex 24)
printf '%s\n' "$password" > secrets/postgres_password
printf 'postgres://tocsin:%s@postgres:5432/tocsin\n' "$password" > secrets/database_url
printf 'ta_%s\n' "$(openssl rand -hex 24)" > secrets/admin_key
openssl rand -base64 32 > secrets/encryption_key
# Mounted as they are, for users of other numbers; the directory keeps everybody else on this machine out.
chmod 0444 secrets/*
echo "Made $(pwd)/secrets. The admin key is in secrets/admin_key."
