// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promises: what `params` says of a disk on another machine is taken as the manual
 * says and refused otherwise, with a reason that names it; nothing that is taken can
 * be an option of a tool; what is noted of a connection is read back as it was; and of
 * what a tool says, its last words are told.
 */
#include "check.h"
#include "../../../daemons/hotplugd/target.h"

static void scripts(void **state)
{
	static const struct { const char *script; int kind; } rows[] = {
		{ "block-iscsi", TARGET_ISCSI }, { "/etc/xen/scripts/block-nbd", TARGET_NBD },
		{ "block-rbd", TARGET_RBD }, { "block", -1 }, { "", -1 }, { "/", -1 },
			{ "block-nbd/", -1 },
		{ "xblock-nbd", -1 }, { "block-nbdx", -1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum target_kind kind = TARGET_NR_KINDS;
		const bool ok = target_from_script(rows[i].script, &kind);

		check_row(rows[i].script, ok == (rows[i].kind >= 0));
		check_row(rows[i].script, !ok || (int)kind == rows[i].kind);
		check_row(rows[i].script, ok || kind == TARGET_NR_KINDS);
	}
}

/* All that was taken, with a blank between. */
static const char *show(const struct target *target)
{
	static char text[900];

	switch (target->kind) {
	case TARGET_ISCSI:
		snprintf(text, sizeof(text), "%s %s%s", target->iscsi.iqn, target->iscsi.portal,
			 target->iscsi.multipath ? " multipath" : "");
		break;
	case TARGET_NBD:
		snprintf(text, sizeof(text), "%s %s %s", target->nbd.host, target->nbd.port,
			 target->nbd.name);
		break;
	default:
		snprintf(text, sizeof(text), "%s %s", target->rbd.image, target->rbd.id);
		break;
	}
	return text;
}

#define IQN	"iqn.2001-04.com.example:disk1"

static void targets(void **state)
{
	static const struct { enum target_kind kind; const char *params, *taken, *why; } rows[] = {
		{ TARGET_ISCSI, "iqn=" IQN ",portal=10.0.0.1", IQN " 10.0.0.1:3260", NULL },
		{ TARGET_ISCSI, "portal=10.0.0.1:860,iqn=" IQN, IQN " 10.0.0.1:860", NULL },
		{ TARGET_ISCSI, "iqn=eui.02004567A425678D,portal=2001:db8::1,multipath=y",
		  "eui.02004567A425678D [2001:db8::1]:3260 multipath", NULL },
		{ TARGET_ISCSI, "iqn=" IQN ",portal=[::1]:3261,multipath=n", IQN " [::1]:3261",
		 NULL },
		{ TARGET_ISCSI, "iqn=" IQN, NULL, "must be iqn=NAME,portal=ADDRESS" },
		{ TARGET_ISCSI, "portal=10.0.0.1", NULL, "must be iqn=NAME,portal=ADDRESS" },
		{ TARGET_ISCSI, "", NULL, "must be iqn=NAME" },
		{ TARGET_ISCSI, "iqn=-Tx,portal=10.0.0.1", NULL, "params: iqn='-Tx'" },
		{ TARGET_ISCSI, "iqn=disk1,portal=10.0.0.1", NULL, "params: iqn='disk1'" },
		{ TARGET_ISCSI, "iqn=iqn.a b,portal=10.0.0.1", NULL, "params: iqn=" },
		{ TARGET_ISCSI, "iqn=iqn.a;reboot,portal=10.0.0.1", NULL, "params: iqn=" },
		{ TARGET_ISCSI, "iqn=iqn.$(x),portal=10.0.0.1", NULL, "params: iqn=" },
		{ TARGET_ISCSI, "iqn=iqn.a*,portal=10.0.0.1", NULL, "params: iqn=" },
		{ TARGET_ISCSI, "iqn=iqn.a/../b,portal=10.0.0.1", NULL, "params: iqn=" },
		{ TARGET_ISCSI, "iqn=" IQN ",portal=example.com", NULL,
		 "params: portal='example.com'" },
		{ TARGET_ISCSI, "iqn=" IQN ",portal=10.0.0.1:0", NULL, "params: portal=" },
		{ TARGET_ISCSI, "iqn=" IQN ",portal=10.0.0.1:65536", NULL, "params: portal=" },
		{ TARGET_ISCSI, "iqn=" IQN ",portal=10.0.0.1:", NULL, "params: portal=" },
		{ TARGET_ISCSI, "iqn=" IQN ",portal=[10.0.0.1]", NULL, "params: portal=" },
		{ TARGET_ISCSI, "iqn=" IQN ",portal=[::1", NULL, "params: portal=" },
		{ TARGET_ISCSI, "iqn=" IQN ",portal=[::1]x", NULL, "params: portal=" },
		{ TARGET_ISCSI, "iqn=" IQN ",portal=", NULL, "params: portal=" },
		{ TARGET_ISCSI, "iqn=" IQN ",portal=10.0.0.1,multipath=yes", NULL,
		 "must be y or n" },
		{ TARGET_ISCSI, "iqn=" IQN ",portal=10.0.0.1,iqn=" IQN, NULL,
		 "without a word twice" },
		{ TARGET_ISCSI, "iqn=" IQN ",portal=10.0.0.1,lun=1", NULL, "params='lun'" },
		{ TARGET_ISCSI, "iqn=" IQN ",portal=10.0.0.1,", NULL, "params=''" },
		{ TARGET_NBD, "host=10.0.0.1", "10.0.0.1 10809 ", NULL },
		{ TARGET_NBD, "host=nbd-1.example.com,port=1,name=vm/disk-1",
		 "nbd-1.example.com 1 vm/disk-1", NULL },
		{ TARGET_NBD, "name=a,port=65535,host=2001:db8::1", "2001:db8::1 65535 a", NULL },
		{ TARGET_NBD, "", NULL, "must be host=HOST" },
		{ TARGET_NBD, "name=a", NULL, "must be host=HOST" },
		{ TARGET_NBD, "10.0.0.1", NULL, "params='10.0.0.1'" },
		{ TARGET_NBD, "host=-d", NULL, "params: host='-d'" },
		{ TARGET_NBD, "host=bs=512", NULL, "params: host=" },
		{ TARGET_NBD, "host=1:2", NULL, "params: host=" },
		{ TARGET_NBD, "host=", NULL, "params: host=" },
		{ TARGET_NBD, "host=a b", NULL, "params: host=" },
		{ TARGET_NBD, "host=a,port=0", NULL, "params: port='0'" },
		{ TARGET_NBD, "host=a,port=65536", NULL, "params: port=" },
		{ TARGET_NBD, "host=a,port=0x10", NULL, "params: port=" },
		{ TARGET_NBD, "host=a,name=-x", NULL, "params: name='-x'" },
		{ TARGET_NBD, "host=a,name=", NULL, "params: name=" },
		{ TARGET_NBD, "host=a,name=x\n", NULL, "params: name=" },
		{ TARGET_NBD, "host=a,host=b", NULL, "without a word twice" },
		{ TARGET_RBD, "vm1", "vm1 ", NULL },
		{ TARGET_RBD, "rbd/vm1,id=xen", "rbd/vm1 xen", NULL },
		{ TARGET_RBD, "pool/ns/vm1@snap", "pool/ns/vm1@snap ", NULL },
		{ TARGET_RBD, "", NULL, "[POOL/[NAMESPACE/]]IMAGE" },
		{ TARGET_RBD, "-h", NULL, "params='-h'" },
		{ TARGET_RBD, "a/-b", NULL, "params='a/-b'" },
		{ TARGET_RBD, "a//b", NULL, "params='a//b'" },
		{ TARGET_RBD, "/b", NULL, "params='/b'" },
		{ TARGET_RBD, "a/b/c/d", NULL, "params=" },
		{ TARGET_RBD, "a@", NULL, "params=" },
		{ TARGET_RBD, "a@b@c", NULL, "params=" },
		{ TARGET_RBD, "a@b/c", NULL, "params=" },
		{ TARGET_RBD, "a b", NULL, "params=" },
		{ TARGET_RBD, "vm1,vm2", NULL, "params='vm2'" },
		{ TARGET_RBD, "vm1,id=-x", NULL, "params: id='-x'" },
		{ TARGET_RBD, "vm1,id=a,id=b", NULL, "without a word twice" },
		{ TARGET_RBD, "id=a", NULL, "must be [POOL/" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct target target = { .kind = TARGET_NR_KINDS };
		struct why why = { "" };
		const int r = target_parse(rows[i].kind, rows[i].params, &target, &why);

		check_row(rows[i].params, (r == 0) == !!rows[i].taken);
		if (r == 0 && strcmp(show(&target), rows[i].taken))
			fail_msg("%s: is '%s'", rows[i].params, show(&target));
		if (r < 0 && !strstr(why.text, rows[i].why))
			fail_msg("%s: is refused with '%s'", rows[i].params, why.text);
		check_row(rows[i].params, r == 0 || target.kind == TARGET_NR_KINDS);
	}
}

/* Values of any length: the longest that fits is taken whole, one more is refused. */
static void lengths(void **state)
{
	static const struct { enum target_kind kind; const char *before,
			     *after; size_t max; } rows[] = {
		{ TARGET_ISCSI, "iqn=iqn.", ",portal=10.0.0.1", 219 }, { TARGET_NBD, "host=", "",
									253 },
		{ TARGET_NBD, "host=a,name=", "", 255 }, { TARGET_RBD, "", "", 255 },
		{ TARGET_RBD, "vm1,id=", "", 63 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (size_t len = rows[i].max - 1; len < rows[i].max + 600; len++) {
			char params[1200], value[1000];
			struct target target;
			struct why why;
			int r;

			memset(value, 'x', len);
			value[len] = '\0';
			snprintf(params, sizeof(params), "%s%s%s", rows[i].before, value,
				 rows[i].after);
			r = target_parse(rows[i].kind, params, &target, &why);
			check_row(rows[i].before, (r == 0) == (len <= rows[i].max));
			check_row(rows[i].before, r < 0 || strstr(show(&target), value));
		}
	}
}

/* The same disk is the same, whatever leads to it; others are not. */
static void lines(void **state)
{
	static const struct { enum target_kind kind; const char *a, *b; bool same; } rows[] = {
		{ TARGET_ISCSI, "iqn=" IQN ",portal=10.0.0.1",
		 "iqn=" IQN ",portal=10.0.0.2,multipath=y", true },
		{ TARGET_ISCSI, "iqn=" IQN ",portal=10.0.0.1", "iqn=" IQN "2,portal=10.0.0.1",
		 false },
		{ TARGET_NBD, "host=a,name=x", "name=x,port=10809,host=a", true },
		{ TARGET_NBD, "host=a,name=x", "host=a,name=y", false },
		{ TARGET_NBD, "host=a,name=x", "host=a,port=1,name=x", false },
		{ TARGET_NBD, "host=a,name=x", "host=b,name=x", false },
		{ TARGET_RBD, "vm1", "rbd/vm1,id=xen", true },
		{ TARGET_RBD, "vm1", "other/vm1", false },
		{ TARGET_RBD, "vm1@a", "vm1@b", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char a[TARGET_LINE_MAX], b[TARGET_LINE_MAX];
		struct target target;
		struct why why;

		assert_int_equal(target_parse(rows[i].kind, rows[i].a, &target, &why), 0);
		target_line(&target, a);
		assert_int_equal(target_parse(rows[i].kind, rows[i].b, &target, &why), 0);
		target_line(&target, b);
		check_row(rows[i].b, !strcmp(a, b) == rows[i].same);
	}
}

static void notes(void **state)
{
	static const struct { const char *node, *seen; } rows[] = {
		{ "", "" }, { "/dev/nbd3", "" }, { "/dev/nbd3", "1234" }, { "/dev/mapper/3600",
									   "" },
	};
	static const char *const bad[] = {
		"", "block-nbd", "block-nbd -", "block-nbd - -", "block-nbd - - ",
			"block - - host=a",
		"block-nbd-block-nbd - - host=a",
	};
	char node[64], seen[32], note[128];
	enum target_kind kind;
	const char *params;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(target_note(TARGET_NBD, rows[i].node, rows[i].seen, "host=a", note,
					     sizeof(note)), 0);
		check_row(note, target_from_note(note, &kind, node, seen, &params));
		check_row(note, kind == TARGET_NBD && !strcmp(params, "host=a"));
		check_row(note, !strcmp(node, rows[i].node) && !strcmp(seen, rows[i].seen));
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_row(bad[i], !target_from_note(bad[i], &kind, node, seen, &params));
	assert_true(target_note(TARGET_NBD, "/dev/nbd3", "", "host=a", note, 20) < 0);
}

static void last_lines(void **state)
{
	static const struct { const char *text, *line; } rows[] = {
		{ "", "" }, { "\n \n", "" }, { "one", "one" }, { "one\ntwo\n", "two" },
			{ "one\ntwo\n\n \r\n", "two" },
		{ "one\n  two", "two" }, { "a'b\"c\x1b[1m", "a?b?c?[1m" },
			{ "progress 1\rprogress 2\n", "progress 2" },
	};
	char line[EXEC_ERR_MAX], longer[1000];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		exec_last_line(rows[i].text, strlen(rows[i].text), line, sizeof(line));
		check_row(rows[i].text, !strcmp(line, rows[i].line));
	}
	memset(longer, 'x', sizeof(longer));
	exec_last_line(longer, sizeof(longer), line, sizeof(line));
	assert_true(strlen(line) < sizeof(line) && line[0] == 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts), cmocka_unit_test(targets), cmocka_unit_test(lengths),
		cmocka_unit_test(lines), cmocka_unit_test(notes), cmocka_unit_test(last_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
