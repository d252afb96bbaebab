# Latchkey.
#
#   make dev      the gateway with a demonstration product behind it (CONFIG=file: the gateway alone)
#   make test     every test; its parts are test-c, test-wasm (the same as wasm) and test-http
#                 (HOST=wasmtime: the module under tests/wasmtime); ONLY=name picks a single file
#   make build    what is deployed: build/latchkey.wasm and build/latchkey.json
#   make fuzz     looks for inputs that break what must hold (SECONDS=60 for each target, ONLY=name)
#   make ct       fails where a branch or an address depends on a secret
#   make coverage  which branches of our code the C tests take; fails under 95 %
#   make deploy   builds, and hands it to wrangler (ARGS=--dry-run)
#   make rooms    fails on an include that points the wrong way
#   make bench    how fast it is, beside others; writes docs/benchmarks.md
#   make conformance  writes docs/conformance.md from the names of the tests
#   make format   lays out the C sources
#
# What a target needs and the machine lacks is installed by .ci/deps. V=1 shows the commands.

# The operator's configuration, or the demonstration's.
DEMONSTRATION = examples/todo/latchkey.json
CONFIG ?= $(firstword $(wildcard latchkey.json) $(DEMONSTRATION))

# All the memory that an instance ever has, and the stack within it, in bytes. A signature, the
# deepest that was seen, takes 9 KB of the stack. Going beyond it traps; all is wiped after a run.
WASM_MEMORY = 12582912
WASM_STACK  = 32768

.PHONY: build deploy deps deps-test dev test test-c test-wasm test-differential test-http fuzz ct coverage bench conformance rooms format clean FORCE
.DELETE_ON_ERROR:
build: build/latchkey.wasm build/latchkey.json

Q = $(if $(V),,@)
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += --jobs=$(shell getconf _NPROCESSORS_ONLN)
endif

# --- what is needed

# build/deps.mk sets WASM_CC, and LLVM: how the names of the distribution's tools end (-22).
ifneq ($(filter-out rooms clean,$(or $(MAKECMDGOALS),build)),)
include build/deps.mk
endif
build/deps.mk: .ci/deps
	.ci/deps build
deps:
	.ci/deps build

build/deps-test: .ci/deps tests/wasmtime/requirements.txt | build/deps.mk
	.ci/deps test
deps-test: build/deps-test

NPM = node_modules/.package-lock.json
$(NPM): package-lock.json | build/deps.mk
	@echo "npm: installing the development packages (once; a minute or two)"
	$(Q)npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# How a program among the packages is run. Node is one of them: wrangler wants a newer one than
# many machines have. No shell stays between, so that a signal to make reaches the program, and
# what wrangler calls to build is a make of its own.
TOOLS = exec env -u MAKEFLAGS -u MAKELEVEL PATH="$(CURDIR)/node_modules/.bin:$$PATH"

# --- C

WARNINGS = -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wvla -Wmissing-prototypes \
	-Wswitch-enum -Werror
OURS   = -std=c11 $(WARNINGS) -Iinclude -isystem build/deps/bearssl/inc \
	-isystem build/deps/bearssl/src -isystem build/deps/cjson
THEIRS = -std=c99 -w -Ibuild/deps/bearssl/inc -Ibuild/deps/bearssl/src -DCJSON_NESTING_LIMIT=32 \
	-Dmalloc=json_tree_allocate -Drealloc=json_tree_reallocate -Dfree=json_tree_release

# Of BearSSL, the constant-time implementations for 32-bit machines.
BEARSSL = $(wildcard $(addprefix build/deps/bearssl/src/, codec/ccopy.c codec/dec*.c codec/enc*.c \
	hash/sha2*.c mac/hmac.c kdf/hkdf.c rand/hmac_drbg.c \
	symcipher/chacha20_ct.c symcipher/poly1305_ctmul.c symcipher/poly1305_ctmul32.c \
	int/i31_*.c int/i32_div32.c))

SOURCES = $(wildcard src/*.c src/*/*.c)
# The libraries first: linked so, the module compresses a little better.
OBJECTS = $(sort $(BEARSSL:build/%.c=%.o)) deps/cjson/cJSON.o $(SOURCES:.c=.o)

# How all objects of one kind are made: $(call objects,DIRECTORY,COMPILER,FOR OURS,FOR THEIRS).
define objects
build/$1/src/%.o: src/%.c Makefile build/deps.mk
	@mkdir -p $$(@D); echo "$1  $$<"
	$(Q)$2 $3 $$(FAST) $(OURS) -include base/banned.h -MMD -MP -c -o $$@ $$<
build/$1/tests/%.o: tests/%.c Makefile build/deps.mk
	@mkdir -p $$(@D); echo "$1  $$<"
	$(Q)$2 $3 $(OURS) -Itests -MMD -MP -c -o $$@ $$<
build/$1/deps/%.o: build/deps/%.c Makefile build/deps.mk
	@mkdir -p $$(@D); echo "$1  $$<"
	$(Q)$2 $4 $(THEIRS) -c -o $$@ $$<
endef
-include $(shell find build -name '*.d' 2> /dev/null)

# --- the module

# Small: -O2 nearly doubles the module and gains little, but for a signature: a third of its time.
WASM = $(WASM_CC) -flto -ffunction-sections -fdata-sections
$(eval $(call objects,wasm,$(WASM),-Oz,-Oz))
build/wasm/src/jose/p256.o build/ct/src/jose/p256.o: FAST = -O2

# -O2 is for the linker alone: given to the driver, it would run whatever wasm-opt is on PATH, and
# the module would be another one elsewhere.
build/latchkey.wasm: $(OBJECTS:%=build/wasm/%)
	@echo "wasm  $@"
	$(Q)$(WASM) -Wl,-O2 -Wl,--lto-O2 -mexec-model=reactor -Wl,--stack-first -Wl,-z,stack-size=$(WASM_STACK) \
		-Wl,--initial-memory=$(WASM_MEMORY) -Wl,--max-memory=$(WASM_MEMORY) \
		-Wl,--gc-sections -Wl,--strip-all -o $@ $^

# Written only when it differs: wrangler reloads whenever it is touched.
build/latchkey.json: FORCE
	@mkdir -p build; cmp -s $(CONFIG) $@ || cp $(CONFIG) $@

dev: build $(NPM)
	@$(TOOLS) node examples/dev.js $(CONFIG)

deploy: build $(NPM)
	@test $(CONFIG) != $(DEMONSTRATION) || \
		{ echo "deploy: write latchkey.json first (README.md): the demonstration's is for one machine"; exit 1; }
	$(TOOLS) wrangler deploy $(ARGS)

# --- tests

test: rooms $(NPM)
	@$(TOOLS) node tests/conformance.js --check
	@$(MAKE) --no-print-directory test-c
	@$(MAKE) --no-print-directory test-wasm
	@$(MAKE) --no-print-directory ct
	@$(MAKE) --no-print-directory test-differential
	@$(MAKE) --no-print-directory test-http HOST=wrangler
	@$(MAKE) --no-print-directory test-http HOST=wasmtime

# Where the published test vectors are.
export VECTORS ?= ../shared/vectors

ONLY ?= *
FUZZ_TARGETS = $(filter-out replay,$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/$(ONLY).c)))
C_TESTS = $(patsubst tests/%.c,build/native/%,$(wildcard \
	$(addsuffix _$(ONLY).c,tests/test tests/flow tests/sweep tests/vectors))) \
	$(FUZZ_TARGETS:%=build/native/fuzz/%)
# Under wasmtime, not what is about wrangler and its platform, nor what a browser sees.
HTTP_TESTS = $(wildcard tests/$(ONLY).test.js tests/http/$(ONLY).test.js \
	$(if $(filter wasmtime,$(HOST)),,$(patsubst %,tests/%/$(ONLY).test.js,wrangler browser)))

# Undefined behaviour is looked for in our code only: BearSSL counts on some of it.
ASAN   = -O1 -g -fno-omit-frame-pointer -fsanitize=address
UBSAN  = -fsanitize=undefined -fno-sanitize-recover=all
NATIVE = clang$(LLVM) -Wno-unknown-attributes
$(eval $(call objects,native,$(NATIVE),$(ASAN) $(UBSAN),$(ASAN)))
# The tests have an RSA key of their own.
TEST_OBJECTS = $(OBJECTS) $(patsubst %.c,%.o,$(wildcard tests/support/*.c)) \
	deps/bearssl/src/rsa/rsa_i31_priv.o deps/bearssl/src/rsa/rsa_i31_pub.o
NATIVE_OBJECTS = $(TEST_OBJECTS:%=build/native/%)
$(NATIVE_OBJECTS): | build/deps-test

$(C_TESTS): build/native/%: build/native/tests/%.o $(NATIVE_OBJECTS)
	@mkdir -p $(@D); echo "native  $@"
	$(Q)$(NATIVE) $(ASAN) $(UBSAN) -fuse-ld=lld -o $@ $^

# The same sources for the machine that the product runs on, with no larger a stack. Linked from
# an archive, they take what they use: the less there is to compile when they run.
WASI = $(WASM_CC) -O2 -ffunction-sections -fdata-sections
$(eval $(call objects,wasi,$(WASI)))
# Not the sweep of memory: it leaves a run by longjmp.
WASI_TESTS = $(patsubst build/native/%,build/wasi/%.wasm,$(filter-out %/sweep_memory,$(C_TESTS)))

build/wasi/latchkey.a: $(TEST_OBJECTS:%=build/wasi/%)
	$(Q)rm -f $@; $$($(WASI) --print-prog-name=llvm-ar) rcsT $@ $^

$(WASI_TESTS): build/wasi/%.wasm: build/wasi/tests/%.o build/wasi/latchkey.a
	@mkdir -p $(@D); echo "wasi  $@"
	$(Q)$(WASI) -Wl,--stack-first -Wl,-z,stack-size=$(WASM_STACK) -Wl,--gc-sections -o $@ $^

# The fuzz targets are tests too: they take in what stands in their corpora.
$(filter build/native/fuzz/%,$(C_TESTS)): build/native/tests/fuzz/replay.o
$(filter build/wasi/fuzz/%,$(WASI_TESTS)): build/wasi/tests/fuzz/replay.o

# All are run, whatever fails; to have run none is a failure too.
run = @passed=0; failed=0; \
	for program in $^; do \
		if timeout 600 $1 $$program; then passed=$$((passed + 1)); \
		else failed=$$((failed + 1)); echo "FAILED  $$program"; fi; \
	done; \
	echo "$@: $$passed passed, $$failed failed"; \
	test $$passed -gt 0 && test $$failed -eq 0

test-c: $(C_TESTS)
	$(call run)

# The wasmtime on PATH, or the wheel in build/venv where there is none (or WASMTIME= is said). The
# host of the HTTP tests embeds it and is always the wheel: a command has no calls back and forth.
WASMTIME ?= $(shell command -v wasmtime)
WASI_RUN = $(if $(WASMTIME),$(WASMTIME) run --dir . $(if $(wildcard $(VECTORS)),--dir \
	$(VECTORS)::/vectors --env VECTORS=/vectors),build/venv/bin/python tests/wasmtime/wasi.py)

test-wasm: $(WASI_TESTS) | build/deps-test
	@echo "wasi  run by $(if $(WASMTIME),$(shell $(WASMTIME) --version),the wheel of wasmtime)"
	$(call run,$(WASI_RUN))

# Our parsers as a module, beside those of others (CASES=3000 random inputs each, by SEED=1).
build/wasi/probe.wasm: build/wasi/tests/differential/probe.o build/wasi/latchkey.a
	@echo "wasi  $@"
	$(Q)$(WASI) -mexec-model=reactor -Wl,--stack-first -Wl,-z,stack-size=$(WASM_STACK) \
		-Wl,--gc-sections -o $@ $^

test-differential: build/wasi/probe.wasm $(NPM)
	$(Q)$(TOOLS) node --test --test-reporter=spec $(wildcard tests/differential/$(ONLY).test.js)

test-http: build $(NPM) build/deps-test
	@test -n "$(HTTP_TESTS)" || { echo "no test file named $(ONLY).test.js"; exit 1; }
	$(Q)$(TOOLS) node --test --test-concurrency=1 --test-reporter=spec $(HTTP_TESTS)

# --- fuzzing

# Each target for so long. What it finds worth keeping goes to build/fuzz/corpus, an input that
# fails to build/fuzz; add that to tests/fuzz/corpus, under a name that says what it is.
SECONDS ?= 60
FUZZERS = $(FUZZ_TARGETS:%=build/fuzz/%)
$(eval $(call objects,fuzz,$(NATIVE),$(ASAN) $(UBSAN) -fsanitize=fuzzer-no-link,$(ASAN)))
FUZZ_OBJECTS = $(patsubst deps/%,build/native/deps/%,$(TEST_OBJECTS:src/%=build/fuzz/src/%))
FUZZ_OBJECTS := $(FUZZ_OBJECTS:tests/%=build/fuzz/tests/%)
$(FUZZ_OBJECTS): | build/deps-test

$(FUZZERS): build/fuzz/%: build/fuzz/tests/fuzz/%.o $(FUZZ_OBJECTS)
	@echo "fuzz  $@"
	$(Q)$(NATIVE) $(ASAN) $(UBSAN) -fsanitize=fuzzer -fuse-ld=lld -o $@ $^

fuzz: $(FUZZERS)
	@for target in $(FUZZ_TARGETS); do \
		mkdir -p build/fuzz/corpus/$$target; \
		echo "fuzz  $$target, for $(SECONDS) s"; \
		build/fuzz/$$target -max_total_time=$(SECONDS) -verbosity=0 \
			-artifact_prefix=build/fuzz/$$target- build/fuzz/corpus/$$target tests/fuzz/corpus/$$target || exit 1; \
	done

# --- constant time

# As the module is compiled, but for this machine: valgrind has no other.
$(eval $(call objects,ct,$(NATIVE) -gdwarf-4,-Oz,-Oz))
CT = timeout 600 valgrind --quiet --error-exitcode=99 --suppressions=tests/ct/public.supp build/ct/ct

build/ct/ct: build/ct/tests/ct/ct.o $(OBJECTS:%=build/ct/%) | build/deps-test
	$(Q)$(NATIVE) -fuse-ld=lld -o $@ $^

# Nothing is found in what we do, and each control is.
ct: build/ct/ct
	@$(CT)
	@for control in branch address mac; do \
		$(CT) $$control > build/ct/log 2>&1; \
		test $$? = 99 || { cat build/ct/log; echo "ct: $$control is not found"; exit 1; }; \
	done

# --- coverage

# Of our code by the C tests: every branch, both ways (docs/coverage.md). What is not covered,
# line by line: build/coverage/lines.
COVERED = $(C_TESTS:build/native/%=build/coverage/%)
$(eval $(call objects,coverage,$(NATIVE) -O1 -g,-fprofile-instr-generate -fcoverage-mapping))
COVERAGE_OBJECTS = $(TEST_OBJECTS:%=build/coverage/%)
$(COVERAGE_OBJECTS): | build/deps-test
$(filter build/coverage/fuzz/%,$(COVERED)): build/coverage/tests/fuzz/replay.o

$(COVERED): build/coverage/%: build/coverage/tests/%.o $(COVERAGE_OBJECTS)
	@mkdir -p $(@D)
	$(Q)$(NATIVE) -fprofile-instr-generate -fuse-ld=lld -o $@ $^

build/coverage/tests.profdata: $(COVERED)
	$(Q)rm -rf build/coverage/raw
	$(Q)for program in $^; do \
		LLVM_PROFILE_FILE=build/coverage/raw/%m-%p.profraw timeout 600 $$program > build/coverage/log || \
			{ cat build/coverage/log; exit 1; }; \
	done
	$(Q)llvm-profdata$(LLVM) merge -sparse -o $@ build/coverage/raw/*.profraw

COVERAGE = -instr-profile=build/coverage/tests.profdata $(firstword $(COVERED)) \
	$(patsubst %,-object=%,$(wordlist 2,999,$(COVERED)))
coverage: build/coverage/tests.profdata
	$(Q)llvm-cov$(LLVM) show -show-branches=count $(COVERAGE) $(SOURCES) > build/coverage/lines
	$(Q)llvm-cov$(LLVM) report -show-region-summary=false $(COVERAGE) $(SOURCES) > build/coverage/report
	@cat build/coverage/report
	@awk '/^TOTAL/ && $$NF + 0 < 95 { print "coverage: fewer than 95 % of the branches"; exit 1 }' \
		build/coverage/report

# --- speed

# ONLY=call, sizes, tokens, cold or growth; ROUNDS=5; SECONDS=1.5 for each figure of a round. All of
# it takes ten minutes, wants a quiet machine and writes docs/benchmarks.md.
bench: build $(NPM)
	@$(TOOLS) node tests/bench/bench.js

conformance: $(NPM)
	@$(TOOLS) node tests/conformance.js

rooms:
	@.ci/rooms $$(find src include -name '*.[ch]')
	@echo "rooms: every include points the right way"

format: build/deps.mk
	@.ci/deps format
	clang-format$(LLVM) -i $$(find src include tests -name '*.[ch]')

clean:
	rm -rf build
