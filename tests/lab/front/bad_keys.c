// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * H-19: ring parameters in xenstore that are missing or are no numbers. The
 * backend reads all of them once; a bad one gives one error and a closed device.
 */
#include "bad.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONG_TEXT	2048u
#define FLICKER_ROUNDS	100

struct value {
	const char *name;
	const char *bytes;	/* NULL: LONG_TEXT times 'A'; or no key at all, if len is -1 */
	int len;
};

#define TEXT(name, text) { name, text, sizeof(text) - 1 }

static const struct value values[] = {
	{ "missing", NULL, -1 },
	TEXT("empty", ""),
	TEXT("negative", "-1"),
	TEXT("2^32+1", "4294967297"),
	TEXT("2^64+1", "18446744073709551617"),
	TEXT("hexadecimal", "0x8"),
	TEXT("space before", " 8"),
	TEXT("space behind", "8 "),
	TEXT("newline behind", "8\n"),
	TEXT("text behind", "8x"),
	TEXT("plus sign", "+8"),
	TEXT("a NUL inside", "8\0" "8"),
	TEXT("binary", "\x01\xff\x80\x7f"),
	TEXT("format string", "%s%n%s%n"),
	{ "2 KiB", NULL, LONG_TEXT },
};

/* Values only one key has. */
static const struct value too_many_queues[] = {
	TEXT("0", "0"), TEXT("65", "65"), TEXT("2^31", "2147483648"), TEXT("2^32-1", "4294967295"),
};

static const struct value too_high_orders[] = {
	TEXT("5", "5"), TEXT("31", "31"), TEXT("32", "32"), TEXT("2^32-1", "4294967295"),
};

static const struct value bad_protocols[] = {
	TEXT("other machine", "sparc-abi"), TEXT("longer", "x86_64-abix"),
	TEXT("shorter", "x86_64-ab"), TEXT("upper case", "X86_64-ABI"),
};

struct key {
	const char *name;	/* below the frontend's directory */
	unsigned int queues;
	int order;
	bool may_be_missing;
	bool may_be_wrong;	/* an optional feature: off, or refused, are both right */
	const struct value *more;
	size_t nr_more;
};

static void write_value(struct bad *bad, const char *key, const struct value *v)
{
	char long_text[LONG_TEXT];
	const char *bytes = v->bytes;
	int r;

	memset(long_text, 'A', sizeof(long_text));
	if (!bytes)
		bytes = long_text;
	if (v->len < 0)
		r = store_rm(bad->dev->st, 0, dev_fe_path(bad->dev, key));
	else
		r = store_write(bad->dev->st, 0, dev_fe_path(bad->dev, key), bytes, (size_t)v->len);
	if (r)
		util_lab_error("cannot write %s: %s", key, strerror(-r));
}

static bool expect_either(struct bad *bad, const char *what)
{
	int r = dev_wait_backend(bad->dev, DEV_SHUT | DEV_BIT(DEV_CONNECTED), DEV_STEP_MS);

	return check_that(bad->chk, r > 0, "%s: backend is in state %d", what,
			  dev_backend_state(bad->dev));
}

/* One value in one key. The device waits for a frontend before and after. */
static bool try_value(struct bad *bad, const struct key *key, const struct value *v)
{
	char *what = util_printf("%s is %s", key->name, v->name);
	bool fine = key->may_be_wrong || (v->len < 0 && key->may_be_missing);
	size_t noted;
	bool ok;

	bad->opts.queues = key->queues;
	bad->opts.order = key->order;
	dev_forget_errors(bad->dev);
	ok = blk_read_offer(bad->blk, bad->dev);
	if (ok) {
		blk_prepare(bad->blk, bad->dev, &bad->opts);
		blk_write_keys(bad->blk, false);
		write_value(bad, key->name, v);
		(void)dev_set_state(bad->dev, DEV_INITIALISED);
		noted = strlen(bad->chk->saw);
		ok = fine ? expect_either(bad, what) : bad_not_connected(bad, what);
		if (ok && noted)	/* one example of an error text is enough */
			bad->chk->saw[noted] = 0;
		ok = ok && vbd_recover(bad->vbd);
	}
	blk_release(bad->blk);
	free(what);
	return ok;
}

static void bad_values(struct bad *bad, const struct bad_row *row)
{
	const struct key *key = row->data;
	size_t i;

	if (dev_be_u64(bad->dev, "multi-queue-max-queues", 1) < key->queues) {
		check_skip(bad->chk, "the backend offers one queue");
		return;
	}
	for (i = 0; i < ARRAY_SIZE(values); i++)
		if (!try_value(bad, key, &values[i]))
			return;
	for (i = 0; i < key->nr_more; i++)
		if (!try_value(bad, key, &key->more[i]))
			return;
}

/* A second connection to xenstore that keeps taking keys away and giving them back. */
struct flicker {
	char paths[4][200];
	char values[4][32];
	volatile bool stop;
	u64 seed;
};

static void *flicker(void *arg)
{
	struct flicker *f = arg;
	struct store *st = store_open();
	struct rng rng;

	rng_seed(&rng, f->seed);
	while (!f->stop) {
		size_t i = rng_below(&rng, ARRAY_SIZE(f->paths));

		(void)store_rm(st, 0, f->paths[i]);
		(void)store_write(st, 0, f->paths[i], f->values[i], strlen(f->values[i]));
	}
	store_close(st);
	return NULL;
}

static void keys_flicker(struct bad *bad, const struct bad_row *row)
{
	static const char *const names[] = { "ring-ref0", "ring-ref1", "event-channel",
					     "ring-page-order" };
	struct flicker *f;
	pthread_t thread;
	unsigned int i, connected = 0;

	(void)row;
	bad->opts.queues = 1;
	bad->opts.order = 1;
	if (!blk_read_offer(bad->blk, bad->dev))
		return;
	blk_prepare(bad->blk, bad->dev, &bad->opts);
	blk_write_keys(bad->blk, false);

	f = util_alloc(sizeof(*f));
	f->seed = bad->chk->seed;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		snprintf(f->paths[i], sizeof(f->paths[i]), "%s", dev_fe_path(bad->dev, names[i]));
	snprintf(f->values[0], sizeof(f->values[0]), "%u", bad->blk->queue[0].ring->gref[0]);
	snprintf(f->values[1], sizeof(f->values[1]), "%u", bad->blk->queue[0].ring->gref[1]);
	snprintf(f->values[2], sizeof(f->values[2]), "%u", bad->blk->queue[0].port);
	snprintf(f->values[3], sizeof(f->values[3]), "1");
	if (pthread_create(&thread, NULL, flicker, f))
		util_lab_error("cannot start a thread");

	for (i = 0; i < FLICKER_ROUNDS && !bad->chk->failed; i++) {
		(void)dev_set_state(bad->dev, DEV_INITIALISED);
		if (expect_either(bad, "keys come and go"))
			connected += dev_backend_state(bad->dev) == DEV_CONNECTED;
		vbd_recover(bad->vbd);
	}
	f->stop = true;
	pthread_join(thread, NULL);
	free(f);
	check_note(bad->chk, "connected %u of %d times", connected, FLICKER_ROUNDS);
}

/* The whole directory goes while the disk is in use (arg: how many requests are under way). */
static void directory_goes(struct bad *bad, const struct bad_row *row)
{
	struct blk_request req = { .op = BLK_READ, .nr_segs = 1 };
	struct blk_queue *q = &bad->blk->queue[0];
	u64 i;
	int r;

	if (!bad->dev->ours) {
		check_skip(bad->chk, "only dom0 can make the directory again");
		return;
	}
	if (!bad_connect(bad) || !bad_still_good(bad))
		return;
	req.seg[0] = (struct blk_seg){ .gref = bad_page(bad)->gref[0], .last = 7 };
	for (i = 0; i < row->arg; i++)
		blk_put(q, &req, NULL, false);
	blk_publish(q, true);
	if (store_rm(bad->dev->st, 0, bad->dev->fe))
		util_lab_error("cannot remove %s", bad->dev->fe);
	r = dev_wait_backend(bad->dev, DEV_BIT(DEV_CLOSED), DEV_STEP_MS);
	check_that(bad->chk, r > 0, "frontend gone: backend is in state %d, not Closed",
		   dev_backend_state(bad->dev));
	bad->connected = false;
	dev_restore_frontend(bad->dev);
}

#define KEY(...) bad_values, 0, &(const struct key){ __VA_ARGS__ }

static const struct bad_row rows[] = {
	{ "ring-ref", "H-19", KEY("ring-ref", 1, BLK_NO_ORDER, false, false, NULL, 0) },
	{ "ring-ref0", "H-19", KEY("ring-ref0", 1, 0, false, false, NULL, 0) },
	{ "ring-ref15", "H-19", KEY("ring-ref15", 1, 4, false, false, NULL, 0) },
	{ "event-channel", "H-19", KEY("event-channel", 1, 0, false, false, NULL, 0) },
	{ "queue-1-ring-ref0", "H-19", KEY("queue-1/ring-ref0", 2, 0, false, false, NULL, 0) },
	{ "queue-1-event-channel", "H-19", KEY("queue-1/event-channel", 2, 0, false, false, NULL, 0) },
	{ "ring-page-order", "H-19", KEY("ring-page-order", 1, 2, false, false, too_high_orders,
					ARRAY_SIZE(too_high_orders)) },
	{ "multi-queue-num-queues", "H-19", KEY("multi-queue-num-queues", 2, 0, false, false,
					       too_many_queues, ARRAY_SIZE(too_many_queues)) },
	{ "protocol", "H-19", KEY("protocol", 1, BLK_NO_ORDER, true, false, bad_protocols,
				 ARRAY_SIZE(bad_protocols)) },
	{ "feature-persistent", "H-19", KEY("feature-persistent", 1, BLK_NO_ORDER, true, true, NULL,
					   0) },
	{ "keys-flicker", "H-19", keys_flicker, 0, NULL },
	{ "directory-removed-while-connected", "H-19", directory_goes, 0, NULL },
	{ "directory-removed-under-load", "H-19", directory_goes, 32, NULL },
};

const struct bad_group bad_keys = {
	"keys", "ring parameters in xenstore that are missing or no numbers", rows,
	ARRAY_SIZE(rows),
};
