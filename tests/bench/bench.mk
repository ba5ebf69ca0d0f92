# SPDX-License-Identifier: GPL-2.0-or-later
#
# Measurements. They say how fast, never pass or fail. Included by the top Makefile.

bench: deb ## measure ours against the in-tree driver in one boot, report in build/bench/report.html
	@tests/bench/bench --suite $(SUITE) $(BENCH)

.PHONY: bench
