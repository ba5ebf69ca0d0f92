# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests that need neither root nor Xen: unit tests, fuzzing, the layers. Included by the top Makefile.

TEST_CC ?= gcc
TEST_CLANG ?= clang

TEST_WIRE := wire state store blk net limit
TEST_WIRE_SRC := $(TEST_WIRE:%=wire/%.c)
TEST_CFLAGS := -std=gnu11 -D_GNU_SOURCE -g -O2 -Wall -Wextra -Werror -fno-omit-frame-pointer -I.
TEST_SAN := -fsanitize=address,undefined -fno-sanitize-recover=all

# ---- unit tests: build/unit --------------------------------------------------------------------------

UNIT := $(BUILD)/unit
UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test-*.c))

$(UNIT) $(UNIT)/wire:
	@mkdir -p $@

$(UNIT)/wire/%.o: wire/%.c | $(UNIT)/wire
	@echo "  CC $@"
	@$(TEST_CC) $(TEST_CFLAGS) $(TEST_SAN) -MMD -MP -c -o $@ $<

$(UNIT)/test-%.o: tests/unit/test-%.c $(UNIT)/abi-offsets.h | $(UNIT)
	@echo "  CC $@"
	@$(TEST_CC) $(TEST_CFLAGS) $(TEST_SAN) -I$(UNIT) -MMD -MP -c -o $@ $<

$(UNIT)/test-%: $(UNIT)/test-%.o $(TEST_WIRE:%=$(UNIT)/wire/%.o)
	@echo "  LD $@"
	@$(TEST_CC) $(TEST_SAN) -pthread -o $@ $^ -lcmocka

# What Xen's public headers say for each machine, found out by a cross compiler that needs no library.
$(UNIT)/abi-offsets.h: tests/unit/abi-probe.c tests/unit/abi-offsets | $(UNIT)
	@tests/unit/abi-offsets $(TEST_CLANG) >$@

unit: $(UNIT_TESTS:%=$(UNIT)/%) ## run the unit tests of wire/ (AddressSanitizer, UBSan)
	@tests/unit/run $(BUILD)/check/unit.result $(UNIT) $^ tests/unit/test-check-layers

mutants: ## break wire/ on purpose in many ways, and see that the unit tests notice each
	@tests/unit/mutants

# Some or all (MUTATION='xsa-*'), with or without those that only the lab catches (NO_LAB=1).
check-mutations: ## put old mistakes back and see the suite go red: MUTATION='xsa-*' NO_LAB=1 (docs/security.md)
	@tests/mutations/run $(if $(NO_LAB),--no-lab) $(MUTATION)

# ---- fuzzing: build/fuzz -----------------------------------------------------------------------------

FUZZ := $(BUILD)/fuzz
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz-%.c,%,$(wildcard tests/fuzz/fuzz-*.c))
FUZZ_SRC = tests/fuzz/fuzz-$*.c $(TEST_WIRE_SRC)

# One target (blk, ring, store) or all of them, and for how long each.
TARGET ?= $(FUZZ_TARGETS)
SECONDS ?= 60

$(FUZZ):
	@mkdir -p $@

$(FUZZ)/replay-%: tests/fuzz/fuzz-%.c tests/fuzz/replay.c tests/fuzz/fuzz.h $(wildcard wire/*.[ch]) | $(FUZZ)
	@echo "  CC $@"
	@$(TEST_CC) $(TEST_CFLAGS) $(TEST_SAN) -o $@ tests/fuzz/replay.c $(FUZZ_SRC)

$(FUZZ)/fuzz-%: tests/fuzz/fuzz-%.c tests/fuzz/fuzz.h $(wildcard wire/*.[ch]) | $(FUZZ)
	@echo "  CC $@"
	@$(TEST_CLANG) $(TEST_CFLAGS) $(TEST_SAN) -fsanitize=fuzzer -o $@ $(FUZZ_SRC)

fuzz: $(TARGET:%=$(FUZZ)/fuzz-%) ## search for new inputs that break wire/: TARGET=blk|ring|store, SECONDS=60 each
	@tests/fuzz/run fuzz $(FUZZ) $(SECONDS) $(TARGET)

fuzz-replay: $(FUZZ_TARGETS:%=$(FUZZ)/replay-%) ## run every saved fuzz input once
	@tests/fuzz/run replay $(FUZZ) $(BUILD)/check/fuzz-replay.result $(FUZZ_TARGETS)

# ---- layers ------------------------------------------------------------------------------------------

layers: ## check who includes whom, what drivers may not call, and the object code of wire/
	@tools/check-layers --result $(BUILD)/check/layers.result

.PHONY: unit mutants check-mutations fuzz fuzz-replay layers
.SECONDARY:

-include $(wildcard $(UNIT)/*.d $(UNIT)/wire/*.d)
