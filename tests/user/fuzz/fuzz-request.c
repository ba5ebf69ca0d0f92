// SPDX-License-Identifier: GPL-2.0-or-later
/* Any packet on the socket: a request that is in bounds, or a refusal in plain text. */
#include "../../../daemons/hotplugd/request.h"
#include "../../fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request request;
	struct why why = { "" };

	memset(&request, 0xa5, sizeof(request));
	if (request_parse((const char *)data, size, &request, &why) < 0) {
		for (size_t i = 0; i < sizeof(request); i++)
			CLAIM(((uint8_t *)&request)[i] == 0xa5);
		CLAIM(why.text[0]);
		for (const char *p = why.text; *p; p++)
			CLAIM(*p >= ' ' && *p <= '~');
		return 0;
	}
	CLAIM(request.verb <= VERB_METRICS && request.kind < KIND_NR);
	CLAIM(strnlen(request.script, sizeof(request.script)) < sizeof(request.script));
	CLAIM(request.domid < 0x7ff0);
	return 0;
}
