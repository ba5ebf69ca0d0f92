// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A frontend that scribbles on the shared pages between any two steps of the
 * backend: the backend's end agrees with a model that counts in 64 bits, and
 * writes nothing but its two indices and its responses.
 *
 * Input: geometry, indices to begin with (2 x 32 bits), then steps: a byte
 * that says which, and what it needs.
 */
#include "fuzz.h"
#include "wire/ring.h"

static const struct {
	uint32_t bytes, slot_size;
} geometries[] = {
	{ 4096, 112 }, { 4096, 108 }, { 8192, 108 }, { 4096, 12 }, { 64 + 112, 112 },
	{ 4096, 8192 }, { 64, 112 }, { 65536, 112 },
};

enum step {
	SET_REQ_PROD, SET_RSP_EVENT, SCRIBBLE_INDEX, SCRIBBLE_SLOT, ADVANCE_REQ_PROD,
	PENDING, PEEK, CONSUME, RESPOND, PUBLISH, FINAL_CHECK,
	NR_STEPS
};

struct model {
	struct wire_ring ring;
	uint8_t *pages;
	uint8_t *mirror;	/* what the pages must contain */
	uint32_t bytes, nr_slots, slot_size;
	uint64_t taken, answered, published;	/* since attach */
	uint32_t base;		/* index of the first of these */
	uint32_t waiting;	/* what pending said, less what was consumed */
};

static uint32_t get_index(const struct model *m, size_t at)
{
	uint32_t v;

	memcpy(&v, m->pages + at, sizeof(v));
	return v;
}

static void put(struct model *m, size_t at, const void *value, size_t len)
{
	CLAIM(at + len <= m->bytes);
	memcpy(m->pages + at, value, len);
	memcpy(m->mirror + at, value, len);
}

static void put_index(struct model *m, size_t at, uint32_t v)
{
	put(m, at, &v, sizeof(v));
}

/* The verdict a model without wrap-around arrives at. */
static void check_pending(struct model *m, enum wire_verdict v, uint32_t nr)
{
	const uint32_t claimed = get_index(m, offsetof(struct wire_sring, req_prod)) - m->base -
				 (uint32_t)m->taken;
	const uint64_t room = m->nr_slots - (m->taken - m->answered);

	if (claimed > room) {
		CLAIM(v == WIRE_FATAL_PROD);
		CLAIM(nr == 0xdead);
		m->waiting = 0;
	} else {
		CLAIM(v == WIRE_OK);
		CLAIM(nr == claimed);
		m->waiting = nr;
	}
}

static size_t slot_at(const struct model *m, uint64_t nth)
{
	return 64 + (size_t)((m->base + nth) % m->nr_slots) * m->slot_size;
}

static void peek(struct model *m, struct input *in)
{
	const uint32_t i = m->waiting ? input_u8(in) % m->waiting : 0;
	uint8_t *copy = malloc(m->slot_size);

	if (m->waiting) {
		wire_ring_peek(&m->ring, i, copy, m->slot_size);
		CLAIM(!memcmp(copy, m->pages + slot_at(m, m->taken + i), m->slot_size));
	}
	free(copy);
}

static void respond(struct model *m, struct input *in)
{
	const uint32_t len = m->slot_size < 16 ? m->slot_size : 16;
	uint8_t rsp[16];

	if (m->answered == m->taken)
		return;
	input_take(in, rsp, sizeof(rsp));
	wire_ring_respond(&m->ring, rsp, len);
	memcpy(m->mirror + slot_at(m, m->answered), rsp, len);
	m->answered++;
}

static void publish(struct model *m)
{
	const uint32_t event = get_index(m, offsetof(struct wire_sring, rsp_event)) - m->base;
	bool expected = false;

	for (uint64_t i = m->published + 1; i <= m->answered; i++)
		if ((uint32_t)i == event)
			expected = true;
	CLAIM(wire_ring_publish(&m->ring) == expected);
	if (m->published != m->answered) {
		uint32_t v = m->base + (uint32_t)m->answered;

		memcpy(m->mirror + offsetof(struct wire_sring, rsp_prod), &v, sizeof(v));
	}
	m->published = m->answered;
}

static void step(struct model *m, struct input *in)
{
	enum wire_verdict v;
	uint32_t nr = 0xdead, n;

	switch ((enum step)(input_u8(in) % NR_STEPS)) {
	case SET_REQ_PROD:
		put_index(m, offsetof(struct wire_sring, req_prod), input_u32(in));
		break;
	case ADVANCE_REQ_PROD:
		n = get_index(m, offsetof(struct wire_sring, req_prod));
		put_index(m, offsetof(struct wire_sring, req_prod), n + input_u8(in));
		break;
	case SET_RSP_EVENT:
		put_index(m, offsetof(struct wire_sring, rsp_event),
			  m->base + (uint32_t)m->answered + input_u8(in) - 128);
		break;
	case SCRIBBLE_INDEX:
		n = input_u8(in) % 16;
		put_index(m, 4 * n, input_u32(in));
		break;
	case SCRIBBLE_SLOT:
		n = input_u16(in) % ((m->bytes - 64) / 4);
		put_index(m, 64 + 4 * n, input_u32(in));
		break;
	case PENDING:
		v = wire_ring_pending(&m->ring, &nr);
		check_pending(m, v, nr);
		break;
	case FINAL_CHECK:
		v = wire_ring_final_check(&m->ring, 1, &nr);
		n = m->base + (uint32_t)m->taken + 1;
		memcpy(m->mirror + offsetof(struct wire_sring, req_event), &n, sizeof(n));
		check_pending(m, v, nr);
		break;
	case PEEK:
		peek(m, in);
		break;
	case CONSUME:
		n = input_u8(in);
		if (n > m->waiting)
			n = m->waiting;
		wire_ring_consume(&m->ring, n);
		m->taken += n;
		m->waiting -= n;
		break;
	case RESPOND:
		respond(m, in);
		break;
	case PUBLISH:
		publish(m);
		break;
	case NR_STEPS:
		break;
	}
	CLAIM(wire_ring_unanswered(&m->ring) == m->taken - m->answered);
	CLAIM(m->taken - m->answered <= m->nr_slots);
	CLAIM(!memcmp(m->pages, m->mirror, m->bytes));
}

static bool attach(struct model *m, struct input *in)
{
	static const struct wire_ring zero;
	const uint32_t req_prod = input_u32(in), rsp_prod = input_u32(in);
	enum wire_verdict v;

	m->nr_slots = wire_ring_slots(m->bytes, m->slot_size);
	CLAIM(!m->nr_slots || 64 + (uint64_t)m->nr_slots * m->slot_size <= m->bytes);
	CLAIM(!(m->nr_slots & (m->nr_slots - 1)));
	put_index(m, offsetof(struct wire_sring, req_prod), req_prod);
	put_index(m, offsetof(struct wire_sring, rsp_prod), rsp_prod);

	memset(&m->ring, 0xa5, sizeof(m->ring));
	v = wire_ring_attach(&m->ring, m->pages, m->bytes, m->slot_size);
	if (v != WIRE_OK) {
		CLAIM(v == WIRE_FATAL_INDEX);
		CLAIM(!m->nr_slots || req_prod - rsp_prod > m->nr_slots);
		CLAIM(!memcmp(&m->ring, &zero, sizeof(zero)));
		return false;
	}
	CLAIM(m->nr_slots && req_prod - rsp_prod <= m->nr_slots);
	m->base = rsp_prod;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	const uint8_t g = input_u8(&in) % (sizeof(geometries) / sizeof(geometries[0]));
	struct model m = {
		.bytes = geometries[g].bytes,
		.slot_size = geometries[g].slot_size,
	};

	m.pages = calloc(1, m.bytes);	/* exact, so that ASan sees any step outside */
	m.mirror = calloc(1, m.bytes);
	if (attach(&m, &in))
		while (in.left)
			step(&m, &in);
	free(m.mirror);
	free(m.pages);
	return 0;
}
