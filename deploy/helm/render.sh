#!/bin/sh
# Writes what the chart makes of its defaults, and of PostgreSQL with all that can be switched on, into rendered/: for
# whoever has no Helm, and for the tests.
set -eu
cd "$(dirname "$0")"
mkdir -p rendered
helm="${HELM:-helm}"
"$helm" template tocsin tocsin --kube-version 1.32.0 > rendered/embedded.yaml
"$helm" template tocsin tocsin --kube-version 1.32.0 --set store=postgresql --set existingSecret=tocsin \
  --set ingress.enabled=true --set ingress.host=hooks.example.com --set ingress.tlsSecret=hooks-tls \
  --set networkPolicy.enabled=true > rendered/postgresql.yaml
