// SPDX-License-Identifier: GPL-2.0-or-later
/* Any configuration file: a configuration that is in bounds, or a line with a reason. */
#include "../../../daemons/hotplugd/hotplugd.h"
#include "../../fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *why = NULL;
	struct config config;
	int r;

	memcpy(text, data, size);
	text[size] = '\0';
	r = config_parse(text, &config, &why);
	if (r >= 0) {
		CLAIM(config.run <= RUN_BY_EVENTS && config.timeout <= 86400);
		CLAIM(config.sectors <= LOOP_SECTORS_4096 && config.directories && config.ovsdb);
		config_fini(&config);
	} else {
		CLAIM(r == -12 || why);
	}
	free(why);
	free(text);
	return 0;
}
