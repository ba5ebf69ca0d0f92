// SPDX-License-Identifier: GPL-2.0
/*
 * Keys of a device in xenstore, as every driver reads and writes them: what a
 * frontend wrote is judged, and if it is nonsense one message says which key,
 * what stands in it, and what should.
 */
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "xenbe.h"

#define WRITE_RETRIES	10
#define SHOWN		24	/* characters of a value */

int xenbe_key_bad(struct xenbe_errors *errors, struct xenbus_device *dev, int err,
		  const char *dir, const char *key, const char *must)
{
	char *text;

	if (!xenbe_store_answered(err)) {
		xenbe_error(errors, dev, err, "%s/%s cannot be read", dir, key);
		return -EAGAIN;
	}
	/* Guest text is escaped and cut. */
	err = xenbe_store_read_text(dir, key, &text);
	if (err == -ENOENT)
		xenbe_error(errors, dev, -EINVAL, "%s/%s is missing: must be %s", dir, key, must);
	else if (err)
		xenbe_error(errors, dev, -EINVAL, "%s/%s is unreadable: must be %s", dir, key, must);
	else
		xenbe_error(errors, dev, -EINVAL, "%s/%s is \"%*pE\": must be %s", dir, key,
			    (int)min(strlen(text), (size_t)SHOWN), text, must);
	if (!err)
		kfree(text);
	return -EINVAL;
}
EXPORT_SYMBOL_GPL(xenbe_key_bad);

static int need_number(struct xenbe_errors *errors, struct xenbus_device *dev, const char *dir,
		       const char *key, const char *must, u32 *value)
{
	int err = xenbe_store_read_u32(dir, key, U32_MAX, value);

	return err ? xenbe_key_bad(errors, dev, err, dir, key, must) : 0;
}

int xenbe_key_gref(struct xenbe_errors *errors, struct xenbus_device *dev, const char *dir,
		   const char *key, grant_ref_t *gref)
{
	return need_number(errors, dev, dir, key, "a grant reference", gref);
}
EXPORT_SYMBOL_GPL(xenbe_key_gref);

int xenbe_key_port(struct xenbe_errors *errors, struct xenbus_device *dev, const char *dir,
		   const char *key, evtchn_port_t *port)
{
	return need_number(errors, dev, dir, key, "an event channel port", port);
}
EXPORT_SYMBOL_GPL(xenbe_key_port);

int xenbe_key_optional(struct xenbe_errors *errors, struct xenbus_device *dev, const char *key,
		       u32 min, u32 max, u32 *value)
{
	char must[48];
	u32 v;
	int err = xenbe_store_read_u32(dev->otherend, key, max, &v);

	if (err == -ENOENT)
		return 0;
	if (!err && v >= min) {
		*value = v;
		return 0;
	}
	snprintf(must, sizeof(must), "a number from %u to %u", min, max);
	return xenbe_key_bad(errors, dev, err, dev->otherend, key, must);
}
EXPORT_SYMBOL_GPL(xenbe_key_optional);

bool xenbe_offer_stands(struct xenbus_device *dev)
{
	u32 peer;

	return !xenbe_store_read_u32(dev->otherend, "state", WIRE_XENBUS_RECONFIGURED, &peer) &&
	       wire_xenbus_has_answered(peer);
}
EXPORT_SYMBOL_GPL(xenbe_offer_stands);

u32 xenbe_offer(struct xenbus_device *dev, bool stands, const char *key, u32 most, u32 now)
{
	u32 last;

	return !stands || xenbe_store_read_u32(dev->nodename, key, most, &last) ? now : last;
}
EXPORT_SYMBOL_GPL(xenbe_offer);

static int write_all(struct xenbus_transaction xbt, const char *dir,
		     const struct xenbe_key *keys, unsigned int nr)
{
	unsigned int i;
	/* A directory the toolstack has deleted must not come back to life. */
	int err = xenbus_exists(xbt, dir, "state") ? 0 : -ENOENT;

	for (i = 0; i < nr && !err; i++)
		if (!keys[i].skip)
			err = xenbus_printf(xbt, dir, keys[i].key, "%llu", keys[i].value);
	return err;
}

int xenbe_keys_write_in(const char *dir, const struct xenbe_key *keys, unsigned int nr)
{
	struct xenbus_transaction xbt;
	int err, end, tries;

	for (tries = 0; tries < WRITE_RETRIES; tries++) {
		err = xenbus_transaction_start(&xbt);
		if (err)
			break;
		err = write_all(xbt, dir, keys, nr);
		end = xenbus_transaction_end(xbt, err != 0);
		err = err ?: end;
		if (err != -EAGAIN)
			break;
	}
	return err;
}
EXPORT_SYMBOL_GPL(xenbe_keys_write_in);

int xenbe_keys_write(struct xenbe_errors *errors, struct xenbus_device *dev,
		     const struct xenbe_key *keys, unsigned int nr)
{
	int err = xenbe_keys_write_in(dev->nodename, keys, nr);

	if (err)
		xenbe_error(errors, dev, err, "cannot write to %s", dev->nodename);
	return err;
}
EXPORT_SYMBOL_GPL(xenbe_keys_write);
