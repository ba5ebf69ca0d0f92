// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promise: a value in xenstore is taken only if it is exactly what its format
 * says, and a refused one changes nothing. (A queue count of "0" or "-1" has
 * crashed backends: CVE-2026-45890.)
 */
#include "unit.h"

#include "wire/store.h"

#define UNTOUCHED	0xa5a5a5a5a5a5a5a5u
#define LONG_TEXT	"0000000000000000000000000000000000000000000000000000000000000001"

/* A copy that ends where the text ends, so that ASan sees a read behind it. */
static char *exact(const char *text)
{
	return text ? strdup(text) : NULL;
}

struct number_row {
	const char *name;
	const char *text;
	u64 max;
	bool good;
	u64 value;
};

static const struct number_row number_rows[] = {
	{ "zero", "0", 10, true, 0 },
	{ "one digit", "7", 10, true, 7 },
	{ "the maximum", "4096", 4096, true, 4096 },
	{ "2^32 - 1", "4294967295", UINT32_MAX, true, UINT32_MAX },
	{ "leading zeros are decimal", "010", 100, true, 10 },
	{ "maximum 0", "0", 0, true, 0 },

	{ "absent", NULL, 10, false, 0 },
	{ "empty", "", 10, false, 0 },
	{ "one above the maximum", "4097", 4096, false, 0 },
	{ "one above maximum 0", "1", 0, false, 0 },
	{ "2^32", "4294967296", UINT32_MAX, false, 0 },
	{ "2^32 + 1, which wraps to 1", "4294967297", UINT32_MAX, false, 0 },
	{ "2^64, which wraps to 0", "18446744073709551616", UINT32_MAX, false, 0 },
	{ "2^64 + 1, which wraps to 1", "18446744073709551617", UINT32_MAX, false, 0 },
	{ "99999999999999999999", "99999999999999999999", UINT32_MAX, false, 0 },
	{ "negative", "-1", UINT32_MAX, false, 0 },
	{ "minus nothing", "-", UINT32_MAX, false, 0 },
	{ "plus", "+1", 10, false, 0 },
	{ "hexadecimal", "0x10", 100, false, 0 },
	{ "hexadecimal digits", "1f", 100, false, 0 },
	{ "space before", " 1", 10, false, 0 },
	{ "space behind", "1 ", 10, false, 0 },
	{ "newline behind", "1\n", 10, false, 0 },
	{ "text behind", "1x", 10, false, 0 },
	{ "second number", "1 2", 10, false, 0 },
	{ "fraction", "1.0", 10, false, 0 },
	{ "exponent", "1e1", 100, false, 0 },
	{ "word", "one", 10, false, 0 },
	{ "64 digits", LONG_TEXT, 10, false, 0 },
	{ "21 digits", "000000000000000000001", 10, false, 0 },
	{ "slash, the character before 0", "/", 100, false, 0 },
	{ "colon, the character behind 9", ":", 100, false, 0 },
	{ "binary", "\x01\xff", 100, false, 0 },
	{ "Arabic digit in UTF-8", "\xd9\xa1", 100, false, 0 },
};

static void parse_u64(void **state)
{
	const struct number_row *row = *state;
	u64 value = UNTOUCHED;
	char *text = exact(row->text);

	assert_int_equal(wire_store_parse_u64(text, row->max, &value), row->good);
	assert_int_equal(value, row->good ? row->value : UNTOUCHED);
	free(text);
}

static void parse_u32(void **state)
{
	const struct number_row *row = *state;
	u32 value = (u32)UNTOUCHED;
	char *text = exact(row->text);

	assert_int_equal(wire_store_parse_u32(text, (u32)row->max, &value), row->good);
	assert_int_equal(value, row->good ? row->value : (u32)UNTOUCHED);
	free(text);
}

static const struct number_row wide_rows[] = {
	{ "2^32", "4294967296", UINT64_MAX, true, 1ull << 32 },
	{ "2^64 - 1", "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
	{ "20 digits", "00000000000000000001", UINT64_MAX, true, 1 },
	{ "2^64", "18446744073709551616", UINT64_MAX, false, 0 },
	{ "2^64 + 9", "18446744073709551625", UINT64_MAX, false, 0 },
	{ "184467440737095516150, ten times 2^64 - 1", "184467440737095516150", UINT64_MAX, false, 0 },
	{ "99999999999999999999", "99999999999999999999", UINT64_MAX, false, 0 },
};

struct bool_row {
	const char *name;
	const char *text;
	bool good;
	bool value;
};

static const struct bool_row bool_rows[] = {
	{ "0", "0", true, false },
	{ "1", "1", true, true },
	{ "absent", NULL, false, false },
	{ "empty", "", false, false },
	{ "2", "2", false, false },
	{ "00", "00", false, false },
	{ "01", "01", false, false },
	{ "-1", "-1", false, false },
	{ "1 with newline", "1\n", false, false },
	{ "true", "true", false, false },
	{ "Y", "Y", false, false },
};

static void parse_bool(void **state)
{
	const struct bool_row *row = *state;
	char *text = exact(row->text);

	for (int before = 0; before <= 1; before++) {
		bool value = before;

		assert_int_equal(wire_store_parse_bool(text, &value), row->good);
		assert_int_equal(value, row->good ? row->value : before);
	}
	free(text);
}

struct devnum_row {
	const char *name;
	const char *text;
	bool good;
	u32 major, minor;
};

static const struct devnum_row devnum_rows[] = {
	{ "loop 0", "7:0", true, 7, 0 },
	{ "hexadecimal", "fd:1f", true, 0xfd, 0x1f },
	{ "upper case", "FD:1F", true, 0xfd, 0x1f },
	{ "largest", "fff:fffff", true, 0xfff, 0xfffff },
	{ "leading zeros", "08:00", true, 8, 0 },
	{ "absent", NULL, false, 0, 0 },
	{ "empty", "", false, 0, 0 },
	{ "no minor", "7:", false, 0, 0 },
	{ "no major", ":0", false, 0, 0 },
	{ "no colon", "700", false, 0, 0 },
	{ "only a colon", ":", false, 0, 0 },
	{ "two colons", "7:0:0", false, 0, 0 },
	{ "major too large", "1000:0", false, 0, 0 },
	{ "minor too large", "7:100000", false, 0, 0 },
	{ "major of 2^32 + 7", "100000007:0", false, 0, 0 },
	{ "minor of 2^64", "7:10000000000000000", false, 0, 0 },
	{ "prefix", "0x7:0", false, 0, 0 },
	{ "prefix of minor", "7:0x0", false, 0, 0 },
	{ "negative major", "-7:0", false, 0, 0 },
	{ "negative minor", "7:-1", false, 0, 0 },
	{ "space before", " 7:0", false, 0, 0 },
	{ "space inside", "7: 0", false, 0, 0 },
	{ "newline behind", "7:0\n", false, 0, 0 },
	{ "not a digit", "7:g", false, 0, 0 },
	{ "64 digits", LONG_TEXT ":0", false, 0, 0 },
	{ "minor of 64 digits", "7:" LONG_TEXT, false, 0, 0 },
	{ "path", "/dev/loop0", false, 0, 0 },
};

static void parse_devnum(void **state)
{
	const struct devnum_row *row = *state;
	u32 major = (u32)UNTOUCHED, minor = (u32)UNTOUCHED;
	char *text = exact(row->text);

	assert_int_equal(wire_store_parse_devnum(text, &major, &minor), row->good);
	assert_int_equal(major, row->good ? row->major : (u32)UNTOUCHED);
	assert_int_equal(minor, row->good ? row->minor : (u32)UNTOUCHED);
	free(text);
}

/* value: read-only */
static const struct bool_row mode_rows[] = {
	{ "r", "r", true, true },
	{ "w", "w", true, false },
	{ "rw", "rw", true, false },
	{ "w!", "w!", true, false },
	{ "absent", NULL, false, false },
	{ "empty", "", false, false },
	{ "ro", "ro", false, false },
	{ "R", "R", false, false },
	{ "W", "W", false, false },
	{ "r!", "r!", false, false },
	{ "wr", "wr", false, false },
	{ "w!!", "w!!", false, false },
	{ "r and newline", "r\n", false, false },
	{ "a word with w in it", "nowhere", false, false },
};

static void parse_disk_mode(void **state)
{
	const struct bool_row *row = *state;
	char *text = exact(row->text);

	for (int before = 0; before <= 1; before++) {
		bool readonly = before, shared = before;

		assert_int_equal(wire_store_parse_disk_mode(text, &readonly, &shared), row->good);
		assert_int_equal(readonly, row->good ? row->value : before);
		assert_int_equal(shared, row->good ? !strcmp(text, "w!") : before);
	}
	free(text);
}

/* All one- and two-character texts: nothing but the listed ones may pass. */
static void all_short_texts(void **state)
{
	(void)state;
	for (u32 a = 0; a < 256; a++) {
		for (u32 b = 0; b < 256; b++) {
			char text[] = { (char)a, (char)b, '\0' };
			const bool d1 = a >= '0' && a <= '9', d2 = b >= '0' && b <= '9';
			u64 number = UNTOUCHED, expected = UNTOUCHED;
			bool flag, shared;

			if (d1 && !b)
				expected = a - '0';
			else if (d1 && d2)
				expected = 10 * (a - '0') + b - '0';
			assert_int_equal(wire_store_parse_u64(text, 99, &number),
					 expected != UNTOUCHED);
			assert_int_equal(number, expected);
			assert_int_equal(wire_store_parse_bool(text, &flag),
					 !strcmp(text, "0") || !strcmp(text, "1"));
			assert_int_equal(wire_store_parse_disk_mode(text, &flag, &shared),
					 !strcmp(text, "r") || !strcmp(text, "w") ||
					 !strcmp(text, "rw") || !strcmp(text, "w!"));
		}
	}
}

/* All numbers of three hexadecimal digits and a bit, both ways. */
static void all_majors(void **state)
{
	(void)state;
	for (u32 i = 0; i < 0x1100; i++) {
		u32 major = (u32)UNTOUCHED, minor = (u32)UNTOUCHED;
		char text[32];

		snprintf(text, sizeof(text), i & 1 ? "%x:%x" : "%X:%X", i, i);
		assert_int_equal(wire_store_parse_devnum(text, &major, &minor), i <= 0xfff);
		assert_int_equal(major, i <= 0xfff ? i : (u32)UNTOUCHED);
		assert_int_equal(minor, i <= 0xfff ? i : (u32)UNTOUCHED);
	}
}

static void ring_ref_keys(void **state)
{
	(void)state;
	for (u32 i = 0; i < WIRE_STORE_RING_PAGES_MAX; i++) {
		char *key = malloc(WIRE_STORE_KEY_MAX);
		char expected[WIRE_STORE_KEY_MAX] = { 0 };

		snprintf(expected, sizeof(expected), "ring-ref%u", i);
		memset(key, 'x', WIRE_STORE_KEY_MAX);
		wire_store_ring_ref_key(true, i, key);
		assert_memory_equal(key, expected, WIRE_STORE_KEY_MAX);
		free(key);
	}
}

/* Presence of the order decides, so that order 0 is not the same as none. */
static void ring_ref_key_without_order(void **state)
{
	char *key = malloc(WIRE_STORE_KEY_MAX);

	(void)state;
	memset(key, 'x', WIRE_STORE_KEY_MAX);
	wire_store_ring_ref_key(false, 0, key);
	assert_string_equal(key, "ring-ref");
	wire_store_ring_ref_key(true, 0, key);
	assert_string_equal(key, "ring-ref0");
	free(key);
}

static const struct {
	const char *name, *text;
	bool good;
	u64 bytes, usec;
} rate_rows[] = {
	{ "as libxl writes it", "62500,50000", true, 62500, 50000 },
	{ "the smallest", "1,1", true, 1, 1 },
	{ "the largest", "18446744073709551615,4294967295", true, UINT64_MAX, UINT32_MAX },
	{ "too many bytes", "18446744073709551616,1", false, 0, 0 },
	{ "too many microseconds", "1,4294967296", false, 0, 0 },
	{ "no bytes", "0,50000", false, 0, 0 },
	{ "no time", "62500,0", false, 0, 0 },
	{ "one number", "62500", false, 0, 0 },
	{ "nothing behind", "62500,", false, 0, 0 },
	{ "nothing before", ",50000", false, 0, 0 },
	{ "three numbers", "1,2,3", false, 0, 0 },
	{ "a blank", "62500, 50000", false, 0, 0 },
	{ "a sign", "-1,50000", false, 0, 0 },
	{ "empty", "", false, 0, 0 },
	{ "none", NULL, false, 0, 0 },
};

static void parse_rate(void **state)
{
	const __typeof__(rate_rows[0]) *row = *state;
	u64 bytes = 7, usec = 8;

	assert_int_equal(wire_store_parse_rate(row->text, &bytes, &usec), row->good);
	assert_int_equal(bytes, row->good ? row->bytes : 7);
	assert_int_equal(usec, row->good ? row->usec : 8);
}

int main(void)
{
	UNIT_ADD_TABLE(parse_u64, number_rows);
	UNIT_ADD_TABLE(parse_u32, number_rows);
	UNIT_ADD_TABLE(parse_u64, wide_rows);
	UNIT_ADD_TABLE(parse_bool, bool_rows);
	UNIT_ADD_TABLE(parse_devnum, devnum_rows);
	UNIT_ADD_TABLE(parse_disk_mode, mode_rows);
	UNIT_ADD_TABLE(parse_rate, rate_rows);
	UNIT_ADD(all_short_texts);
	UNIT_ADD(all_majors);
	UNIT_ADD(ring_ref_keys);
	UNIT_ADD(ring_ref_key_without_order);
	return unit_run("wire-store");
}
