// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promises: who may share a disk with whom, by the table of all modes; and what
 * sector size an image is given.
 */
#include "check.h"
#include "../../../daemons/hotplugd/vbd.h"

static struct share share(unsigned int domid, const char *mode, const char *uuid)
{
	struct share s = { .domid = domid, .devid = 51712, .disk = { 0x800, 0 },
			   .readonly = !strcmp(mode, "r"), .shareable = !strcmp(mode, "w!") };

	strcpy(s.vm_uuid, uuid);
	return s;
}

static void modes(void **state)
{
	static const struct { const char *name, *first, *second; bool ok; } rows[] = {
		{ "r after r", "r", "r", true }, { "w after r", "r", "w", false }, { "w! after r", "r", "w!", true },
		{ "r after w", "w", "r", false }, { "w after w", "w", "w", false }, { "w! after w", "w", "w!", false },
		{ "r after w!", "w!", "r", true }, { "w after w!", "w!", "w", false },
		{ "w! after w!", "w!", "w!", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct share first = share(1, rows[i].first, "a"), second = share(2, rows[i].second, "b");
		struct shares shares = { 0 };
		struct why why = { "" };

		assert_int_equal(shares_set(&shares, &first), 0);
		check_row(rows[i].name, (shares_judge(&shares, &second, &why) == 0) == rows[i].ok);
		check_row(rows[i].name, rows[i].ok || strstr(why.text, "domain 1 has this disk"));
		/* The same machine may, and so may another disk, and the same device again. */
		strcpy(second.vm_uuid, "a");
		check_row(rows[i].name, shares_judge(&shares, &second, &why) == 0);
		strcpy(second.vm_uuid, "b");
		second.disk.inode = 7;
		check_row(rows[i].name, shares_judge(&shares, &second, &why) == 0);
		second = share(1, rows[i].second, "b");
		check_row(rows[i].name, shares_judge(&shares, &second, &why) == 0);
		shares_fini(&shares);
	}
}

static void unknown_machines_are_not_the_same(void **state)
{
	struct share first = share(1, "w", ""), second = share(2, "w", "");
	struct shares shares = { 0 };
	struct why why;

	assert_int_equal(shares_set(&shares, &first), 0);
	assert_int_equal(shares_judge(&shares, &second, &why), -16);
	shares_fini(&shares);
}

static void many(void **state)
{
	struct shares shares = { 0 };
	struct share one = share(999, "w", "z");
	struct why why;

	for (unsigned int i = 0; i < 300; i++) {
		struct share s = share(i, "w", "");

		s.disk.inode = i + 1;
		assert_int_equal(shares_set(&shares, &s), 0);
		assert_int_equal(shares_set(&shares, &s), 0);
	}
	assert_int_equal(shares.n, 300);
	one.disk.inode = 150;
	assert_int_equal(shares_judge(&shares, &one, &why), -16);
	assert_true(shares_has(&shares, &one.disk, 999, 51712));
	assert_false(shares_has(&shares, &one.disk, 149, 51712));
	shares_forget(&shares, 149, 51712);
	shares_forget(&shares, 149, 51712);
	assert_int_equal(shares.n, 299);
	assert_int_equal(shares_judge(&shares, &one, &why), 0);
	shares_fini(&shares);
}

static void sectors(void **state)
{
	uint8_t head[4608] = { 0 };

	assert_int_equal(loop_sector_size(LOOP_SECTORS_AUTO, 512, head, sizeof(head)), 512);
	assert_int_equal(loop_sector_size(LOOP_SECTORS_AUTO, 4096, head, sizeof(head)), 512);
	memcpy(head + 4096, "EFI PART", 8);
	assert_int_equal(loop_sector_size(LOOP_SECTORS_AUTO, 4096, head, sizeof(head)), 4096);
	assert_int_equal(loop_sector_size(LOOP_SECTORS_AUTO, 512, head, sizeof(head)), 512);
	assert_int_equal(loop_sector_size(LOOP_SECTORS_AUTO, 4096, head, 4100), 512);
	memcpy(head + 512, "EFI PART", 8);
	assert_int_equal(loop_sector_size(LOOP_SECTORS_AUTO, 4096, head, sizeof(head)), 512);
	assert_int_equal(loop_sector_size(LOOP_SECTORS_4096, 512, head, 0), 4096);
	assert_int_equal(loop_sector_size(LOOP_SECTORS_512, 4096, head, 0), 512);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modes), cmocka_unit_test(unknown_machines_are_not_the_same),
		cmocka_unit_test(many), cmocka_unit_test(sectors),
	};

	return cmocka_run_group_tests_name("vbd", tests, NULL, NULL);
}
