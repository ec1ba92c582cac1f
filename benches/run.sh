#!/usr/bin/env bash
# Measures the station: benches/run.sh [start|intake|log|plan|air|peers]...
#
# Builds the optimised daemon and prints one table; the same is in target/figures.json. The part `plan` also prints the
# planner's own figures beside their goals. Everything that is started ends with it, and temporary data lies in the build
# folder. Takes about ten minutes, six of them are air.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo=${CARGO:-cargo}
"$cargo" build --release --locked
"$cargo" bench --locked --bench figures -- "$@"
if [[ $# -eq 0 || " $* " == *" plan "* ]]; then
    "$cargo" bench --locked -p loaxa-schedules --bench planner
fi
