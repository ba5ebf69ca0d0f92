# SPDX-License-Identifier: GPL-2.0-or-later
#
# The daemons and their tools: build/daemons. Included by the top Makefile.

DAEMONS := $(BUILD)/daemons
DAEMON_PROGS := $(DAEMONS)/xen-hotplugd $(DAEMONS)/xen-hotplug $(DAEMONS)/xenbectl

VERSION := $(shell sed -n '1s/^[^0-9]*\([0-9][0-9.]*\).*/\1/p' debian/changelog)
DAEMON_LIBS := libsystemd libnl-3.0 libnftables xenstore jansson inih uuid
libexecdir ?= /usr/libexec

DAEMON_CFLAGS := -std=gnu11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -DDAEMON='"$(libexecdir)/xen-hotplugd"' \
	-Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Wmissing-prototypes -Wstrict-prototypes -Wwrite-strings -Wshadow \
	-fno-strict-aliasing -fPIE
# What the distribution's builder asks for, or what is good for everybody.
CFLAGS ?= -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2
LDFLAGS ?= -Wl,-z,relro,-z,now -Wl,--as-needed
# xen-hotplug is started for each device: to find libc takes the dynamic linker longer than all that it does itself.
# -pie is for the sanitizers, and for distributions that have no static libc.
HOTPLUG_LDFLAGS ?= $(if $(findstring -fsanitize,$(CFLAGS)),-pie,-static-pie)
DAEMON_CPPFLAGS := $(shell pkg-config --cflags $(DAEMON_LIBS) 2>/dev/null)
DAEMON_LDLIBS := $(shell pkg-config --libs $(DAEMON_LIBS) 2>/dev/null)

daemon_objects = $(patsubst %.c,$(DAEMONS)/%.o,$(1))
LIBDAEMON := $(call daemon_objects,$(wildcard daemons/lib/*.c))
LIBWIRE := $(call daemon_objects,wire/store.c)
HOTPLUGD := $(call daemon_objects,$(wildcard daemons/hotplugd/*.c))
HOTPLUG := $(call daemon_objects,daemons/hotplug/main.c daemons/hotplugd/request.c daemons/hotplugd/parse.c \
	daemons/lib/str.c)
XENBECTL := $(call daemon_objects,$(wildcard daemons/xenbectl/*.c) daemons/hotplugd/request.c \
	daemons/hotplugd/parse.c daemons/hotplugd/counters.c)

daemons: $(DAEMON_PROGS) ## build the daemons for this machine (in a chroot: tools/chroot SUITE+user -- make daemons)

$(DAEMONS)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $@"
	@$(CC) $(CFLAGS) $(DAEMON_CFLAGS) $(CPPFLAGS) $(DAEMON_CPPFLAGS) -MMD -MP -c -o $@ $<

$(DAEMONS)/libdaemon.a: $(LIBDAEMON)
$(DAEMONS)/libwire.a: $(LIBWIRE)
$(DAEMONS)/%.a:
	@echo "  AR $@"
	@rm -f $@ && $(AR) rcs $@ $^

$(DAEMONS)/xen-hotplugd: $(HOTPLUGD) $(DAEMONS)/libdaemon.a $(DAEMONS)/libwire.a
	@echo "  LD $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -pie -o $@ $^ $(DAEMON_LDLIBS)

# libc only, and what it shares with the daemon is pure.
$(DAEMONS)/xen-hotplug: $(HOTPLUG) $(DAEMONS)/libwire.a
	@echo "  LD $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) $(HOTPLUG_LDFLAGS) -o $@ $^

$(DAEMONS)/xenbectl: $(XENBECTL) $(DAEMONS)/libdaemon.a $(DAEMONS)/libwire.a
	@echo "  LD $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -pie -o $@ $^ $(DAEMON_LDLIBS)

.PHONY: daemons

-include $(wildcard $(DAEMONS)/wire/*.d $(DAEMONS)/daemons/*/*.d)
