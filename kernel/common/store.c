// SPDX-License-Identifier: GPL-2.0
/* Typed reads from xenstore. Judging the text is wire/store.c. */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/slab.h>

#include "../../wire/store.h"
#include "xenbe.h"

int xenbe_store_read_text(const char *dir, const char *key, char **text)
{
	unsigned int len;
	char *value = xenbus_read(XBT_NIL, dir, key, &len);

	if (IS_ERR(value))
		return PTR_ERR(value);
	/*
	 * Values may hold any byte; a NUL inside would hide what follows it. At
	 * the end it is the work of a frontend that counts it as part of the text.
	 */
	if (len - strlen(value) > 1) {
		kfree(value);
		return -EINVAL;
	}
	*text = value;
	return 0;
}
EXPORT_SYMBOL_GPL(xenbe_store_read_text);

int xenbe_store_read_u64(const char *dir, const char *key, u64 max, u64 *value)
{
	char *text;
	int err = xenbe_store_read_text(dir, key, &text);

	if (err)
		return err;
	err = wire_store_parse_u64(text, max, value) ? 0 : -EINVAL;
	kfree(text);
	return err;
}
EXPORT_SYMBOL_GPL(xenbe_store_read_u64);

int xenbe_store_read_u32(const char *dir, const char *key, u32 max, u32 *value)
{
	u64 v;
	int err = xenbe_store_read_u64(dir, key, max, &v);

	if (!err)
		*value = (u32)v;
	return err;
}
EXPORT_SYMBOL_GPL(xenbe_store_read_u32);

int xenbe_store_read_bool(const char *dir, const char *key, bool *value)
{
	char *text;
	int err = xenbe_store_read_text(dir, key, &text);

	if (err)
		return err;
	err = wire_store_parse_bool(text, value) ? 0 : -EINVAL;
	kfree(text);
	return err;
}
EXPORT_SYMBOL_GPL(xenbe_store_read_bool);
