// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Values in xenstore: see store.h.
 */
#include "store.h"

#define MAX_DIGITS	20u	/* of a u64 in decimal; nothing may be longer */

#define DEV_MAJOR_MAX	0xfffu
#define DEV_MINOR_MAX	0xfffffu

/* The digit's value, or @base for anything that is not a digit. */
static u32 digit_value(char c, u32 base)
{
	u32 v = base;

	if (c >= '0' && c <= '9')
		v = (u32)(c - '0');
	else if (c >= 'a' && c <= 'f')
		v = (u32)(c - 'a') + 10;
	else if (c >= 'A' && c <= 'F')
		v = (u32)(c - 'A') + 10;
	return v < base ? v : base;
}

/*
 * Takes digits up to the character @end. Returns what stands behind @end (or
 * at it, if it is the NUL), or NULL.
 */
static const char *take_number(const char *text, u32 base, char end, u64 max, u64 *value)
{
	u64 v = 0;
	u32 i;

	for (i = 0; i < MAX_DIGITS && text[i] && text[i] != end; i++) {
		u32 digit = digit_value(text[i], base);

		if (digit >= base || !wire_mul_u64(v, base, &v) || !wire_add_u64(v, digit, &v))
			return NULL;
	}
	if (i == 0 || text[i] != end || v > max)
		return NULL;
	*value = v;
	return end ? text + i + 1 : text + i;
}

bool wire_store_parse_u64(const char *text, u64 max, u64 *value)
{
	return text && take_number(text, 10, '\0', max, value);
}

bool wire_store_parse_u32(const char *text, u32 max, u32 *value)
{
	u64 v;

	if (!wire_store_parse_u64(text, max, &v))
		return false;
	*value = (u32)v;
	return true;
}

bool wire_store_parse_bool(const char *text, bool *value)
{
	if (!text || (text[0] != '0' && text[0] != '1') || text[1])
		return false;
	*value = text[0] == '1';
	return true;
}

bool wire_store_parse_devnum(const char *text, u32 *major, u32 *minor)
{
	u64 hi, lo;

	if (!text)
		return false;
	text = take_number(text, 16, ':', DEV_MAJOR_MAX, &hi);
	if (!text || !take_number(text, 16, '\0', DEV_MINOR_MAX, &lo))
		return false;
	*major = (u32)hi;
	*minor = (u32)lo;
	return true;
}

bool wire_store_parse_rate(const char *text, u64 *bytes, u64 *usec)
{
	u64 b, us;

	if (!text)
		return false;
	text = take_number(text, 10, ',', ~0ull, &b);
	if (!text || !take_number(text, 10, '\0', 0xffffffffu, &us) || !b || !us)
		return false;
	*bytes = b;
	*usec = us;
	return true;
}

bool wire_store_parse_disk_mode(const char *text, bool *readonly, bool *shared)
{
	const bool shares = text && wire_text_equal(text, "w!");
	const bool reads = text && wire_text_equal(text, "r");

	if (!text || (!reads && !shares && !wire_text_equal(text, "w") &&
		      !wire_text_equal(text, "rw")))
		return false;
	*readonly = reads;
	*shared = shares;
	return true;
}

void wire_store_ring_ref_key(bool has_order, u32 i, char *key)
{
	static const char base[] = "ring-ref";
	char *end = key + sizeof(base) - 1;

	memset(key, 0, WIRE_STORE_KEY_MAX);
	memcpy(key, base, sizeof(base));
	if (!has_order)
		return;
	if (i >= 10)
		*end++ = (char)('0' + i / 10 % 10);
	*end = (char)('0' + i % 10);
}
