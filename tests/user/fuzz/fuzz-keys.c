// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any values of any keys: taken or refused, never half. A refusal is one line of
 * plain text; what is taken is in bounds, and makes filter rules that contain
 * nothing but what we have printed ourselves.
 *
 * Input: a byte for the mode and the policy, then values, each with a NUL behind it.
 */
#include "../../../daemons/hotplugd/vif.h"
#include "../../fuzz/fuzz.h"

static const char *take(const char **data, size_t *left)
{
	const char *value = *data;
	const size_t len = strnlen(value, *left);

	if (!*left || len == *left)
		return NULL;
	*data += len + 1;
	*left -= len + 1;
	return value;
}

static void claim_plain(const char *text)
{
	CLAIM(*text);
	for (; *text; text++)
		CLAIM(*text >= ' ' && *text <= '~');
}

static void claim_vlans(const struct vlans *vlans)
{
	bool any = false;

	for (unsigned int i = 0; i < 64; i++) {
		CLAIM(!(vlans->untagged[i] & ~vlans->member[i]));
		any = any || vlans->member[i];
	}
	CLAIM(!vlans_has(vlans->member, 0) && !vlans_has(vlans->member, 4095));
	CLAIM(vlans->any == any);
	CLAIM(!vlans->pvid || vlans_has(vlans->untagged, vlans->pvid));
}

static void claim_rules(const struct vif_want *want)
{
	char *rules = vif_guard_rules(want, want->name);
	int quotes = 0, depth = 0;

	CLAIM(rules);
	for (const char *p = rules; *p; p++) {
		CLAIM(*p == '\n' || (*p >= ' ' && *p <= '~'));
		quotes += *p == '"';
		depth += (*p == '{') - (*p == '}');
		CLAIM(depth >= 0);
	}
	/* Around the device's name, and nowhere else. */
	CLAIM(quotes == 2 && !depth);
	free(rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vif_keys keys = { 0 };
	struct vif_policy policy = { 0 };
	struct vif_want want;
	struct why why = { "" };
	const char *p;
	uint8_t how;
	size_t left;

	if (!size)
		return 0;
	how = data[0];
	p = (const char *)data + 1;
	left = size - 1;
	policy.guard_mac = how & 8;
	policy.bridge_is_whole = how & 16;
	keys.bridge = take(&p, &left);
	keys.mac = take(&p, &left);
	keys.ip = take(&p, &left);
	keys.mtu = take(&p, &left);
	keys.vlan = take(&p, &left);
	keys.rate = take(&p, &left);
	keys.vifname = take(&p, &left);
	keys.gatewaydev = take(&p, &left);
	keys.iface_id = take(&p, &left);
	keys.network_uuid = take(&p, &left);
	keys.vm_uuid = take(&p, &left);
	keys.vm_name = take(&p, &left);
	if (vif_want(&keys, how % VIF_NR_MODES, how, 1, how & 32, &policy, &want, &why) < 0) {
		claim_plain(why.text);
		return 0;
	}
	CLAIM(want.name[0] && !strchr(want.name, '/') && !strchr(want.name, '"'));
	CLAIM(!want.mtu || (want.mtu >= 68 && want.mtu <= 65517));
	CLAIM(want.n_ips <= PARSE_IPS_MAX);
	CLAIM(!want.guard || want.has_mac);
	claim_vlans(&want.vlans);
	claim_rules(&want);
	return 0;
}
