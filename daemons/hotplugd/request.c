// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "request.h"

static const struct { const char *word; enum verb verb; } verbs[] = {
	{ "online", VERB_PLUG }, { "add", VERB_PLUG },
	{ "offline", VERB_UNPLUG }, { "remove", VERB_UNPLUG },
	{ "list", VERB_LIST }, { "metrics", VERB_METRICS },
};

/* Takes the next word, which ends inside @data with a NUL. */
static const char *next_word(const char **data, size_t *len)
{
	const char *word = *data;
	const char *end = memchr(word, '\0', *len);

	if (!end)
		return NULL;
	*len -= (size_t)(end - word) + 1;
	*data = end + 1;
	return word;
}

static int take_field(struct request *request, bool *has_path, const char *word, struct why *why)
{
	if (!strncmp(word, "path=", 5)) {
		*has_path = parse_backend_path(word + 5, &request->kind, &request->domid,
					       &request->devid, NULL);
		return *has_path ? 0 : why_key(why, "XENBUS_PATH", word + 5,
					       "backend/vif/DOMID/DEVID or backend/vbd/DOMID/DEVID");
	}
	if (!strncmp(word, "type_if=", 8)) {
		request->emu = !strcmp(word + 8, "tap");
		return request->emu || !strcmp(word + 8, "vif") ? 0 :
			why_key(why, "type_if", word + 8, "'vif' or 'tap'");
	}
	if (!strncmp(word, "script=", 7)) {
		if (strlen(word + 7) >= sizeof(request->script))
			return why_key(why, "script", word + 7, "a shorter name");
		strcpy(request->script, word + 7);
		return 0;
	}
	return why_key(why, "request", word, "path=, type_if= or script=");
}

int request_parse(const char *data, size_t len, struct request *ret_request, struct why *why)
{
	struct request request = { 0 };
	const char *word = next_word(&data, &len);
	bool known = false, has_path = false;
	int r;

	if (!word || strcmp(word, REQUEST_VERSION))
		return why_say(why, "the request is not one of " REQUEST_VERSION);
	word = next_word(&data, &len);
	for (size_t i = 0; word && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (!strcmp(word, verbs[i].word)) {
			request.verb = verbs[i].verb;
			known = true;
		}
	}
	if (!known)
		return why_key(why, "request", word ? word : "",
			       "online, offline, add, remove, list or metrics");
	while (len) {
		word = next_word(&data, &len);
		r = word ? take_field(&request, &has_path, word, why) :
			why_say(why, "the request is cut off");
		if (r < 0)
			return r;
	}
	if (request.verb <= VERB_UNPLUG && !has_path)
		return why_say(why, "XENBUS_PATH: missing");
	if (request.emu && request.kind != KIND_VIF)
		return why_say(why, "type_if: only a vif has a tap");
	*ret_request = request;
	return 0;
}

static bool put(char *data, size_t size, size_t *len, const char *name, const char *value)
{
	const int n = snprintf(data + *len, size - *len, "%s%s", name, value);

	if (n < 0 || (size_t)n >= size - *len)
		return false;
	*len += (size_t)n + 1;
	return true;
}

int request_make(char *data, size_t size, const char *action, const char *type_if, const char *path,
		 const char *script)
{
	size_t len = 0;

	if (!put(data, size, &len, "", REQUEST_VERSION) || !put(data, size, &len, "", action) ||
	    (path && !put(data, size, &len, "path=", path)) ||
	    (type_if && !put(data, size, &len, "", type_if)) ||
	    (script && !put(data, size, &len, "script=", script)))
		return -EINVAL;
	return (int)len;
}
