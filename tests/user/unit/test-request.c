// SPDX-License-Identifier: GPL-2.0-or-later
/* Promises: what one end of the socket says, the other understands; anything else is refused. */
#include "check.h"
#include "../../../daemons/hotplugd/request.h"

static void round_trip(void **state)
{
	char data[REQUEST_MAX];
	struct request request;
	struct why why;
	int len;

	len = request_make(data, sizeof(data), "online", "type_if=tap", "backend/vif/3/1", "vif-openvswitch");
	assert_true(len > 0);
	assert_int_equal(request_parse(data, (size_t)len, &request, &why), 0);
	assert_int_equal(request.verb, VERB_PLUG);
	assert_int_equal(request.kind, KIND_VIF);
	assert_int_equal(request.domid, 3);
	assert_int_equal(request.devid, 1);
	assert_true(request.emu);
	assert_string_equal(request.script, "vif-openvswitch");

	len = request_make(data, sizeof(data), "remove", NULL, "backend/vbd/3/51712", "block");
	assert_int_equal(request_parse(data, (size_t)len, &request, &why), 0);
	assert_int_equal(request.verb, VERB_UNPLUG);
	assert_int_equal(request.kind, KIND_VBD);
	assert_false(request.emu);
	assert_int_equal(request_make(data, 20, "remove", NULL, "backend/vbd/3/51712", "block"), -22);
}

#define REQ(text)	text, sizeof(text)	/* the NUL at the end is the last word's */

static void refused(void **state)
{
	static const struct { const char *data; size_t len; const char *why; } rows[] = {
		{ "", 0, "not one of" }, { REQ(""), "not one of" }, { REQ("xen-hotplug-2\0list"), "not one of" },
		{ "xen-hotplug-1", 13, "not one of" }, { REQ("xen-hotplug-1"), "must be online" },
		{ REQ("xen-hotplug-1\0reboot"), "must be online" }, { REQ("xen-hotplug-1\0online"), "XENBUS_PATH: missing" },
		{ REQ("xen-hotplug-1\0online\0path=/etc/passwd"), "XENBUS_PATH='/etc/passwd'" },
		{ REQ("xen-hotplug-1\0online\0path=backend/vif/1/0/mac"), "XENBUS_PATH=" },
		{ REQ("xen-hotplug-1\0online\0path=backend/vif/1/0\0type_if=bridge"), "type_if='bridge'" },
		{ REQ("xen-hotplug-1\0add\0path=backend/vbd/1/0\0type_if=tap"), "only a vif" },
		{ REQ("xen-hotplug-1\0add\0path=backend/vbd/1/0\0color=red"), "request='color=red'" },
		{ "xen-hotplug-1\0add\0path=backend/vbd/1/0", 35, "cut off" },
		{ REQ("xen-hotplug-1\0add\0path=backend/vbd/1/0\0script="
		      "0123456789012345678901234567890123456789012345678901234567890123"), "a shorter name" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct request request;
		struct why why = { "" };

		check_row(rows[i].why, request_parse(rows[i].data, rows[i].len, &request,
						     &why) == -22);
		if (!strstr(why.text, rows[i].why))
			fail_msg("'%s' instead of '%s'", why.text, rows[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(round_trip),
					   cmocka_unit_test(refused) };

	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
