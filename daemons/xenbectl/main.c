// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xenbectl: what the backends of this host do, and why a device does not work.
 * It reads xenstore, sysfs and what xen-hotplugd tells, and changes nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "xenbectl.h"

static bool arg_json;

bool arg_is_json(void)
{
	return arg_json;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "list", cmd_list, "every device of every guest, and how it is" },
	{ "show", cmd_show, "DEVICE: all that is known of one, as vif3.0 or vbd3.51712" },
	{ "doctor", cmd_doctor, "[DEVICE]: what is wrong, and what to do about it" },
	{ "top", cmd_top,
	  "[--interval=SECONDS] [--count=N]: what each device does, again and again" },
	{ "metrics", cmd_metrics, "numbers for monitoring, in OpenMetrics' format" },
};

static void help(void)
{
	puts("xenbectl [--json] COMMAND\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].help);
	puts("\n  --json   print JSON instead of a table\n  --help   show this\n"
	     "  --version  show the version");
}

/* --json may stand anywhere. */
static int take_json(int argc, char **argv)
{
	int n = 1;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			arg_json = true;
		else
			argv[n++] = argv[i];
	}
	return n;
}

int main(int argc, char **argv)
{
	int at = 1;

	argc = take_json(argc, argv);
	for (; at < argc && argv[at][0] == '-'; at++) {
		if (!strcmp(argv[at], "--help")) {
			help();
			return 0;
		} else if (!strcmp(argv[at], "--version")) {
			puts("xenbectl " VERSION);
			return 0;
		} else {
			fprintf(stderr, "xenbectl: what is '%s'? --help shows the options\n", argv[at]);
			return 2;
		}
	}
	if (at == argc) {
		fprintf(stderr, "xenbectl: which command? --help shows them\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(argv[at], commands[i].name)) {
			const int r = commands[i].run(argc - at - 1, argv + at + 1);

			return r < 0 ? 1 : r;
		}
	}
	fprintf(stderr, "xenbectl: what is '%s'? --help shows the commands\n", argv[at]);
	return 2;
}
