// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/cleanup.h"
#include "../lib/conf.h"
#include "../lib/log.h"
#include "hotplugd.h"

static const char *const run_words[] = { "script", "events", NULL };
static const char *const sector_words[] = { "auto", "512", "4096", NULL };

#define OPTION(section, name, type, field, ...) \
	{ section, name, type, offsetof(struct config, field), __VA_ARGS__ }

/* xen-hotplugd.conf(5) has the same list, and a test compares them. */
static const struct conf_option options[] = {
	OPTION("general", "run", CONF_CHOICE, run, run_words),
	OPTION("general", "timeout", CONF_SECONDS, timeout, NULL),
	OPTION("general", "metrics", CONF_TEXT, metrics, NULL),
	OPTION("network", "ovsdb", CONF_TEXT, ovsdb, NULL),
	OPTION("network", "guard-mac", CONF_BOOL, guard_mac, NULL),
	OPTION("network", "bridges", CONF_WORDS, bridges, NULL),
	OPTION("disk", "directories", CONF_WORDS, directories, NULL),
	OPTION("disk", "loop-sector-size", CONF_CHOICE, sectors, sector_words),
};

static const char defaults[] =
	"[general]\nrun = script\ntimeout = 30\n"
	"[network]\novsdb = /run/openvswitch/db.sock\nguard-mac = no\n"
	"[disk]\ndirectories = /dev /var/lib /srv /mnt /media /opt /home\nloop-sector-size = auto\n";

int config_parse(const char *text, struct config *ret_config, char **ret_why)
{
	struct config config = { 0 };
	int r = conf_parse(defaults, options, ARRAY_SIZE(options), &config, ret_why);

	if (r >= 0)
		r = conf_parse(text, options, ARRAY_SIZE(options), &config, ret_why);
	if (r < 0)
		config_fini(&config);
	else
		*ret_config = config;
	return r;
}

int config_load(const char *path, struct config *ret_config)
{
	_free_ char *why = NULL;
	struct config config = { 0 };
	int r = config_parse("", &config, &why);

	if (r >= 0)
		r = conf_read(path, options, ARRAY_SIZE(options), &config, &why);
	if (r >= 0) {
		*ret_config = config;
		return 0;
	}
	config_fini(&config);
	if (why)
		log_error("%s: %s", path, why);
	else if (r == -EPERM)
		log_error("%s: must be a file that belongs to root and that nobody else can write", path);
	else
		(void)log_err_errno(r, "%s", path);
	return r;
}

void config_fini(struct config *config)
{
	conf_free(options, ARRAY_SIZE(options), config);
}
