/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Values in xenstore: text in, number or nothing out. No access to xenstore
 * here. All parsers are strict: no sign, no space, no leading "0x" unless the
 * format has it, nothing behind the value, and a length limit; on refusal the
 * result is untouched.
 */
#ifndef WIRE_STORE_H
#define WIRE_STORE_H

#include "wire.h"

/* Decimal digits only, value at most @max. */
bool wire_store_parse_u64(const char *text, u64 max, u64 *value);
bool wire_store_parse_u32(const char *text, u32 max, u32 *value);

/* "0" or "1". */
bool wire_store_parse_bool(const char *text, bool *value);

/* `physical-device`: "major:minor" in hexadecimal without prefix (12 and 20 bits). */
bool wire_store_parse_devnum(const char *text, u32 *major, u32 *minor);

/*
 * `mode` of a disk: "r" is read-only; "w", "rw" and "w!" are writable, the
 * last one also while others have the disk; nothing else.
 */
bool wire_store_parse_disk_mode(const char *text, bool *readonly, bool *shared);

/*
 * `rate` of a network interface: "bytes,microseconds", so many bytes in each
 * such interval. Both at least 1, microseconds at most 4294967295.
 */
bool wire_store_parse_rate(const char *text, u64 *bytes, u64 *usec);

/*
 * Where a ring's pages are named. With `ring-page-order` (present even as "0")
 * they are ring-ref0 .. ring-ref(2^order - 1); without it there is one page,
 * `ring-ref`. Presence of the order decides alone, so keys an earlier driver
 * of the same guest left behind do not matter.
 */
#define WIRE_STORE_RING_ORDER_MAX	4u
#define WIRE_STORE_RING_PAGES_MAX	(1u << WIRE_STORE_RING_ORDER_MAX)
#define WIRE_STORE_KEY_MAX		24u	/* longest key these functions write, with NUL */

/*
 * Writes the name of page @i's key into @key (WIRE_STORE_KEY_MAX bytes). @i
 * below WIRE_STORE_RING_PAGES_MAX; without an order only page 0 exists.
 */
void wire_store_ring_ref_key(bool has_order, u32 i, char *key);

#endif
