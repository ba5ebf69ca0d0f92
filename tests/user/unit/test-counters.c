// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promises: what the drivers count of a device is read and summed up whatever of it
 * is there; rates are of what grew, and of nothing else; rings as both drivers print
 * them are understood, whatever the guest has written there.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "../../../daemons/hotplugd/counters.h"

static void rates(void **state)
{
	static const struct {
		const char *name;
		uint64_t then, now, us;
		double rate;
	} rows[] = {
		{ "grows", 100, 300, 2000000, 100 }, { "rests", 100, 100, 1000000, 0 },
		{ "less than a second", 0, 5, 100000, 50 },
		{ "goes back", 100, 99, 1000000, -1 }, { "vanishes", 100, UNKNOWN, 1000000, -1 },
		{ "appears", UNKNOWN, 100, 1000000, -1 }, { "never there", UNKNOWN, UNKNOWN,
							   1000000, -1 },
		{ "no time", 100, 200, 0, -1 }, { "large", 0, UINT64_MAX - 1, 1000000,
						 18446744073709551615.0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct counters then = { .at_us = 5000000 },
			now = { .at_us = 5000000 + rows[i].us };
		double rate;

		then.values[OUT_BYTES] = rows[i].then;
		now.values[OUT_BYTES] = rows[i].now;
		rate = counters_rate(&then, &now, OUT_BYTES);
		check_row(rows[i].name, rate >= rows[i].rate - 1e-6 * (rows[i].rate + 1));
		check_row(rows[i].name, rate <= rows[i].rate + 1e-6 * (rows[i].rate + 1));
	}
}

static void rings(void **state)
{
	static const struct { const char *name, *text; uint64_t all, used; } rows[] = {
		{ "nothing", "", UNKNOWN, UNKNOWN },
		{ "not connected", "not connected, vif/1/0 is InitWait\n", UNKNOWN, UNKNOWN },
		{ "block, two rings",
		  "ring 0: waits for requests\n"
		  "  slots 32 taken 10 answered 8 published 8\n"
		  "  shared: requests up to 12, event wanted at 9; responses up to 8, event wanted at 9\n"
		  "  at the disk 2 requests allocated 4 large 1 waits 0\n"
		  "ring 1: given up\n  slots 32 taken 0 answered 0 published 0\n"
		  "  shared: requests up to 0, event wanted at 1; responses up to 0, event wanted at 1\n"
		  "guest pages mapped beyond the reserve: 0\n", 64, 4 },
		{ "net: only what the guest asks",
		  "queue 0\n  from the guest: ready\n  to the guest: ready\n"
		  "  tx: slots 256 taken 4294967295 answered 4294967290 published 4294967290\n"
		  "    shared: requests up to 3, event wanted at 0; responses up to 0, event wanted at 1\n"
		  "    events 1 spurious 0 notifies 0 copies 0 in 0 batches, packets refused 0\n"
		  "  rx: slots 256 taken 5 answered 5 published 5\n"
		  "    shared: requests up to 200, event wanted at 0; responses up to 5, event wanted at 6\n"
		  "  ctrl: slots 64 taken 0 answered 0 published 0\n"
		  "    shared: requests up to 7, event wanted at 0; responses up to 0, event wanted at 1\n", 256, 9 },
		{ "a guest that lies",
		  "  slots 32 taken 0 answered 0 published 0\n  shared: requests up to 4000000000, event\n", 32, 32 },
		{ "cut off", "  slots 32 taken 0 answered 0 publ", 32, 0 },
		{ "no numbers", "  slots x taken y answered z\n  shared: requests up to w\n",
		 UNKNOWN, UNKNOWN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t slots = 0, used = 0;

		counters_parse_rings(rows[i].text, &slots, &used);
		check_row(rows[i].name, slots == rows[i].all);
		check_row(rows[i].name, used == rows[i].used);
	}
}

static void put(const char *directory, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void reading(void **state)
{
	char directory[] = "/tmp/test-counters-XXXXXX", rings_path[64], command[128];
	struct counters c;

	assert_non_null(mkdtemp(directory));
	snprintf(rings_path, sizeof(rings_path), "%s/rings", directory);
	counters_read(KIND_VBD, directory, rings_path, &c);
	for (int i = 0; i < NR_COUNTERS; i++)
		assert_true(c.values[i] == UNKNOWN);
	assert_true(c.ring_slots == UNKNOWN && c.ring_used == UNKNOWN && c.at_us);

	/* As the kernel's own driver has them: without errors. */
	put(directory, "rd_req", "10\n");
	put(directory, "wr_req", "20\n");
	put(directory, "f_req", "3\n");
	put(directory, "rd_sect", "8\n");
	put(directory, "wr_sect", "18446744073709551615\n");
	put(directory, "rx_packets", "7\n");
	put(directory, "tx_bytes", "-1\n");
	put(directory, "rings",
	    "  slots 32 taken 1 answered 0 published 0\n  shared: requests up to 1,\n");
	counters_read(KIND_VBD, directory, rings_path, &c);
	assert_int_equal(c.values[IN], 10);
	assert_int_equal(c.values[OUT], 23);
	assert_int_equal(c.values[IN_BYTES], 4096);
	assert_true(c.values[OUT_BYTES] == UNKNOWN && c.values[ERRORS] == UNKNOWN);
	assert_true(c.ring_slots == 32 && c.ring_used == 1);
	put(directory, "rej_req", "2\n");
	counters_read(KIND_VBD, directory, rings_path, &c);
	assert_int_equal(c.values[ERRORS], 2);
	/* What a network device receives, its guest has sent. */
	counters_read(KIND_VIF, directory, "/nowhere", &c);
	assert_int_equal(c.values[OUT], 7);
	assert_true(c.values[IN] == UNKNOWN && c.values[IN_BYTES] == UNKNOWN);
	assert_true(c.ring_slots == UNKNOWN);
	snprintf(command, sizeof(command), "rm -r %s", directory);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates), cmocka_unit_test(rings), cmocka_unit_test(reading),
	};

	return cmocka_run_group_tests_name("counters", tests, NULL, NULL);
}
