# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests of the daemons: unit tests of what is pure, and the daemons themselves against the real xenstored,
# Open vSwitch and kernel, without a virtual machine. Included by the top Makefile; run in tools/chroot.

USER_SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
USER_MAKE = $(MAKE) DAEMONS=$(BUILD)/user CFLAGS='-O1 -g $(USER_SAN)' LDFLAGS='$(USER_SAN)'
USER_TESTS := $(patsubst tests/user/unit/%.c,$(DAEMONS)/%,$(wildcard tests/user/unit/test-*.c))

$(DAEMONS)/libhotplugd.a: $(filter-out %/main.o,$(HOTPLUGD))

$(DAEMONS)/test-%: $(DAEMONS)/tests/user/unit/test-%.o $(DAEMONS)/libhotplugd.a $(DAEMONS)/libdaemon.a \
		$(DAEMONS)/libwire.a
	@echo "  LD $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -pie -o $@ $^ $(DAEMON_LDLIBS) -lcmocka

# What xenstored asks a hypervisor for: see there.
$(DAEMONS)/no-hypervisor.so: tests/user/no-hypervisor.c
	@mkdir -p $(@D)
	@$(CC) -std=gnu11 -D_GNU_SOURCE -O1 -Wall -shared -fPIC -o $@ $<

user-programs: $(DAEMON_PROGS) $(USER_TESTS) $(DAEMONS)/no-hypervisor.so

user-tests:
	@+$(USER_MAKE) user-programs
	@tests/user/run $(BUILD)/user $(BUILD)/check/user.result '$(CASE)'

user: ## test the daemons in a chroot: unit tests, and against a real xenstored and Open vSwitch: CASE='vif-*'
	@tools/chroot $(SUITE)+user -- $(MAKE) user-tests CASE='$(CASE)'

.PHONY: user user-tests user-programs
