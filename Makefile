# Hauberk's set-up. `make` alone says what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PREFIX ?= /usr/local
DESTDIR ?=
JOBS ?= 2
# Seconds for each fuzz target.
TIME ?= 60
# Of each cell of the table of rotations.
RUNS ?= 10

ASYNC_TESTS := LabTests|SystemAccessTests|QRTests
LONG_TESTS := FirewallTests|DaemonTests

SWIFT_BUILD := swift build --jobs $(JOBS)
DEBUG := .build/debug/hauberk
RELEASE := .build/release/hauberk
STATIC_LIBRARIES := $(CURDIR)/.build/staticlibs
RELEASE_FLAGS := -c release --static-swift-stdlib -Xlinker -L$(STATIC_LIBRARIES) -Xlinker --gc-sections -Xlinker -s
SOURCES := Package.swift $(shell find Sources Templates -type f)
SCRIPTS := .ci/run .ci/packages Tests/failures $(wildcard Tests/*/run Tests/Release/* Tests/DaemonTests/Scripts/*.sh Sources/Benchmarks/run)

BINARY_FOLDER = $(DESTDIR)$(PREFIX)/bin
MANUAL_FOLDER = $(DESTDIR)$(PREFIX)/share/man/man1
BASH_FOLDER = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSH_FOLDER = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
FISH_FOLDER = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
DOCUMENT_FOLDER = $(DESTDIR)$(PREFIX)/share/doc/hauberk
INSTALLED = $(BINARY_FOLDER)/hauberk $(MANUAL_FOLDER)/hauberk.1 $(BASH_FOLDER)/hauberk $(ZSH_FOLDER)/_hauberk \
	$(FISH_FOLDER)/hauberk.fish $(DOCUMENT_FOLDER)/mesh-file.md $(DOCUMENT_FOLDER)/mesh.schema.json

.PHONY: help build demo test bench rotation-table lint check release bare install uninstall fuzz manual clean

help: ## say what there is
	@echo "make TARGET [JOBS=2] [PREFIX=/usr/local] [DESTDIR=] [TIME=60] [RUNS=10]"
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' Makefile | while IFS=$$'\t' read -r target text; do \
	    printf '  make %-15s %s\n' "$$target" "$$text"; done

build: ## build the program for development
	@.ci/packages build
	@echo "build: hauberk, for development"
	@$(SWIFT_BUILD) --product hauberk

demo: ## the main job on an example mesh, from nothing to proved tunnels
	@.ci/packages build run
	@echo "demo: building hauberk"
	@$(SWIFT_BUILD) --product hauberk
	@Tests/Demo/run $(DEBUG)

test: ## all tests, and the release binary on a bare Debian 12
	@.ci/packages build run test
	@$(MAKE) bare
	@echo "test: building the tests"
	@$(SWIFT_BUILD) --build-tests
	@echo "test: running them, in three turns: what waits for tools must not wait for what waits in threads"
	@log=$$(mktemp); trap 'rm -f "$$log"' EXIT; \
	run() { swift test --skip-build --disable-xctest "$$@" 2>&1 | tee -a "$$log" || Tests/failures "$$log"; }; \
	run --filter '$(ASYNC_TESTS)'; \
	run --skip '$(ASYNC_TESTS)|$(LONG_TESTS)'; \
	run --filter '$(LONG_TESTS)'; \
	if [[ -n "$${CI:-}" ]] && grep -E '^[^ ]+ +(Test|Suite) .* skipped(\.$$|: )' "$$log" | grep -v 'on demand'; then \
	    echo "test: skipped tests are failures in CI" >&2; exit 1; fi

bench: ## speed and memory, against a C program that does the same work
	@.ci/packages build run bench
	@$(MAKE) $(RELEASE)
	@echo "bench: running Sources/Benchmarks/run"
	@Sources/Benchmarks/run

rotation-table: ## what new keys cost, by the way they are given; RUNS for each cell
	@.ci/packages build run
	@echo "rotation-table: building hauberk and the load"
	@$(SWIFT_BUILD) --product hauberk
	@$(SWIFT_BUILD) --product rotation-load
	@Tests/DaemonTests/Scripts/rotation-table.sh $(RUNS) $(DEBUG)

lint: ## the format of sources, and the syntax of scripts
	@echo "lint: swift format"
	@swift format lint --strict -r Sources Tests Package.swift
	@echo "lint: bash -n"
	@for script in $(SCRIPTS); do \
	    case $$(head -c 100 "$$script" | head -n 1) in *bash*) bash -n "$$script";; esac; done
	@echo "lint: sh -n"
	@for shell in sh dash 'busybox sh'; do \
	    command -v $${shell% *} >/dev/null || continue; \
	    for script in Sources/Delivery/Script/*/*.sh; do $$shell -n "$$script"; done; done

check: lint ## lint, the module walls, and that the documents are true
	@.ci/packages build
	@echo "check: building the tests of the house"
	@$(SWIFT_BUILD) --build-tests
	@echo "check: module walls, manual, completions, changelog, schema, README, examples"
	@swift test --skip-build --disable-xctest --filter 'HouseTests|Transcript|ExamplesTests'

$(RELEASE): $(SOURCES)
	@echo "release: building hauberk, linked statically"
	@mkdir -p $(STATIC_LIBRARIES)
	@for library in libsodium.a libyaml.a libstdc++.a; do \
	    path=$$(gcc -print-file-name=$$library); \
	    [[ $$path == /* ]] || { echo "release: gcc finds no $$library" >&2; exit 1; }; \
	    ln -sf "$$path" $(STATIC_LIBRARIES)/; done
	@$(SWIFT_BUILD) $(RELEASE_FLAGS) --product hauberk
	@touch -c $@

release: ## the program to ship: static, small, checked
	@.ci/packages build
	@$(MAKE) $(RELEASE)
	@Tests/Release/static $(RELEASE)

bare: release ## the release binary in a chroot of a bare Debian 12
	@sum=$$(sha256sum $(RELEASE) Tests/Release/bare Tests/DaemonTests/Scripts/push.sh \
	    Tests/DaemonTests/Scripts/bare.sh); \
	if [[ $$(cat .build/bare/passed 2>/dev/null) == "$$sum" ]]; then \
	    echo "bare: this very binary has passed on a bare Debian 12 already"; \
	else \
	    said=$$(mktemp); trap 'rm -f "$$said"' EXIT; \
	    Tests/Release/bare $(RELEASE) .build/bare 2>&1 | tee "$$said"; \
	    if ! grep -q SKIPPED "$$said"; then echo "$$sum" >.build/bare/passed; fi; \
	fi

install: ## the program, its manuals and its completions to DESTDIR/PREFIX
	@$(MAKE) $(RELEASE)
	@echo "install: to $(DESTDIR)$(PREFIX)"
	@install -d $(dir $(INSTALLED))
	@install -m 755 $(RELEASE) $(BINARY_FOLDER)/hauberk
	@install -m 644 Sources/Manual/hauberk.1 $(MANUAL_FOLDER)/hauberk.1
	@$(RELEASE) --generate-completion-script bash | install -m 644 /dev/stdin $(BASH_FOLDER)/hauberk
	@$(RELEASE) --generate-completion-script zsh | install -m 644 /dev/stdin $(ZSH_FOLDER)/_hauberk
	@$(RELEASE) --generate-completion-script fish | install -m 644 /dev/stdin $(FISH_FOLDER)/hauberk.fish
	@install -m 644 Sources/Manual/mesh-file.md Sources/Manual/mesh.schema.json $(DOCUMENT_FOLDER)/
	@printf '  %s\n' $(INSTALLED)

uninstall: ## take away what install has put there
	@echo "uninstall: from $(DESTDIR)$(PREFIX)"
	@rm -fv $(INSTALLED)
	@[[ ! -d $(DOCUMENT_FOLDER) ]] || rmdir --ignore-fail-on-non-empty $(DOCUMENT_FOLDER)

fuzz: ## every parser against random bytes, TIME seconds each
	@.ci/packages build
	@echo "fuzz: $(TIME) s for each parser"
	@Tests/Fuzz/run $(TIME)

manual: ## write the manual page anew from the program's own help
	@.ci/packages build
	@$(SWIFT_BUILD) --product hauberk
	@$(SWIFT_BUILD) --product write-manual
	@$(DEBUG) --experimental-dump-help | .build/debug/write-manual >.build/hauberk.1
	@mv .build/hauberk.1 Sources/Manual/hauberk.1
	@echo "manual: wrote Sources/Manual/hauberk.1"

clean: ## take away what was built
	@echo "clean: .build"
	@rm -rf .build
