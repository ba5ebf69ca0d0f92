# SPDX-License-Identifier: GPL-2.0-or-later
#
# `make help` lists what can be made. The kernel's own build system reads Kbuild instead of this file.

MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := modules
.DELETE_ON_ERROR:

# Everything that is built goes below here, nothing beside the sources.
BUILD := build

# The Debian suite of packages, of the lab's dom0 and of its programs: bookworm, trixie or sid.
SUITE ?= trixie

# The kernel to build modules for: by version or by build directory, else the running one.
ifdef KDIR
KVER := $(or $(patsubst linux-headers-%,%,$(filter linux-headers-%,$(notdir $(realpath $(KDIR))))), \
	$(shell cat $(KDIR)/include/config/kernel.release 2>/dev/null), \
	$(if $(wildcard $(KDIR)/Makefile),$(shell $(MAKE) -s -C $(KDIR) kernelrelease)))
else
KVER ?= $(shell uname -r)
KDIR := $(firstword $(wildcard /lib/modules/$(KVER)/build /usr/src/linux-headers-$(KVER)))
endif

KOUT := $(BUILD)/kernel/$(KVER)
KSTAGE := $(KOUT)/obj
MODULES := xenbe xen-blkback xen-netback

JOBS := $(shell nproc)

help: ## list the targets
	@echo "make TARGET [VARIABLE=value ...]; the default target is $(.DEFAULT_GOAL)"
	@echo
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## \(.*\)/\1	\2/p' $(MAKEFILE_LIST) | \
		sort | awk -F '\t' '{ printf "  %-14s %s\n", $$1, $$2 }'
	@echo
	@echo "SUITE=$(SUITE) is the Debian suite of packages and of the lab: bookworm, trixie or sid."

# ---- kernel modules --------------------------------------------------------------------------------

# Each kernel has a copy of the sources with its objects: builds for several kernels do not mix.
kbuild = $(MAKE) -C $(KDIR) M=$(CURDIR)/$(KSTAGE)

stage: kdir
	@tools/stage $(KSTAGE)

kdir:
	@if [ ! -e "$(KDIR)/Makefile" ]; then \
		echo "make: no kernel headers in $(or $(KDIR),/lib/modules/$(KVER)/build):" \
			"install linux-headers-$(KVER), or name a kernel with KVER= or KDIR=" >&2; \
		exit 1; \
	fi

modules: stage ## build the modules for the running kernel, KVER=version or KDIR=directory
	$(if $(filter -j%,$(MAKEFLAGS)),,@)+$(kbuild) $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS)) modules
	@for ko in $(addsuffix .ko,$(MODULES)); do \
		found=$$(find $(KSTAGE)/kernel -name "$$ko"); \
		cmp -s "$$found" "$(KOUT)/$$ko" || cp "$$found" "$(KOUT)/$$ko" || exit 1; \
	done
	@echo "modules for $(KVER) are in $(KOUT)"

install: modules ## install them below INSTALL_MOD_PATH in updates/, where depmod prefers them
	@+$(kbuild) INSTALL_MOD_DIR=updates DEPMOD=true modules_install \
		$(if $(wildcard $(KDIR)/certs/signing_key.pem),,CONFIG_MODULE_SIG_ALL=)
	@# kbuild runs depmod only where it finds System.map, which headers come without.
	@if [ -e "$(INSTALL_MOD_PATH)/lib/modules/$(KVER)/modules.order" ]; then \
		PATH=$$PATH:/usr/sbin:/sbin depmod $(addprefix -b ,$(INSTALL_MOD_PATH)) $(KVER); \
	fi

kernels: ## build for all supported kernels in chroots, W=1 and sparse; any warning is a failure
	@tools/build-kernels

# ---- packages --------------------------------------------------------------------------------------

deb: ## build the Debian packages for SUITE into build/deb/SUITE
	@tools/build-deb $(SUITE)

packages: deb ## install, use and purge the packages of SUITE in a chroot
	@tests/packages/install.sh $(SUITE) && tests/packages/hotplugd.sh $(SUITE)

# ---- the rest --------------------------------------------------------------------------------------

style: ## check the style of everything in the tree
	@tools/check-style

check: ## run everything that needs no person watching, in under half an hour
	@tools/check

clean: ## remove what was built (make distclean: the cached chroots and images as well)
	rm -rf $(BUILD)

distclean: clean ## remove what was built and the caches of this project
	@tools/chroot --clean
	rm -rf "$${XDG_CACHE_HOME:-$$HOME/.cache}/xen-backends"

.PHONY: help stage kdir modules install kernels deb packages style check clean distclean

-include daemons/daemons.mk
-include tests/user/user.mk
-include tests/tests.mk
-include tests/lab/lab.mk
-include tests/bench/bench.mk
