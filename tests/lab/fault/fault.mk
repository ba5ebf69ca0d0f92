# SPDX-License-Identifier: GPL-2.0-or-later
#
# Modules for dom0: lab_fault.ko, which fails calls of the drivers, and lab_skb.ko, which looks at what they hand
# to the stack. Included by tests/lab/lab.mk. Built for the kernel whose headers the suite's build chroot has,
# which is that of the lab's dom0. The kernel does not ask for versions of symbols that come without: the modules
# under test know none for ours.

FAULT_MODULES := $(LAB_BIN)/lab_fault.ko $(LAB_BIN)/lab_skb.ko
LAB_PROGS += $(FAULT_MODULES)

FAULT_OBJ := $(BUILD)/lab/$(SUITE)/obj/fault

$(FAULT_MODULES) &: $(wildcard tests/lab/fault/*.c) tests/lab/fault/Kbuild
	@mkdir -p $(FAULT_OBJ) $(LAB_BIN)
	@cp -pu $^ $(FAULT_OBJ)/
	@tools/chroot $(SUITE) -- sh -c 'make -s -C /usr/src/linux-headers-$$KVER \
		M=/src/$(FAULT_OBJ) W=1 modules && for i in $(notdir $(FAULT_MODULES)); do \
		objcopy --strip-debug -R __kcrctab_gpl $(FAULT_OBJ)/$$i $(LAB_BIN)/$$i || exit; done'
