#!/usr/bin/env bash
# Measures the station: benches/run.sh [start|intake|log|plan|air]...
#
# Builds the optimised daemon and prints one table; the same is in target/figures.json. Everything that is started ends
# with it, and temporary data lies in the build folder. Takes about five minutes, three of them are air.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo=${CARGO:-cargo}
"$cargo" build --release --locked
exec "$cargo" bench --locked --bench figures -- "$@"
