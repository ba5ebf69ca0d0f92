// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promises: each key is taken as its grammar says and refused otherwise, the
 * refusal names key, value and what would be right, and leaves the result alone.
 */
#include <arpa/inet.h>

#include "check.h"
#include "../../../daemons/hotplugd/parse.h"

static void macs(void **state)
{
	static const struct { const char *text; bool ok; } rows[] = {
		{ "00:16:3e:00:00:01", true }, { "FE:ff:AB:cd:00:10", true },
		{ "", false }, { "00:16:3e:00:00", false }, { "00:16:3e:00:00:01:02", false },
		{ "00:16:3e:00:00:0", false }, { "00-16-3e-00-00-01", false }, { "00:16:3e:00:00:0g", false },
		{ "00:00:00:00:00:00", false }, { "01:00:5e:00:00:01", false }, { "ff:ff:ff:ff:ff:ff", false },
		{ " 00:16:3e:00:00:01", false }, { "00:16:3e:00:00:01\n", false }, { "0:16:3e:0:0:1", false },
		{ "00:16:3e:00:00:01; drop", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t mac[6] = { 0xaa, 0xaa };
		struct why why = { "" };
		const int r = parse_mac(rows[i].text, mac, &why);

		check_row(rows[i].text, (r == 0) == rows[i].ok);
		check_row(rows[i].text, rows[i].ok || (mac[0] == 0xaa && strstr(why.text, "mac='")));
	}
}

static void mtus(void **state)
{
	static const struct { const char *text; uint32_t mtu; } rows[] = {
		{ "1500", 1500 }, { "68", 68 }, { "65517", 65517 },
		{ "67", 0 }, { "65518", 0 }, { "", 0 }, { "0", 0 }, { "-1", 0 }, { "1500 ", 0 }, { "0x5dc", 0 },
		{ "99999999999999999999", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t mtu = 0;
		struct why why;

		(void)parse_mtu(rows[i].text, &mtu, &why);
		check_row(rows[i].text, mtu == rows[i].mtu);
		check_row(rows[i].text, mtu || strstr(why.text, "from 68 to 65517"));
	}
}

static void rates(void **state)
{
	static const struct { const char *text; uint64_t bytes; uint32_t usec; } rows[] = {
		{ "1250000,50000", 1250000, 50000 }, { "1,1", 1, 1 },
		{ "18446744073709551615,4294967295", UINT64_MAX, UINT32_MAX },
		{ "", 0, 0 }, { "10Mb/s", 0, 0 }, { "1", 0, 0 }, { "1,", 0, 0 }, { ",1", 0, 0 }, { "0,1", 0, 0 },
		{ "1,0", 0, 0 }, { "1,1,1", 0, 0 }, { "18446744073709551616,1", 0, 0 },
		{ "1,4294967296", 0, 0 }, { "1 ,1", 0, 0 },
		{ "000000000000000000000000000000000001,1", 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t bytes = 0;
		uint32_t usec = 0;
		struct why why;

		(void)parse_rate(rows[i].text, &bytes, &usec, &why);
		check_row(rows[i].text, bytes == rows[i].bytes && usec == rows[i].usec);
	}
}

/* "10p 20 30": the VLANs in order, 'p' or 'u' behind those that are. */
static const char *show(const struct vlans *vlans)
{
	static char text[256];
	int n = 0;

	text[0] = '\0';
	for (unsigned int vid = 0; vid < 4096 && n < 200; vid++) {
		if (!vlans_has(vlans->member, vid))
			continue;
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s%u%s", n ? " " : "", vid,
			      vlans->pvid == vid ? "p" : vlans_has(vlans->untagged, vid) ? "u" : "");
	}
	return text;
}

static void vlan_lists(void **state)
{
	static const struct { const char *text, *vlans; } rows[] = {
		{ "10", "10p" }, { "10p", "10p" }, { "10u", "10p" }, { "4094", "4094p" },
		{ "10p/20", "10p 20" }, { "20/10p", "10p 20" }, { "10p/20u/30", "10p 20u 30" },
		{ "1p/20-23", "1p 20 21 22 23" }, { "1p/20-21u", "1p 20u 21u" }, { "1p/20-20", "1p 20" },
		{ "10p/100+10x4", "10p 100 110 120 130 140" }, { "1p/2+1x0", "1p 2" },
		{ "1p/4090+2x2u", "1p 4090u 4092u 4094u" },
		{ "", NULL }, { "0", NULL }, { "4095", NULL }, { "p", NULL }, { "10/20", NULL },
		{ "10p/20p", NULL }, { "10-20p", NULL }, { "10p/10", NULL }, { "10p/9-11", NULL },
		{ "20-10", NULL }, { "10p/", NULL }, { "/10p", NULL }, { "10p//20", NULL },
		{ "10p,20", NULL }, { "10p/100+10", NULL }, { "10p/100+0x4", NULL },
		{ "10p/4090+2x3", NULL }, { "10p/1+4094x1", NULL }, { "10pu", NULL }, { "10 p", NULL },
		{ "10-20", NULL }, { "99999999999p", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vlans vlans = { 0 };
		struct why why = { "" };
		const int r = parse_vlan(rows[i].text, &vlans, &why);

		check_row(rows[i].text, (r == 0) == !!rows[i].vlans);
		if (r == 0 && strcmp(show(&vlans), rows[i].vlans))
			fail_msg("%s: is '%s'", rows[i].text, show(&vlans));
		check_row(rows[i].text, r == 0 || (!vlans.any && strstr(why.text, "vlan='")));
		check_row(rows[i].text, r || vlans.tagged == !!strpbrk(rows[i].text, "/") ||
			  !strcmp(rows[i].text, "1p/20-21u") || !strcmp(rows[i].text, "1p/4090+2x2u"));
	}
}

static void bridges(void **state)
{
	static const struct { const char *text; bool whole; const char *name, *vlans; } rows[] = {
		{ "xenbr0", false, "xenbr0", "" }, { "ovsbr0.10", false, "ovsbr0", "10p" },
		{ "ovsbr0.10:20:30", false, "ovsbr0", "10p 20 30" }, { "br:20:30", false, "br", "20 30" },
		{ "br.10:10", false, "br", "10p" }, { "br0.10", true, "br0.10", "" },
		{ "abcdefghijklmno", false, "abcdefghijklmno", "" },
		{ "", false, NULL, NULL }, { ".10", false, NULL, NULL }, { "abcdefghijklmnop", false, NULL, NULL },
		{ "br.", false, NULL, NULL }, { "br.0", false, NULL, NULL }, { "br.4095", false, NULL, NULL },
		{ "br:", false, NULL, NULL }, { "br.10.20", false, NULL, NULL }, { "br.10:x", false, NULL, NULL },
		{ "br 0", false, NULL, NULL }, { "x -- del-br br0", false, NULL, NULL }, { "br/0", false, NULL, NULL },
		{ "-br", false, NULL, NULL }, { "..", true, NULL, NULL }, { "br\n", false, NULL, NULL },
		{ "br\"", false, NULL, NULL }, { "br\xff", false, NULL, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char name[IFNAMSIZ] = "untouched";
		struct vlans vlans = { 0 };
		struct why why = { "" };
		const int r = parse_bridge(rows[i].text, rows[i].whole, name, &vlans, &why);

		check_row(rows[i].text, (r == 0) == !!rows[i].name);
		check_row(rows[i].text, !strcmp(name, rows[i].name ? rows[i].name : "untouched"));
		check_row(rows[i].text, r || !strcmp(show(&vlans), rows[i].vlans));
		check_row(rows[i].text, r == 0 || strstr(why.text, "bridge='"));
	}
}

static void addresses(void **state)
{
	static const struct { const char *text; unsigned int n; bool ok; } rows[] = {
		{ "10.0.0.1", 1, true }, { "10.0.0.1 10.0.0.2", 2, true }, { " 10.0.0.0/24\t2001:db8::1 ", 2, true },
		{ "", 0, true }, { "2001:db8::/64", 1, true }, { "10.0.0.1/32", 1, true },
		{ "10.0.0.1/33", 0, false }, { "2001:db8::/129", 0, false }, { "10.0.0", 0, false },
		{ "10.0.0.256", 0, false }, { "10.0.0.1,10.0.0.2", 0, false }, { "10.0.0.1/", 0, false },
		{ "10.0.0.1/+8", 0, false }, { "any", 0, false }, { "10.0.0.1; flush ruleset", 0, false },
		{ "1:2:3:4:5:6:7:8:9", 0, false },
		{ "1111:2222:3333:4444:5555:6666:7777:8888/128111111111111111111111111111111", 0, false },
	};
	struct link_addr ips[PARSE_IPS_MAX];
	char many[PARSE_IPS_MAX * 8 + 16] = "";
	struct why why;
	unsigned int n;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		n = 99;
		check_row(rows[i].text, (parse_ips(rows[i].text, ips, &n,
						   &why) == 0) == rows[i].ok);
		check_row(rows[i].text, n == (rows[i].ok ? rows[i].n : 99));
	}
	assert_int_equal(parse_ips("10.1.2.3/8", ips, &n, &why), 0);
	assert_int_equal(ips[0].family, AF_INET);
	assert_int_equal(ips[0].prefix, 8);
	assert_memory_equal(ips[0].bytes, "\x0a\x01\x02\x03", 4);
	for (unsigned int i = 0; i < PARSE_IPS_MAX; i++)
		strcat(many, "1.2.3.4 ");
	assert_int_equal(parse_ips(many, ips, &n, &why), 0);
	assert_int_equal(n, PARSE_IPS_MAX);
	strcat(many, "1.2.3.4");
	assert_int_equal(parse_ips(many, ips, &n, &why), -22);
}

static void disk_paths(void **state)
{
	static const struct { const char *text; bool ok; } rows[] = {
		{ "/dev/vg/disk", true }, { "/srv/a b", true }, { "/srv/..a", true }, { "/srv/a..", true },
		{ "/srv/\xc3\xa4", true },
		{ "", false }, { "dev/sda", false }, { "/srv/../etc/shadow", false }, { "/..", false },
		{ "/srv/a\nb", false }, { "/srv/\x7f", false },
	};
	static const char directories[] = "/dev\0/srv/xen/\0/\0";
	struct why why;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(rows[i].text, (parse_disk_path(rows[i].text, &why) == 0) == rows[i].ok);
	assert_true(path_allowed("/dev/sda", "/dev\0"));
	assert_true(path_allowed("/srv/xen/a", "/dev\0/srv/xen/\0"));
	assert_false(path_allowed("/srv/xenial/a", "/dev\0/srv/xen\0"));
	assert_false(path_allowed("/dev", "/dev\0"));
	assert_false(path_allowed("/device", "/dev\0"));
	assert_false(path_allowed("/anything", ""));
	assert_true(path_allowed("/anything", directories));
}

static void backend_paths(void **state)
{
	static const struct { const char *path; bool ok; enum kind kind; unsigned int domid,
			     devid; const char *rest; }
	rows[] = {
		{ "backend/vif/3/0", true, KIND_VIF, 3, 0, "" },
		{ "backend/vbd/3/51712/physical-device", true, KIND_VBD, 3, 51712, "physical-device" },
		{ "/local/domain/7/backend/vif/12/1/state", true, KIND_VIF, 12, 1, "state" },
		{ "backend/vif/3/0/", true, KIND_VIF, 3, 0, "" },
		{ "backend/vif/3", false, 0, 0, 0, "" }, { "backend/vif/3/", false, 0, 0, 0, "" },
		{ "backend", false, 0, 0, 0, "" }, { "", false, 0, 0, 0, "" },
		{ "backend/vfb/3/0", false, 0, 0, 0, "" }, { "backend/vif/-3/0", false, 0, 0, 0, "" },
		{ "backend/vif/3/0x1", false, 0, 0, 0, "" }, { "backend/vif/99999/0", false, 0, 0, 0, "" },
		{ "/backend/vif/3/0", false, 0, 0, 0, "" }, { "/local/domain/x/backend/vif/3/0", false, 0, 0, 0, "" },
		{ "backend/vif/3/../4/0", false, 0, 0, 0, "" }, { "backend/vif/3/4294967296", false, 0, 0, 0, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned int domid = 0, devid = 0;
		const char *rest = "";
		enum kind kind = 0;

		check_row(rows[i].path, parse_backend_path(rows[i].path, &kind, &domid, &devid,
							   &rest) == rows[i].ok);
		check_row(rows[i].path, kind == rows[i].kind && domid == rows[i].domid &&
			  devid == rows[i].devid && !strcmp(rest, rows[i].rest));
		check_row(rows[i].path, parse_backend_path(rows[i].path, &kind, &domid, &devid,
							   NULL) ==
			  (rows[i].ok && !rows[i].rest[0] &&
			   rows[i].path[strlen(rows[i].path) - 1] != '/'));
	}
}

/* Whatever the value is, the message is one line of plain text. */
static void refusals(void **state)
{
	struct why why;
	char value[600];

	for (int i = 0; i < 599; i++)
		value[i] = (char)(i % 255 + 1);
	value[599] = '\0';
	assert_int_equal(why_key(&why, "bridge", value, "right"), -22);
	for (const char *p = why.text; *p; p++)
		assert_true(*p >= ' ' && *p <= '~');
	assert_non_null(strstr(why.text, "..."));
	assert_non_null(strstr(why.text, "': must be right"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(macs), cmocka_unit_test(mtus), cmocka_unit_test(rates),
		cmocka_unit_test(vlan_lists), cmocka_unit_test(bridges),
			cmocka_unit_test(addresses),
		cmocka_unit_test(disk_paths), cmocka_unit_test(backend_paths),
			cmocka_unit_test(refusals), };

	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
