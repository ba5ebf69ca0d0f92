# SPDX-License-Identifier: GPL-2.0-or-later
#
# xenfront, the user-space frontend: included by tests/lab/lab.mk.

LAB_PROGS += $(LAB_BIN)/xenfront

$(LAB_BIN)/xenfront:
	@tools/chroot $(SUITE) -- make -s -j$(JOBS) -f tests/lab/front/build.mk BIN=$(LAB_BIN) \
		OBJ=$(BUILD)/lab/$(SUITE)/obj/front
