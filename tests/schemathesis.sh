#!/usr/bin/env bash
# Lets schemathesis loose on a station: every operation of the served OpenAPI document, as each role and as nobody.
#
#   tests/schemathesis.sh PROGRAM [SECONDS]
#
# Starts a station of its own on a free loopback port, with what a demo has on it, makes somebody of each role, and gives each an equal part of the
# seconds (300). Fails on a status 5xx, a status or content type that is not in the document, or an answer of another shape.
# schemathesis is installed into VENV (target/schemathesis), at a version that is named here.
set -euo pipefail

program=${1:?the program, for instance target/debug/loaxa}
seconds=${2:-300}
version=4.32.5
venv=${VENV:-target/schemathesis}

if ! "$venv/bin/schemathesis" --version 2>/dev/null | grep -qF "$version"; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet "schemathesis==$version"
fi

hooks=$(realpath "$(dirname "$0")/schemathesis_hooks.py")
program=$(realpath "$program")
venv=$(realpath "$venv")
home=$(mktemp -d)
station=
end() {
    if [ -n "$station" ]; then kill "$station" 2>/dev/null || true; wait "$station" 2>/dev/null || true; fi
    rm -rf "$home"
}
trap end EXIT

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# with what a demo has on it, and without the bound on changes, which would answer most of them
cat >"$home/loaxa.toml" <<TOML
[web]
listen = "127.0.0.1:$port"
writes_per_minute = 1000000
[audio]
output = "null"
[amplifier]
driver = "simulated"
[clock]
trust = "always"
[storage]
data = "$home/data"
TOML
begin() { # ARGUMENT...
    "$program" "$@" >"$home/out" 2>"$home/log" &
    station=$!
    for _ in $(seq 600); do
        grep -q 'ready: http' "$home/log" && return
        kill -0 "$station" 2>/dev/null || break
        sleep 0.1
    done
    cat "$home/log"; echo 'the station is not ready'; exit 1
}
begin demo --data "$home/data" --listen "127.0.0.1:$port" --output null
kill "$station"; wait "$station" || true
begin serve --config "$home/loaxa.toml"

# somebody of each role: a token with the role's scopes
token() { # NAME SCOPE...
    local name=$1; shift
    local scopes=(); for scope in "$@"; do scopes+=(--scope "$scope"); done
    "$program" token create --config "$home/loaxa.toml" --name "$name" "${scopes[@]}" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])'
}
declare -A who
who[nobody]=
who[broadcaster]=$(token broadcaster segments:write status:read)
who[approver]=$(token approver segments:approve status:read)
who[scheduler]=$(token scheduler schedule:write segments:write status:read)
who[auditor]=$(token auditor airings:read status:read)
who[emergency]=$(token emergency emergency status:read)
who[admin]=$(token admin admin)
who[everything]=$(token everything segments:write segments:approve schedule:write airings:read emergency status:read amplifier admin)

document=$home/openapi.json
curl -sf -H "authorization: Bearer ${who[auditor]}" "http://127.0.0.1:$port/api/v1/openapi.json" -o "$document"

failed=0
for name in everything admin scheduler broadcaster approver auditor emergency nobody; do
    share=$((seconds / 12)); [ "$name" = everything ] && share=$((seconds * 5 / 12))
    header=(); [ -n "${who[$name]}" ] && header=(-H "Authorization: Bearer ${who[$name]}")
    echo "== $name, $share s"
    # events never end; refused logins slow us down, and that is tested elsewhere
    (cd "$home" && SCHEMATHESIS_HOOKS="$hooks" "$venv/bin/schemathesis" run "$document" --url "http://127.0.0.1:$port" "${header[@]}" --max-time "$share" \
        --exclude-path /api/v1/events --continue-on-failure --request-timeout 30 --max-failures 50 \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,allow_header_conformance \
        --suppress-health-check all --warnings off --seed 1 --no-color) >"$home/$name.txt" 2>&1 || failed=1
    grep -v '^ *$' "$home/$name.txt" | tail -n "${TAIL:-60}"
    kill -0 "$station" 2>/dev/null || { tail -n 50 "$home/log"; echo 'the station ended'; exit 1; }
done
if grep -q panicked "$home/log"; then grep panicked "$home/log"; failed=1; fi
exit "$failed"
