# SPDX-License-Identifier: Apache-2.0
# Short recipes; what they do is in Tests/Scripts. `make help` lists the targets.

PREFIX ?= /usr/local
DESTDIR ?=
SCRIPTS := Tests/Scripts
# Symbols are left out (-s): they are two fifths of the binary.
RELEASE_FLAGS := -c release --static-swift-stdlib --explicit-target-dependency-import-check error -Xlinker -s
RELEASE := .build/release/sluice

.DEFAULT_GOAL := build
.PHONY: build test lint fuzz bench demo install man completions clean help

build: ## build the release binary (.build/release/sluice, Swift runtime linked in)
	@$(SCRIPTS)/install-packages.sh build
	swift build --product sluice $(RELEASE_FLAGS)

test: ## install what the tests need, then run every test, the fuzz smoke and lint
	@$(SCRIPTS)/test.sh

lint: ## check layout, shell scripts and manual pages
	@$(SCRIPTS)/install-packages.sh lint
	@$(SCRIPTS)/lint.sh

fuzz: ## run every fuzz target for SECONDS (default 60)
	@$(SCRIPTS)/install-packages.sh build
	@$(SCRIPTS)/fuzz.sh $(or $(SECONDS),60)

bench: build ## measure against the real juicefs in one run (SMALL=1: a reduced set)
	@$(SCRIPTS)/install-packages.sh bench
	@Tests/Benchmarks/bench.sh

demo: build ## tell one story on a scratch volume: fill, check, break, find, collect, verify
	@$(SCRIPTS)/install-packages.sh demo
	@$(SCRIPTS)/demo.sh $(RELEASE)

install: ## install binary, manual pages and completions under DESTDIR/PREFIX (run build first)
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' $(SCRIPTS)/install.sh $(RELEASE)

man: ## check the manual pages (they are written by hand, the tests compare them with --help)
	@$(SCRIPTS)/install-packages.sh lint
	mandoc -T lint -W warning Man/*.[1-8]

completions: ## regenerate Completions/ from the binary
	swift build --product sluice --explicit-target-dependency-import-check error
	@$(SCRIPTS)/completions.sh .build/debug/sluice

clean: ## remove everything that was built
	rm -rf .build

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
