# SPDX-License-Identifier: GPL-2.0-or-later
#
# labnet, both ends of the network tests: included by tests/lab/lab.mk.

LAB_PROGS += $(LAB_BIN)/labnet

$(LAB_BIN)/labnet:
	@tools/chroot $(SUITE) -- make -s -j$(JOBS) -f tests/lab/net/build.mk BIN=$(LAB_BIN) \
		OBJ=$(BUILD)/lab/$(SUITE)/obj/net
