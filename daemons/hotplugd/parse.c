// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../../wire/store.h"
#include "../lib/cleanup.h"
#include "../lib/str.h"
#include "parse.h"

/* What netback accepts: at least an IPv4 datagram that must pass, at most what a ring can carry. */
#define MTU_MIN		68u
#define MTU_MAX		65517u

#define DOMID_MAX	0x7fefu		/* the last before Xen's reserved ones */
#define DEVID_MAX	0x7fffffffu

int why_key(struct why *why, const char *key, const char *value, const char *must, ...)
{
	char show[96], text[192];
	va_list ap;

	va_start(ap, must);
	vsnprintf(text, sizeof(text), must, ap);
	va_end(ap);
	snprintf(why->text, sizeof(why->text), "%s='%s': must be %s", key,
		 str_show(value, show, sizeof(show)), text);
	return -EINVAL;
}

int why_say(struct why *why, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(why->text, sizeof(why->text), format, ap);
	va_end(ap);
	return -EINVAL;
}

/* ---- scanning -------------------------------------------------------------------------------------- */

/* Takes decimal digits off the front: at least one, and a value of at most @max. */
static bool take_number(const char **text, uint32_t max, uint32_t *ret)
{
	const char *p = *text;
	uint32_t v = 0;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		const uint32_t digit = (uint32_t)(*p - '0');

		if (v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*text = p;
	*ret = v;
	return true;
}

static bool take_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* ---- vif ------------------------------------------------------------------------------------------- */

int parse_mac(const char *text, uint8_t ret_mac[6], struct why *why)
{
	static const uint8_t zero[6];
	const char *p = text;
	uint8_t mac[6];

	for (int i = 0; i < 6; i++) {
		int high, low;

		if (i && !take_char(&p, ':'))
			return why_key(why, "mac", text, "six pairs of hexadecimal digits with colons between");
		high = hex_digit(p[0]);
		low = high < 0 ? -1 : hex_digit(p[1]);
		if (low < 0)
			return why_key(why, "mac", text, "six pairs of hexadecimal digits with colons between");
		mac[i] = (uint8_t)(high << 4 | low);
		p += 2;
	}
	if (*p)
		return why_key(why, "mac", text, "six pairs of hexadecimal digits with colons between");
	if (mac[0] & 1)
		return why_key(why, "mac", text, "the address of one station, and not a multicast address");
	if (!memcmp(mac, zero, 6))
		return why_key(why, "mac", text, "an address other than zero");
	memcpy(ret_mac, mac, 6);
	return 0;
}

int parse_mtu(const char *text, uint32_t *ret_mtu, struct why *why)
{
	uint32_t mtu;

	if (!wire_store_parse_u32(text, MTU_MAX, &mtu) || mtu < MTU_MIN)
		return why_key(why, "mtu", text, "a number from %u to %u", MTU_MIN, MTU_MAX);
	*ret_mtu = mtu;
	return 0;
}

int parse_rate(const char *text, uint64_t *ret_bytes, uint32_t *ret_usec, struct why *why)
{
	const char *comma = strchr(text, ',');
	char bytes_text[24];
	uint64_t bytes;
	uint32_t usec;

	if (!comma || (size_t)(comma - text) >= sizeof(bytes_text))
		return why_key(why, "rate", text, "BYTES,MICROSECONDS");
	memcpy(bytes_text, text, (size_t)(comma - text));
	bytes_text[comma - text] = '\0';
	if (!wire_store_parse_u64(bytes_text, UINT64_MAX, &bytes) || !bytes ||
	    !wire_store_parse_u32(comma + 1, UINT32_MAX, &usec) || !usec)
		return why_key(why, "rate", text, "BYTES,MICROSECONDS, both above zero");
	*ret_bytes = bytes;
	*ret_usec = usec;
	return 0;
}

static void add_vlan(struct vlans *vlans, uint32_t vid, bool untagged)
{
	vlans->member[vid / 64] |= 1ull << (vid % 64);
	if (untagged)
		vlans->untagged[vid / 64] |= 1ull << (vid % 64);
	else
		vlans->tagged = true;
	vlans->any = true;
}

/* One term: where it begins, how many VLANs, how far apart. */
static bool take_term(const char **text, uint32_t *first, uint32_t *step, uint32_t *count)
{
	uint32_t last, more;

	*step = 1;
	*count = 1;
	if (!take_number(text, VLAN_MAX, first) || !*first)
		return false;
	if (take_char(text, '-')) {
		if (!take_number(text, VLAN_MAX, &last) || last < *first)
			return false;
		*count = last - *first + 1;
	} else if (take_char(text, '+')) {
		/* The first one, and that many more. */
		if (!take_number(text, VLAN_MAX, step) || !*step || !take_char(text, 'x') ||
		    !take_number(text, VLAN_MAX, &more) || more > (VLAN_MAX - *first) / *step)
			return false;
		*count = more + 1;
	}
	return true;
}

int parse_vlan(const char *text, struct vlans *ret_vlans, struct why *why)
{
	struct vlans vlans = { 0 };
	const char *p = text;

	do {
		uint32_t first, step, count;
		bool untagged = false, pvid = false;

		if (!take_term(&p, &first, &step, &count))
			return why_key(why, "vlan", text, "VLANs from 1 to 4094 with slashes between, each as "
				       "10, 10p, 10u, 10-20 or 10+5x3");
		if (take_char(&p, 'p'))
			pvid = untagged = true;
		else if (take_char(&p, 'u'))
			untagged = true;
		if (*p && *p != '/')
			return why_key(why, "vlan", text, "VLANs with slashes between, and 'p' or 'u' behind one");
		if (pvid && (count > 1 || vlans.pvid))
			return why_key(why, "vlan", text, "with one VLAN that has a 'p', not more");
		if (pvid)
			vlans.pvid = (uint16_t)first;
		for (uint32_t i = 0; i < count; i++) {
			if (vlans_has(vlans.member, first + i * step))
				return why_key(why, "vlan", text, "without VLAN %u twice", first + i * step);
			add_vlan(&vlans, first + i * step, untagged);
		}
		/* One VLAN alone is the guest's, and the guest does not see it. */
		if (!*p && !strchr(text, '/') && count == 1) {
			vlans = (struct vlans){ .pvid = (uint16_t)first };
			add_vlan(&vlans, first, true);
		}
	} while (take_char(&p, '/'));
	if (!vlans.pvid)
		return why_key(why, "vlan", text, "with a 'p' behind the VLAN of frames without a tag");
	*ret_vlans = vlans;
	return 0;
}

int parse_ifname(const char *key, const char *text, char ret_name[IFNAMSIZ], struct why *why)
{
	const size_t len = strlen(text);

	if (!len || len >= IFNAMSIZ || !strcmp(text, ".") || !strcmp(text, "..") || text[0] == '-')
		return why_key(why, key, text, "a name of 1 to %d characters", IFNAMSIZ - 1);
	for (size_t i = 0; i < len; i++) {
		const char c = text[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '.' || c == '-' || c == '_'))
			return why_key(why, key, text, "a name of letters, digits, '.', '-' and '_'");
	}
	memcpy(ret_name, text, len + 1);
	return 0;
}

int parse_bridge(const char *text, bool whole, char ret_name[IFNAMSIZ], struct vlans *ret_vlans,
		 struct why *why)
{
	const char *must = "NAME[.TAG][:TRUNK[:TRUNK...]], and all VLANs from 1 to 4094";
	const char *p = text + (whole ? strlen(text) : strcspn(text, ".:"));
	struct vlans vlans = { 0 };
	char name[IFNAMSIZ];
	uint32_t vid;

	if ((size_t)(p - text) >= sizeof(name))
		return why_key(why, "bridge", text, "at most %d characters before the VLANs", IFNAMSIZ - 1);
	memcpy(name, text, (size_t)(p - text));
	name[p - text] = '\0';
	if (parse_ifname("bridge", name, name, why) < 0)
		return why_key(why, "bridge", text, "%s", must);
	if (take_char(&p, '.')) {
		if (!take_number(&p, VLAN_MAX, &vid) || !vid)
			return why_key(why, "bridge", text, "%s", must);
		add_vlan(&vlans, vid, true);
		vlans.pvid = (uint16_t)vid;
	}
	while (take_char(&p, ':')) {
		if (!take_number(&p, VLAN_MAX, &vid) || !vid)
			return why_key(why, "bridge", text, "%s", must);
		if (vid != vlans.pvid)
			add_vlan(&vlans, vid, false);
	}
	if (*p)
		return why_key(why, "bridge", text, "%s", must);
	memcpy(ret_name, name, sizeof(name));
	*ret_vlans = vlans;
	return 0;
}

/* "ADDRESS" or "ADDRESS/PREFIX", in @text of @len characters. */
static bool parse_ip(const char *text, size_t len, struct link_addr *ret)
{
	char copy[64];
	char *slash;
	struct link_addr addr = { 0 };
	uint32_t prefix;

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	slash = strchr(copy, '/');
	if (slash)
		*slash = '\0';
	addr.family = strchr(copy, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(addr.family, copy, addr.bytes) != 1)
		return false;
	prefix = addr.family == AF_INET ? 32 : 128;
	if (slash && !wire_store_parse_u32(slash + 1, prefix, &prefix))
		return false;
	addr.prefix = (uint8_t)prefix;
	*ret = addr;
	return true;
}

int parse_ips(const char *text, struct link_addr ret_ips[PARSE_IPS_MAX], unsigned int *ret_n,
	      struct why *why)
{
	struct link_addr ips[PARSE_IPS_MAX];
	const char *p = text;
	unsigned int n = 0;

	for (;;) {
		size_t len;

		p += strspn(p, " \t");
		len = strcspn(p, " \t");
		if (!len)
			break;
		if (n == PARSE_IPS_MAX)
			return why_key(why, "ip", text, "at most %u addresses", PARSE_IPS_MAX);
		if (!parse_ip(p, len, &ips[n]))
			return why_key(why, "ip", text, "IPv4 or IPv6 addresses, or prefixes as 10.0.0.0/24, "
				       "with blanks between");
		n++;
		p += len;
	}
	memcpy(ret_ips, ips, n * sizeof(*ips));
	*ret_n = n;
	return 0;
}

int parse_identity(const char *key, const char *text, struct why *why)
{
	const size_t len = strlen(text);

	if (!len || len > 255)
		return why_key(why, key, text, "1 to 255 characters");
	for (size_t i = 0; i < len; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			return why_key(why, key, text, "printable characters without blanks");
	}
	return 0;
}

/* ---- vbd ------------------------------------------------------------------------------------------- */

int parse_disk_path(const char *text, struct why *why)
{
	const char *p;

	if (text[0] != '/')
		return why_key(why, "params", text, "an absolute path");
	if (strlen(text) >= PATH_MAX)
		return why_key(why, "params", text, "shorter than %d characters", PATH_MAX);
	for (p = text; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return why_key(why, "params", text, "a path without control characters");
		if (!strncmp(p, "/..", 3) && (p[3] == '/' || !p[3]))
			return why_key(why, "params", text, "a path without '..'");
	}
	return 0;
}

bool path_allowed(const char *path, const char *directories)
{
	const char *dir;

	for (dir = directories; *dir; dir += strlen(dir) + 1) {
		size_t len = strlen(dir);

		while (len && dir[len - 1] == '/')
			len--;
		if (!strncmp(path, dir, len) && path[len] == '/')
			return true;
	}
	return false;
}

/* ---- devices --------------------------------------------------------------------------------------- */

const char *kind_name(enum kind kind)
{
	static const char *const names[KIND_NR] = { [KIND_VIF] = "vif", [KIND_VBD] = "vbd" };

	return names[kind];
}

static bool take_word(const char **text, const char *word)
{
	const size_t len = strlen(word);

	if (strncmp(*text, word, len))
		return false;
	*text += len;
	return true;
}

bool parse_backend_path(const char *path, enum kind *ret_kind, unsigned int *ret_domid,
			unsigned int *ret_devid, const char **ret_rest)
{
	const char *p = path;
	uint32_t own, domid, devid;
	enum kind kind;

	if (take_word(&p, "/local/domain/") && (!take_number(&p, DOMID_MAX, &own) || !take_char(&p, '/')))
		return false;
	if (!take_word(&p, "backend/"))
		return false;
	if (take_word(&p, "vif/"))
		kind = KIND_VIF;
	else if (take_word(&p, "vbd/"))
		kind = KIND_VBD;
	else
		return false;
	if (!take_number(&p, DOMID_MAX, &domid) || !take_char(&p, '/') ||
	    !take_number(&p, DEVID_MAX, &devid))
		return false;
	if (*p && (!ret_rest || !take_char(&p, '/')))
		return false;
	*ret_kind = kind;
	*ret_domid = domid;
	*ret_devid = devid;
	if (ret_rest)
		*ret_rest = p;
	return true;
}
