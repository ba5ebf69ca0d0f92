// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any stream from ovsdb-server, in pieces of any length: frames end where they
 * end however they are cut, and whatever the rows say, a transaction for our
 * port can be made, and removes nothing that does not carry our tag.
 *
 * Input: a byte for the length of pieces, then the stream.
 */
#include "../../../daemons/hotplugd/ovs.h"
#include "../../../daemons/hotplugd/ovsdb.h"
#include "../../fuzz/fuzz.h"

static void use_rows(struct ovs_rows *rows)
{
	struct vif_want want = { .name = "vif3.0", .owner = "vif/3/0", .bridge = "br", .has_mac = true };
	struct vif_have have = { 0 };
	json_t *ops;

	ovs_rows_look(rows, &want, &have);
	ops = ovs_rows_plug(rows, &want);
	CLAIM(ops ? json_array_size(ops) >= 4 : !have.ovs_bridge);
	json_decref(ops);
	ops = ovs_rows_unplug(rows, "vif/3/0", NULL);
	CLAIM(!ops || have.port_stray || json_array_size(ops) >= 2);
	json_decref(ops);
}

static void take_text(struct ovs_rows *rows, const char *text, size_t len)
{
	json_t *message = json_loadb(text, len, 0, NULL);
	json_t *params = json_object_get(message, "params");
	char *error;

	if (!message)
		return;
	if (json_is_object(json_array_get(params, 1)))
		ovs_rows_update(rows, json_array_get(params, 1));
	if (json_is_object(json_object_get(message, "result")))
		ovs_rows_update(rows, json_object_get(message, "result"));
	error = ovsdb_results_error(json_object_get(message, "result"));
	free(error);
	use_rows(rows);
	json_decref(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t piece = size ? data[0] + 1u : 1;
	struct ovsdb_frame frame = { 0 };
	struct ovs_rows rows;
	const char *text;
	size_t start = 0, have = 0;

	if (!size || ovs_rows_init(&rows) < 0)
		return 0;
	text = (const char *)data + 1;
	size--;
	while (start < size) {
		struct ovsdb_frame once = { 0 };
		const ssize_t whole = ovsdb_frame_find(&once, text + start, size - start);
		ssize_t len = 0;

		for (have = 0; !len && start + have < size;) {
			have = have + piece < size - start ? have + piece : size - start;
			len = ovsdb_frame_find(&frame, text + start, have);
		}
		CLAIM(len == whole);
		if (len <= 0)
			break;
		CLAIM((size_t)len <= size - start);
		take_text(&rows, text + start, (size_t)len);
		start += (size_t)len;
	}
	ovs_rows_fini(&rows);
	return 0;
}
