/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the keys of a device say: text to values. Pure, and strict: nothing is
 * guessed or passed over, and a refusal names the key, the value and what would
 * be right. All of it may come from a configuration that somebody else wrote.
 */
#ifndef HOTPLUGD_PARSE_H
#define HOTPLUGD_PARSE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/link.h"

/* Why something is refused: one line, for hotplug-error and the log. */
struct why {
	char text[320];
};

/* Both return -EINVAL. The first says "key='value': must be ...". */
int why_key(struct why *why, const char *key, const char *value, const char *must, ...)
	__attribute__((format(printf, 4, 5)));
int why_say(struct why *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- vif ------------------------------------------------------------------------------------------- */

#define VLAN_MAX	4094u

/* Bit maps are indexed by VLAN. All zero: no VLANs are asked for. */
struct vlans {
	uint64_t member[64];	/* the port is in them */
	uint64_t untagged[64];	/* of these: frames go to the guest without a tag */
	/* of these: where frames of the guest without a tag go; 0: nowhere */
	uint16_t pvid;
	bool any;
	bool tagged;		/* there are some that are not untagged */
};

static inline bool vlans_has(const uint64_t map[64], unsigned int vid)
{
	return map[vid / 64] >> (vid % 64) & 1;
}

/* `mac`: six octets in hexadecimal, of one station, not all zero. */
int parse_mac(const char *text, uint8_t ret_mac[6], struct why *why);

/* `mtu`: what netback can carry. */
int parse_mtu(const char *text, uint32_t *ret_mtu, struct why *why);

/* `rate`: "bytes,microseconds", as netback wants it. */
int parse_rate(const char *text, uint64_t *ret_bytes, uint32_t *ret_usec, struct why *why);

/* `vlan`: terms with slashes between; "10", "10p", "20u", "20-30", "100+10x4". */
int parse_vlan(const char *text, struct vlans *ret_vlans, struct why *why);

/*
 * `bridge`: NAME, NAME.TAG, NAME:TRUNK:TRUNK or NAME.TAG:TRUNK:TRUNK. With
 * @whole, all of it is the name, which is so when a bridge has that very name.
 */
int parse_bridge(const char *text, bool whole, char ret_name[IFNAMSIZ], struct vlans *ret_vlans,
		 struct why *why);

/* The name of a network device, of key @key. */
int parse_ifname(const char *key, const char *text, char ret_name[IFNAMSIZ], struct why *why);

/* `ip`: addresses or prefixes of IPv4 and IPv6, with blanks between. */
#define PARSE_IPS_MAX	32u
int parse_ips(const char *text, struct link_addr ret_ips[PARSE_IPS_MAX], unsigned int *ret_n,
	      struct why *why);

/* An identity given by somebody else, for OVSDB: printable, without blanks, at most 255. */
int parse_identity(const char *key, const char *text, struct why *why);

/* ---- vbd ------------------------------------------------------------------------------------------- */

/* `params`: an absolute path without "..", at most PATH_MAX. */
int parse_disk_path(const char *text, struct why *why);

/* True if @path is below one of the directories (words with NULs, see CONF_WORDS). */
bool path_allowed(const char *path, const char *directories);

/* ---- devices --------------------------------------------------------------------------------------- */

enum kind { KIND_VIF, KIND_VBD, KIND_NR };

/* "vif" or "vbd"; the kinds of device that scripts are run for. */
const char *kind_name(enum kind kind);

/*
 * `backend/KIND/DOMID/DEVID`, relative or with /local/domain/N before it, and
 * what follows, if @ret_rest is not NULL: the name of a key in it, or "".
 */
bool parse_backend_path(const char *path, enum kind *ret_kind, unsigned int *ret_domid,
			unsigned int *ret_devid, const char **ret_rest);

#endif
