# SPDX-License-Identifier: GPL-2.0-or-later
#
# Measurements. They say how fast, never pass or fail. Included by the top Makefile.

bench: deb lab-progs ## measure ours against the in-tree drivers, report in build/bench/report.html: BENCH=net
	@tests/bench/bench --suite $(SUITE) $(BENCH)

.PHONY: bench
