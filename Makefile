# `make` lists the targets. Needs Rust (rustup), a C compiler and, for the browser's side, Node.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules
.NOTPARALLEL:
# rustup's folder may be missing from the path of a build server.
export PATH := $(PATH):$(HOME)/.cargo/bin

# Debian packages, by what needs them.
BUILD_PACKAGES := libasound2-dev libopus-dev pkg-config
RUN_OPTIONAL   := espeak-ng
TEST_PACKAGES  := ffmpeg sox lame flac vorbis-tools opus-tools espeak-ng pulseaudio pulseaudio-utils libasound2-plugins \
                  gcc-avr avr-libc libsimavr-dev libelf-dev python3 python3-cryptography strace
FIRMWARE_PACKAGES := gcc-avr avr-libc
PAGE_PACKAGES  := chromium fonts-dejavu-core

CARGO       ?= cargo
LOCKED      ?= --locked
DENY        := 0.20.2
TARGET_DIR  := $(or $(CARGO_TARGET_DIR),target)
DATA        ?= demo-data
SECONDS_OF_FUZZING ?= 300
# What is tested on random cases is tested on the same ones each time; another number tries others.
export PROPTEST_RNG_SEED ?= 1
# The browser's side is optional: everything about it is skipped while the folder is not there.
PAGE        := $(wildcard web/package.json)

step = @printf '\n== %s\n' '$(1)'

.PHONY: help setup build run test bench fuzz-api advisories firmware format \
        packages-to-build packages-to-run packages-to-test packages-for-firmware page \
        check-format check-lints check-docs check-dependencies test-page test-browser test-rust deny

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: packages-to-build packages-to-run packages-to-test deny ## install everything that building, running and testing need

build: packages-to-build page ## build the daemon, optimised
	$(call step,build)
	$(CARGO) build --release $(LOCKED)

run: packages-to-run build ## set up, build, and start a demo station on http://127.0.0.1:8080
	$(call step,demo station: http://127.0.0.1:8080 - data in $(DATA) - end it with Ctrl-C)
	exec "$(TARGET_DIR)/release/loaxa" demo --data "$(DATA)"

# The Rust tests come last: their summary is what a build server shows.
test: packages-to-test check-format check-lints check-docs check-dependencies test-page test-browser test-rust ## everything that must hold

bench: packages-to-test ## measure; nothing is asserted
	$(call step,benchmarks)
	if [ -x benches/run.sh ]; then benches/run.sh; else $(CARGO) bench --workspace $(LOCKED); fi

# Not part of `make test`: it asks at random, for minutes, and needs the network once.
fuzz-api: packages-to-build page ## let schemathesis loose on a station (network, minutes)
	$(call step,schemathesis)
	$(CARGO) build $(LOCKED)
	VENV="$(TARGET_DIR)/schemathesis" tests/schemathesis.sh "$(TARGET_DIR)/debug/loaxa" $(SECONDS_OF_FUZZING)

firmware: packages-for-firmware ## build the program of the amplifier's controller
	$(call step,firmware)
	$(MAKE) --no-print-directory -C firmware-bridge/firmware OUT="$(abspath $(TARGET_DIR))/firmware"

advisories: deny ## ask the RustSec database about every dependency (network)
	$(call step,advisories)
	$(CARGO) deny check advisories

format: ## format the Rust code
	$(CARGO) fmt --all

packages-to-build:
	$(call step,packages to build)
	@.ci/packages "Building" $(BUILD_PACKAGES)

packages-to-run: packages-to-build
	$(call step,packages to run)
	@.ci/packages "The demo" $(BUILD_PACKAGES) -- $(RUN_OPTIONAL)

packages-to-test: packages-to-build
	$(call step,packages to test)
	@.ci/packages "Testing" $(TEST_PACKAGES) $(if $(PAGE),$(PAGE_PACKAGES))

packages-for-firmware:
	$(call step,packages for the firmware)
	@.ci/packages "The firmware" $(FIRMWARE_PACKAGES)

check-format:
	$(call step,format)
	$(CARGO) fmt --all --check

check-lints: page
	$(call step,lints)
	$(CARGO) clippy --workspace --all-targets $(LOCKED) -- -D warnings

check-docs: page
	$(call step,documentation)
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps $(LOCKED)

check-dependencies: deny
	$(call step,licences and banned dependencies)
	$(CARGO) deny $(LOCKED) check licenses bans sources

# Most of the tests of the whole daemon wait for their station's time to come: four at once keep two cores half busy.
test-rust: page
	$(call step,tests)
	RUST_TEST_THREADS=$${RUST_TEST_THREADS:-4} $(CARGO) test --workspace $(LOCKED)

# cargo-deny is a tool, not a dependency: it is built once (not optimised: it runs for a second), and found on the path afterwards.
deny:
	@if ! $(CARGO) deny --version 2>/dev/null | grep -qF ' $(DENY)'; then \
	    printf '\n== %s\n' 'cargo-deny $(DENY) (once)'; \
	    $(CARGO) install cargo-deny --locked --debug --version $(DENY); \
	fi

ifdef PAGE
page: web/dist/index.html

# Built when something of it changed: what is in the program would otherwise be new each time.
web/dist/index.html: web/node_modules/.installed src/web/openapi.json $(shell find web/src web/public web/scripts web/index.html web/*.ts web/*.js -type f 2>/dev/null)
	$(call step,page)
	npm --prefix web run build

test-page: page
	$(call step,tests of the page)
	npm --prefix web test

# The daemon that the other tests need as well, in a browser.
test-browser: page
	$(call step,build of the tests)
	$(CARGO) test --workspace --no-run $(LOCKED)
	$(call step,tests in a browser)
	LOAXA="$(abspath $(TARGET_DIR))/debug/loaxa" npm --prefix web run browser

web/node_modules/.installed: web/package.json web/package-lock.json
	$(call step,packages of the page)
	npm --prefix web ci
	touch $@
else
page test-page test-browser:
	@:
endif
