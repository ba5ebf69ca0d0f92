// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any text: the parsers take exactly what a second, dumber reading of the
 * format takes, and leave the result alone otherwise.
 *
 * Input: a maximum (64 bits), then the text up to its end or first NUL.
 */
#include <ctype.h>

#include "fuzz.h"
#include "wire/blk.h"
#include "wire/store.h"

#define UNTOUCHED	0xa5a5a5a5a5a5a5a5u

/* Between @text and @end: digits of @base only, 1 to 20 of them, at most @max. */
static bool read_number(const char *text, const char *end, int base, uint64_t max,
			uint64_t *value)
{
	unsigned __int128 v = 0;

	if (text == end || end - text > 20)
		return false;
	for (; text < end; text++) {
		if (base == 16 ? !isxdigit((unsigned char)*text) : !isdigit((unsigned char)*text))
			return false;
		v = v * (unsigned int)base +
		    (unsigned int)(isdigit((unsigned char)*text) ? *text - '0' :
				   tolower((unsigned char)*text) - 'a' + 10);
		if (v > UINT64_MAX)
			return false;
	}
	*value = (uint64_t)v;
	return v <= max;
}

static void try_numbers(const char *text, uint64_t max)
{
	uint64_t value = UNTOUCHED, expected;
	uint32_t value32 = (uint32_t)UNTOUCHED;

	if (read_number(text, text + strlen(text), 10, max, &expected)) {
		CLAIM(wire_store_parse_u64(text, max, &value));
		CLAIM(value == expected);
	} else {
		CLAIM(!wire_store_parse_u64(text, max, &value));
		CLAIM(value == UNTOUCHED);
	}
	if (read_number(text, text + strlen(text), 10, (uint32_t)max, &expected)) {
		CLAIM(wire_store_parse_u32(text, (uint32_t)max, &value32));
		CLAIM(value32 == expected);
	} else {
		CLAIM(!wire_store_parse_u32(text, (uint32_t)max, &value32));
		CLAIM(value32 == (uint32_t)UNTOUCHED);
	}
}

static void try_devnum(const char *text)
{
	uint32_t major = (uint32_t)UNTOUCHED, minor = (uint32_t)UNTOUCHED;
	const char *colon = strchr(text, ':');
	uint64_t hi, lo;

	if (colon && read_number(text, colon, 16, 0xfff, &hi) &&
	    read_number(colon + 1, text + strlen(text), 16, 0xfffff, &lo)) {
		CLAIM(wire_store_parse_devnum(text, &major, &minor));
		CLAIM(major == hi && minor == lo);
	} else {
		CLAIM(!wire_store_parse_devnum(text, &major, &minor));
		CLAIM(major == (uint32_t)UNTOUCHED && minor == (uint32_t)UNTOUCHED);
	}
}

static void try_words(const char *text)
{
	enum wire_blk_abi abi = WIRE_BLK_NR_ABIS;
	bool value, shared;

	CLAIM(wire_store_parse_bool(text, &value) == (!strcmp(text, "0") || !strcmp(text, "1")));
	if (wire_store_parse_bool(text, &value))
		CLAIM(value == (text[0] == '1'));
	if (wire_store_parse_disk_mode(text, &value, &shared)) {
		CLAIM(!strcmp(text, "r") || !strcmp(text, "w") || !strcmp(text, "rw") ||
		      !strcmp(text, "w!"));
		CLAIM(value == !strchr(text, 'w') && shared == !!strchr(text, '!'));
	}
	if (wire_blk_abi_from_protocol(text, &abi)) {
		CLAIM(!strcmp(text, "x86_32-abi") || !strcmp(text, "x86_64-abi") ||
		      !strcmp(text, "native") || !strcmp(text, "arm-abi"));
		CLAIM(abi < WIRE_BLK_NR_ABIS);
	} else {
		CLAIM(abi == WIRE_BLK_NR_ABIS);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	const uint64_t max = input_u64(&in);
	const size_t len = in.left ? strnlen((const char *)in.data, in.left) : 0;
	char *text = malloc(len + 1);

	input_take(&in, text, len);
	text[len] = '\0';
	try_numbers(text, max);
	try_devnum(text);
	try_words(text);
	free(text);
	return 0;
}
