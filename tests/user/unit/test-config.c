// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promises: the configuration is what the file says over the defaults; a mistake
 * names its line; and a file that others than root can write is not read.
 */
#include <sys/stat.h>

#include "check.h"
#include "../../../daemons/hotplugd/hotplugd.h"

static void defaults(void **state)
{
	struct config config;
	_free_ char *why = NULL;

	assert_int_equal(config_parse("", &config, &why), 0);
	assert_int_equal(config.run, RUN_BY_SCRIPT);
	assert_int_equal(config.timeout, 30);
	assert_string_equal(config.ovsdb, "/run/openvswitch/db.sock");
	assert_null(config.bridges);
	assert_true(path_allowed("/dev/sda", config.directories));
	assert_true(path_allowed("/var/lib/xen/a", config.directories));
	assert_false(path_allowed("/etc/shadow", config.directories));
	config_fini(&config);
}

static void given(void **state)
{
	struct config config;
	_free_ char *why = NULL;

	assert_int_equal(config_parse("# comment\n[general]\nrun = events\ntimeout=5\n[network]\nguard-mac = yes\n"
				      "bridges = a  b\n[disk]\ndirectories = /a /b/c\nloop-sector-size = 4096\n",
				      &config, &why), 0);
	assert_int_equal(config.run, RUN_BY_EVENTS);
	assert_int_equal(config.timeout, 5);
	assert_true(config.guard_mac);
	assert_memory_equal(config.bridges, "a\0b\0", 5);
	assert_memory_equal(config.directories, "/a\0/b/c\0", 9);
	assert_int_equal(config.sectors, LOOP_SECTORS_4096);
	config_fini(&config);
}

static void mistakes(void **state)
{
	static const struct { const char *text, *why; } rows[] = {
		{ "[general]\nrun = sometimes\n", "line 2: run = sometimes: must be" },
		{ "[general]\ntimeout = -1\n", "line 2: timeout = -1: must be a number" },
		{ "[general]\ntimeout = 86401\n", "at most 86400" },
		{ "[general]\ncolour = red\n", "line 2: no option is called 'colour' here" },
		{ "[disk]\ntimeout = 1\n", "no option" },
		{ "[network]\n\nguard-mac = 1\n", "line 3: guard-mac = 1: must be 'yes' or 'no'" },
		{ "nonsense\n", "line 1: is not 'name = value'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct config config;
		char *why = NULL;

		check_row(rows[i].text, config_parse(rows[i].text, &config, &why) == -22);
		if (!why || !strstr(why, rows[i].why))
			fail_msg("'%s' instead of '%s'", why ? why : "", rows[i].why);
		free(why);
	}
}

static void files(void **state)
{
	char path[] = "/tmp/test-config-XXXXXX";
	const int fd = mkstemp(path);
	struct config config;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "[general]\ntimeout = 7\n", 22), 22);
	assert_int_equal(config_load("/nonexistent/file", &config), 0);
	config_fini(&config);
	assert_int_equal(config_load(path, &config), 0);
	assert_int_equal(config.timeout, 7);
	config_fini(&config);
	assert_int_equal(fchmod(fd, 0620), 0);
	assert_int_equal(config_load(path, &config), -1);
	assert_int_equal(fchmod(fd, 0602), 0);
	assert_int_equal(config_load(path, &config), -1);
	unlink(path);
	close(fd);
	assert_int_equal(config_load("/tmp", &config), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults), cmocka_unit_test(given), cmocka_unit_test(mistakes),
		cmocka_unit_test(files), };

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
