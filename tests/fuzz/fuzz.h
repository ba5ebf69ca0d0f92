/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every fuzz target needs: a claim that ends the process, and input taken
 * from the front, zeros when it runs out.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLAIM(claim)								\
	do {									\
		if (!(claim)) {							\
			fprintf(stderr, "%s:%d: %s is not so\n", __FILE__, __LINE__, #claim); \
			abort();						\
		}								\
	} while (0)

struct input {
	const uint8_t *data;
	size_t left;
};

static inline void input_take(struct input *in, void *value, size_t len)
{
	const size_t have = len < in->left ? len : in->left;

	memset(value, 0, len);
	if (have)
		memcpy(value, in->data, have);
	in->data += have;
	in->left -= have;
}

static inline uint8_t input_u8(struct input *in)
{
	uint8_t v;

	input_take(in, &v, sizeof(v));
	return v;
}

static inline uint16_t input_u16(struct input *in)
{
	uint16_t v;

	input_take(in, &v, sizeof(v));
	return v;
}

static inline uint32_t input_u32(struct input *in)
{
	uint32_t v;

	input_take(in, &v, sizeof(v));
	return v;
}

static inline uint64_t input_u64(struct input *in)
{
	uint64_t v;

	input_take(in, &v, sizeof(v));
	return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
