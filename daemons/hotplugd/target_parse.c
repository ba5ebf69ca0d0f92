// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../wire/store.h"
#include "../lib/cleanup.h"
#include "../lib/str.h"
#include "target.h"

static const char *const scripts[TARGET_NR_KINDS] = {
	[TARGET_ISCSI] = "block-iscsi", [TARGET_NBD] = "block-nbd", [TARGET_RBD] = "block-rbd",
};

const char *target_script(enum target_kind kind)
{
	return scripts[kind];
}

bool target_from_script(const char *script, enum target_kind *ret_kind)
{
	const char *slash = strrchr(script, '/');
	const char *name = slash ? slash + 1 : script;

	for (unsigned int kind = 0; kind < TARGET_NR_KINDS; kind++) {
		if (!strcmp(name, scripts[kind])) {
			*ret_kind = kind;
			return true;
		}
	}
	return false;
}

/* ---- words ----------------------------------------------------------------------------------------- */

/* Letters, digits and these characters, of which the first is no '-'; not empty. */
static bool is_name(const char *text, const char *more)
{
	if (!*text || *text == '-')
		return false;
	for (; *text; text++) {
		const char c = *text;

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      strchr(more, c)))
			return false;
	}
	return true;
}

/* "ADDRESS", "ADDRESS:PORT", "[ADDRESS]:PORT", as iscsiadm wants it. */
static bool take_portal(const char *text, char portal[64])
{
	const bool bracket = *text == '[';
	const char *begin = text + bracket;
	size_t len = bracket ? strcspn(begin, "]") : strlen(begin);
	const char *port = "3260", *rest;
	char address[48];
	uint8_t bytes[16];
	uint32_t number;
	int family;

	/* One colon is in front of a port, more are an address of IPv6. */
	if (!bracket && strchr(begin, ':') && strchr(begin, ':') == strrchr(begin, ':'))
		len = strcspn(begin, ":");
	rest = begin + len + (bracket && begin[len] == ']');
	if (len >= sizeof(address) || (bracket && begin[len] != ']') || (*rest && *rest != ':'))
		return false;
	memcpy(address, begin, len);
	address[len] = '\0';
	family = strchr(address, ':') ? AF_INET6 : AF_INET;
	if ((bracket && family == AF_INET) || inet_pton(family, address, bytes) != 1)
		return false;
	if (*rest)
		port = rest + 1;
	if (!wire_store_parse_u32(port, 65535, &number) || !number)
		return false;
	snprintf(portal, 64, family == AF_INET6 ? "[%s]:%u" : "%s:%u", address, number);
	return true;
}

static bool take_host(const char *text, char host[TARGET_NAME_MAX])
{
	uint8_t bytes[16];

	if (strchr(text, ':') ? inet_pton(AF_INET6, text, bytes) != 1 : !is_name(text, ".-"))
		return false;
	return str_copy(host, 254, text);
}

/* Parts of names with '/' between, and perhaps '@' before the last one. */
static bool is_image(const char *text)
{
	char copy[TARGET_NAME_MAX], *part = copy, *at;
	unsigned int parts = 1;

	if (!str_copy(copy, sizeof(copy), text))
		return false;
	at = strchr(copy, '@');
	if (at) {
		*at = '\0';
		if (!is_name(at + 1, "._-+:"))
			return false;
	}
	for (char *slash = strchr(part, '/'); slash; slash = strchr(part, '/'), parts++) {
		*slash = '\0';
		if (!is_name(part, "._-+:"))
			return false;
		part = slash + 1;
	}
	return parts <= 3 && is_name(part, "._-+:");
}

/* One word: @name and @value, of a word without '=' only the value. -EINVAL if it is not right. */
static int take_iscsi(struct target *target, const char *name, const char *value, struct why *why)
{
	if (!strcmp(name, "iqn")) {
		if (strlen(value) > 223 || !is_name(value, ".-:_") ||
		    (strncmp(value, "iqn.", 4) && strncmp(value, "eui.", 4) &&
		     strncmp(value, "naa.", 4)))
			return why_key(why, "params: iqn", value, "the target's name, as "
				       "iqn.2001-04.com.example:disk1");
		(void)str_copy(target->iscsi.iqn, sizeof(target->iscsi.iqn), value);
		return 0;
	}
	if (!strcmp(name, "portal"))
		return take_portal(value, target->iscsi.portal) ? 0 :
			why_key(why, "params: portal", value,
				"an IP address, perhaps with a port: 10.0.0.1, "
				"10.0.0.1:3260 or [2001:db8::1]:3260");
	if (!strcmp(name, "multipath")) {
		target->iscsi.multipath = !strcmp(value, "y");
		return target->iscsi.multipath || !strcmp(value, "n") ? 0 :
			why_key(why, "params: multipath", value, "y or n");
	}
	return why_key(why, "params", *name ? name : value,
		       "iqn=NAME,portal=ADDRESS[,multipath=y]");
}

static int take_nbd(struct target *target, const char *name, const char *value, struct why *why)
{
	uint32_t port;

	if (!strcmp(name, "host"))
		return take_host(value, target->nbd.host) ? 0 :
			why_key(why, "params: host", value,
				"the name or the IP address of the server");
	if (!strcmp(name, "port")) {
		if (!wire_store_parse_u32(value, 65535, &port) || !port)
			return why_key(why, "params: port", value, "a number from 1 to 65535");
		snprintf(target->nbd.port, sizeof(target->nbd.port), "%u", port);
		return 0;
	}
	if (!strcmp(name, "name"))
		return is_name(value, "._-+:/@") &&
		       str_copy(target->nbd.name, TARGET_NAME_MAX, value) ? 0 :
			why_key(why, "params: name", value,
				"the export's name, of letters, digits and ._-+:/@");
	return why_key(why, "params", *name ? name : value, "host=HOST[,port=PORT][,name=EXPORT]");
}

static int take_rbd(struct target *target, const char *name, const char *value, struct why *why)
{
	if (!*name && !*target->rbd.image)
		return is_image(value) && str_copy(target->rbd.image, TARGET_NAME_MAX, value) ? 0 :
			why_key(why, "params", value,
				"[POOL/[NAMESPACE/]]IMAGE[@SNAPSHOT], of letters, digits "
				"and ._-+:");
	if (!strcmp(name, "id"))
		return is_name(value, "._-") &&
		       str_copy(target->rbd.id, sizeof(target->rbd.id), value) ? 0 :
			why_key(why, "params: id", value,
				"the name of a Ceph user, without 'client.'");
	return why_key(why, "params", *name ? name : value,
		       "[POOL/[NAMESPACE/]]IMAGE[@SNAPSHOT][,id=USER]");
}

/* ---- all of it ------------------------------------------------------------------------------------- */

static int check_complete(const struct target *target, const char *params, struct why *why)
{
	switch (target->kind) {
	case TARGET_ISCSI:
		if (!*target->iscsi.iqn || !*target->iscsi.portal)
			return why_key(why, "params", params,
				       "iqn=NAME,portal=ADDRESS[,multipath=y]");
		return 0;
	case TARGET_NBD:
		return *target->nbd.host ? 0 :
			why_key(why, "params", params, "host=HOST[,port=PORT][,name=EXPORT]");
	case TARGET_RBD:
		return *target->rbd.image ? 0 :
			why_key(why, "params", params,
				"[POOL/[NAMESPACE/]]IMAGE[@SNAPSHOT][,id=USER]");
	case TARGET_NR_KINDS:
		break;
	}
	return why_say(why, "there is no such kind of disk");
}

/* True if a word of the same name stands before @word in @params. */
static bool is_twice(const char *params, const char *word)
{
	const size_t len = strcspn(word, ",=");

	if (word[len] != '=')
		return false;
	for (const char *p = params; p < word; p += strcspn(p, ",") + 1) {
		if (!strncmp(p, word, len + 1))
			return true;
	}
	return false;
}

int target_parse(enum target_kind kind, const char *params, struct target *ret_target,
		 struct why *why)
{
	static int (*const take[TARGET_NR_KINDS])(struct target *target, const char *name,
						  const char *value, struct why *why) = {
		[TARGET_ISCSI] = take_iscsi, [TARGET_NBD] = take_nbd, [TARGET_RBD] = take_rbd,
	};
	struct target target = { .kind = kind };
	const char *p = params;
	int r;

	if (kind == TARGET_NBD)
		(void)str_copy(target.nbd.port, sizeof(target.nbd.port), "10809");
	do {
		char word[512], *value;
		const size_t len = strcspn(p, ",");

		if (len >= sizeof(word))
			return why_key(why, "params", p, "made of words of at most %zu characters",
				       sizeof(word) - 1);
		if (is_twice(params, p))
			return why_key(why, "params", p, "without a word twice");
		memcpy(word, p, len);
		word[len] = '\0';
		value = strchr(word, '=');
		if (value)
			*value++ = '\0';
		r = take[kind](&target, value ? word : "", value ? value : word, why);
		if (r < 0)
			return r;
		p += len;
	} while (*p++);
	r = check_complete(&target, params, why);
	if (r >= 0)
		*ret_target = target;
	return r;
}

void target_line(const struct target *target, char line[TARGET_LINE_MAX])
{
	switch (target->kind) {
	case TARGET_ISCSI:
		/* Through whatever portal. */
		snprintf(line, TARGET_LINE_MAX, "iscsi %s", target->iscsi.iqn);
		return;
	case TARGET_NBD:
		snprintf(line, TARGET_LINE_MAX, "nbd %s %s %s", target->nbd.host, target->nbd.port,
			 target->nbd.name);
		return;
	case TARGET_RBD:
		/* "rbd" is the pool if none is named. */
		snprintf(line, TARGET_LINE_MAX, "rbd %s%s",
			 strchr(target->rbd.image, '/') ? "" : "rbd/", target->rbd.image);
		return;
	case TARGET_NR_KINDS:
		break;
	}
	line[0] = '\0';
}

/* ---- notes ----------------------------------------------------------------------------------------- */

/* Nothing that is written here has blanks in it; what is not known is "-". */
int target_note(enum target_kind kind, const char *node, const char *seen, const char *params,
		char *note, size_t size)
{
	const int len = snprintf(note, size, "%s %s %s %s", scripts[kind], *node ? node : "-",
				 *seen ? seen : "-", params);

	return len < 0 || (size_t)len >= size ? -EMSGSIZE : 0;
}

bool target_from_note(const char *note, enum target_kind *ret_kind, char node[64], char seen[32],
		      const char **ret_params)
{
	char script[16];
	int at = 0;

	if (sscanf(note, "%15s %63s %31s %n", script, node, seen, &at) != 3 || !note[at] ||
	    !target_from_script(script, ret_kind))
		return false;
	if (!strcmp(node, "-"))
		node[0] = '\0';
	if (!strcmp(seen, "-"))
		seen[0] = '\0';
	*ret_params = note + at;
	return true;
}
