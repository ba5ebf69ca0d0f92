# SPDX-License-Identifier: GPL-2.0-or-later
#
# The lab: docs/lab.md. Included by the top Makefile; everything here works for SUITE.

LAB := tests/lab/lab
LAB_BIN := $(BUILD)/lab/$(SUITE)/bin

# Programs for dom0 are compiled in the chroot of the suite they run in; front.mk and fault.mk add them.
LAB_PROGS :=
-include tests/lab/front/front.mk
-include tests/lab/net/net.mk
-include tests/lab/fault/fault.mk

lab: deb lab-progs ## run the lab's cases on a real Xen under emulation: CASE='blk-*' ICOUNT=1 DEBUG=1 STOCK=1 ATTACH=1
	@$(LAB) run $(CASE)

lab-quick: deb lab-progs ## run the lab's quick set, as make check does
	@$(LAB) run --set quick --result $(BUILD)/check/lab-quick.result

lab-list: ## list the lab's cases and what each promises
	@$(LAB) run --list $(CASE)

lab-selftest: deb ## see that the lab notices crashes, hangs, failures and leftovers
	@$(LAB) selftest $(CASE)

lab-shell: deb lab-progs ## a root shell of a dom0 with the packages of this tree, on this terminal
	@$(LAB) shell

lab-reload: lab-progs ## rebuild the modules and reload them in the running lab-shell
	@$(LAB) reload

lab-progs: $(LAB_PROGS) ## compile the lab's programs for dom0 into build/lab/SUITE/bin

lab-image: deb ## make the lab's disk image, if it is not in the cache
	@$(LAB) image

demo: ## watch an unmodified guest do verified I/O on a disk served by this tree's xen-blkback
	@tests/lab/demo

.PHONY: lab lab-quick lab-list lab-selftest lab-shell lab-reload lab-progs lab-image demo
.PHONY: $(LAB_PROGS)

# SUITE, CASE, ICOUNT, STOCK and ATTACH reach the runner through the environment.
export SUITE ICOUNT STOCK ATTACH
