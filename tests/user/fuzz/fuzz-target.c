// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any `params` of a disk on another machine: taken or refused, never half. What is
 * taken is made of plain characters and no option of a tool; a note of it is read back
 * as it was. Any note, and anything that a tool says, is read in bounds.
 *
 * Input: a byte for the kind, and the text.
 */
#include "../../../daemons/hotplugd/target.h"
#include "../../fuzz/fuzz.h"

static void claim_plain(const char *text, bool may_be_empty)
{
	CLAIM(may_be_empty || *text);
	CLAIM(*text != '-');
	for (; *text; text++)
		CLAIM(*text > ' ' && *text <= '~' && !strchr("'\"`$\\;&|<>*?(){},", *text));
}

static void claim_target(const struct target *target)
{
	switch (target->kind) {
	case TARGET_ISCSI:
		claim_plain(target->iscsi.iqn, false);
		claim_plain(target->iscsi.portal, false);
		CLAIM(!strchr(target->iscsi.iqn, '/'));
		return;
	case TARGET_NBD:
		claim_plain(target->nbd.host, false);
		claim_plain(target->nbd.port, false);
		claim_plain(target->nbd.name, true);
		CLAIM(!strchr(target->nbd.host, '=') && !strchr(target->nbd.host, '/'));
		return;
	case TARGET_RBD:
		claim_plain(target->rbd.image, false);
		claim_plain(target->rbd.id, true);
		return;
	case TARGET_NR_KINDS:
		break;
	}
	CLAIM(false);
}

static void claim_note(enum target_kind kind, const char *params)
{
	char note[8192], node[64], seen[32];
	enum target_kind read;
	const char *rest;

	CLAIM(target_note(kind, "/dev/x1", "7", params, note, sizeof(note)) == 0);
	CLAIM(target_from_note(note, &read, node, seen, &rest));
	CLAIM(read == kind && !strcmp(node, "/dev/x1") && !strcmp(seen, "7") && !strcmp(rest, params));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[4096], line[TARGET_LINE_MAX], node[64], seen[32];
	struct target target = { .kind = TARGET_NR_KINDS };
	enum target_kind kind;
	struct why why = { "" };
	const char *rest;

	if (!size || size > sizeof(text))
		return 0;
	kind = data[0] % TARGET_NR_KINDS;
	memcpy(text, data + 1, size - 1);
	exec_last_line(text, size - 1, line, EXEC_ERR_MAX);
	CLAIM(strlen(line) < EXEC_ERR_MAX);
	text[size - 1] = '\0';
	if (target_parse(kind, text, &target, &why) < 0) {
		CLAIM(target.kind == TARGET_NR_KINDS && *why.text);
	} else {
		claim_target(&target);
		target_line(&target, line);
		CLAIM(*line && strlen(line) + 1 < TARGET_LINE_MAX);
		claim_note(kind, text);
	}
	if (target_from_note(text, &kind, node, seen, &rest))
		CLAIM(kind < TARGET_NR_KINDS && rest > text && rest < text + size);
	return 0;
}
