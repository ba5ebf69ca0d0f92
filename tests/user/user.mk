# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests of the daemons: unit tests of what is pure, and the daemons themselves against the real xenstored,
# Open vSwitch and kernel, without a virtual machine. Included by the top Makefile; run in tools/chroot.

USER_SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# Each suite has objects of its own; in its chroot, SUITE is `trixie+user`.
USER_DIR := $(BUILD)/user/$(firstword $(subst +, ,$(SUITE)))
USER_MAKE = $(MAKE) DAEMONS=$(USER_DIR) CFLAGS='-O1 -g $(USER_SAN)' LDFLAGS='$(USER_SAN)'
USER_TESTS := $(patsubst tests/user/unit/%.c,$(DAEMONS)/%,$(wildcard tests/user/unit/test-*.c))

$(DAEMONS)/libhotplugd.a: $(filter-out %/main.o,$(HOTPLUGD))

$(DAEMONS)/libxenbectl.a: $(filter-out %/main.o $(HOTPLUGD),$(XENBECTL))

$(DAEMONS)/test-%: $(DAEMONS)/tests/user/unit/test-%.o $(DAEMONS)/libxenbectl.a $(DAEMONS)/libhotplugd.a \
		$(DAEMONS)/libdaemon.a $(DAEMONS)/libwire.a
	@echo "  LD $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -pie -o $@ $^ $(DAEMON_LDLIBS) -lcmocka

# What xenstored asks a hypervisor for: see there.
$(DAEMONS)/no-hypervisor.so: tests/user/no-hypervisor.c
	@mkdir -p $(@D)
	@$(CC) -std=gnu11 -D_GNU_SOURCE -O1 -Wall -shared -fPIC -o $@ $<

USER_FUZZ := $(patsubst tests/user/fuzz/fuzz-%.c,%,$(wildcard tests/user/fuzz/fuzz-*.c))

$(DAEMONS)/replay-%: $(DAEMONS)/tests/user/fuzz/fuzz-%.o $(DAEMONS)/tests/fuzz/replay.o $(DAEMONS)/libhotplugd.a \
		$(DAEMONS)/libdaemon.a $(DAEMONS)/libwire.a
	@echo "  LD $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -pie -o $@ $^ $(DAEMON_LDLIBS)

$(DAEMONS)/fuzz-%: $(DAEMONS)/tests/user/fuzz/fuzz-%.o $(DAEMONS)/libhotplugd.a $(DAEMONS)/libdaemon.a \
		$(DAEMONS)/libwire.a
	@echo "  LD $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -pie -o $@ $^ $(DAEMON_LDLIBS)

user-programs: $(DAEMON_PROGS) $(USER_TESTS) $(DAEMONS)/no-hypervisor.so $(USER_FUZZ:%=$(DAEMONS)/replay-%)
user-fuzzers: $(USER_FUZZ:%=$(DAEMONS)/fuzz-%)

user-tests:
	@+$(USER_MAKE) user-programs
	@tests/user/run $(USER_DIR) $(BUILD)/check/user.result '$(CASE)'

# One unit test or case alone: what tests/mutations/run asks for.
user-one-build:
	@+$(USER_MAKE) $(if $(filter test-%,$(CASE)),$(USER_DIR)/$(CASE),$(addprefix $(USER_DIR)/, \
		$(notdir $(DAEMON_PROGS)) no-hypervisor.so))

user-one:
	@$(if $(filter test-%,$(CASE)),CMOCKA_MESSAGE_OUTPUT=TAP $(USER_DIR)/$(CASE) 2>&1, \
		tests/user/run $(USER_DIR) $(BUILD)/check/user-one.result '$(CASE)')

user: ## test the daemons in a chroot: unit tests, and against a real xenstored and Open vSwitch: CASE='vif-*'
	@tools/chroot $(SUITE)+user -- $(MAKE) user-tests CASE='$(CASE)'

user-fuzz: ## search for inputs that break what the daemons read: SECONDS=60 for each of keys, target, ovsdb, request, conf
	@tools/chroot $(SUITE)+user -- sh -c '$(MAKE) DAEMONS=$(BUILD)/user-fuzz CC=clang \
		CFLAGS="-O1 -g $(USER_SAN) -fsanitize=fuzzer-no-link" LDFLAGS="$(USER_SAN)" user-fuzzers && \
		tests/user/fuzz/run $(BUILD)/user-fuzz $(or $(SECONDS),60) $(USER_FUZZ)'

user-bench: ## measure the daemons beside the toolstack's scripts, in a chroot: DEVICES=200
	@tools/chroot $(SUITE)+user -- sh -c '$(MAKE) daemons $(DAEMONS)/no-hypervisor.so >/dev/null && \
		USER_PROGRAMS=/src/$(DAEMONS) DEVICES=$(or $(DEVICES),200) unshare --net --mount --pid --fork --kill-child \
		bash tests/user/lib.sh tests/user/bench.sh 2>/dev/null'

.PHONY: user user-one user-one-build user-bench user-fuzz user-tests user-programs user-fuzzers

-include $(wildcard $(DAEMONS)/tests/user/*/*.d)
