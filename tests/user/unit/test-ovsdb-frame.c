// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promises: a stream of JSON objects is cut where they end, wherever the pieces
 * of it end; what is no beginning of one is refused.
 */
#include "check.h"
#include "../../../daemons/hotplugd/ovsdb.h"

static void whole(void **state)
{
	static const struct { const char *text; ssize_t len; } rows[] = {
		{ "{}", 2 }, { "{}{}", 2 }, { " \n{\"a\":[1,{}]} {", 14 }, { "{\"}\":\"\\\"}\"}x", 11 },
		{ "{\"\\\\\":1}", 8 }, { "", 0 }, { "{", 0 }, { "{\"}", 0 }, { "{\"\\\"}", 0 }, { "  ", 0 },
		{ "[]", -74 }, { "x", -74 }, { "\"", -74 }, { "}", -74 }, { " 1", -74 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ovsdb_frame frame = { 0 };

		check_row(rows[i].text, ovsdb_frame_find(&frame, rows[i].text,
							 strlen(rows[i].text)) == rows[i].len);
	}
}

static void pieces(void **state)
{
	static const char text[] = "{\"a\":\"\\\"{[\",\"b\":[{},{\"c\":\"\\\\\"}]}{}";

	for (size_t cut = 0; cut < sizeof(text) - 3; cut++) {
		struct ovsdb_frame frame = { 0 };

		assert_int_equal(ovsdb_frame_find(&frame, text, cut), 0);
		assert_int_equal(ovsdb_frame_find(&frame, text, sizeof(text) - 1),
				 sizeof(text) - 3);
		assert_int_equal(ovsdb_frame_find(&frame, text + sizeof(text) - 3, 2), 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(whole), cmocka_unit_test(pieces) };

	return cmocka_run_group_tests_name("ovsdb-frame", tests, NULL, NULL);
}
