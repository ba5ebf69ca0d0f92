/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The network protocol (Xen public headers, io/netif.h): what a guest puts on
 * its transmit, receive and control rings, copied in, judged, and turned into
 * structs of our own. All layouts are the same on every architecture.
 */
#ifndef WIRE_NET_H
#define WIRE_NET_H

#include "wire.h"

#define WIRE_NET_TX_SLOT	12u	/* bytes of a transmit slot: request, extra or response */
#define WIRE_NET_TX_RSP		4u
#define WIRE_NET_RX_SLOT	8u	/* request, extra and response */
#define WIRE_NET_CTRL_SLOT	16u
#define WIRE_NET_CTRL_RSP	12u

#define WIRE_NET_FRAGS		18u	/* slots with data that every backend takes */
#define WIRE_NET_FRAGS_MOST	20u	/* with so many a packet is refused, with more the ring */
#define WIRE_NET_LEN_MIN	14u	/* an Ethernet header */
#define WIRE_NET_LEN_MAX	65535u	/* the field that holds it is 16 bits wide */

/* Flags of a transmit request and, but for the last, of a receive response. */
#define WIRE_NET_CSUM_BLANK	1u	/* tx: 1 blank, 2 validated; rx the other way round */
#define WIRE_NET_DATA_VALIDATED	2u
#define WIRE_NET_MORE_DATA	4u
#define WIRE_NET_EXTRA_INFO	8u
#define WIRE_NET_RX_DATA_VALIDATED	1u
#define WIRE_NET_RX_CSUM_BLANK		2u

enum wire_net_status {
	WIRE_NET_RSP_DROPPED = -2,
	WIRE_NET_RSP_ERROR = -1,
	WIRE_NET_RSP_OKAY = 0,
	WIRE_NET_RSP_NULL = 1,		/* the answer to an extra */
};

enum wire_net_extra {
	WIRE_NET_EXTRA_GSO = 1,
	WIRE_NET_EXTRA_MCAST_ADD = 2,
	WIRE_NET_EXTRA_MCAST_DEL = 3,
	WIRE_NET_EXTRA_HASH = 4,
	WIRE_NET_EXTRA_XDP = 5,
	WIRE_NET_NR_EXTRAS
};

enum wire_net_gso {
	WIRE_NET_GSO_NONE = 0,
	WIRE_NET_GSO_TCPV4 = 1,
	WIRE_NET_GSO_TCPV6 = 2,
};

enum wire_net_algorithm {
	WIRE_NET_HASH_NONE = 0,
	WIRE_NET_HASH_TOEPLITZ = 1,
};

/* Kinds of hash, as bit numbers and as bits of the flags that choose among them. */
#define WIRE_NET_HASH_IPV4	0u
#define WIRE_NET_HASH_IPV4_TCP	1u
#define WIRE_NET_HASH_IPV6	2u
#define WIRE_NET_HASH_IPV6_TCP	3u
#define WIRE_NET_HASH_ALL	0xfu

/* ---- transmit: the guest sends ---------------------------------------------------------- */

/* One piece of a packet, in a page of the guest's. */
struct wire_net_frag {
	u32 gref;
	u16 offset;
	u16 len;		/* 0 is legal, and carries nothing */
};

/* A packet; filled by wire_net_parse_tx(), private memory of ours. */
struct wire_net_tx {
	u16 nr_slots;		/* of the ring, extras included: as many answers are owed */
	u16 nr_extras;		/* they follow the first slot */
	u16 nr_frags;
	u16 len;		/* the sum of all frags */
	u16 first_id;
	bool csum_blank;	/* its checksum is still to be filled in */
	bool data_validated;	/* its checksum need not be looked at */
	u8 gso_type;		/* enum wire_net_gso */
	u16 gso_size;		/* payload of one segment, not 0 with a gso_type */
	bool mcast_add, mcast_del;
	u8 mcast_addr[6];
	struct wire_net_frag frags[WIRE_NET_FRAGS];
	u16 ids[WIRE_NET_FRAGS];	/* of the frags */
};

/*
 * Takes the packet that begins at slots[0] of @nr waiting ones, private copies of
 * WIRE_NET_TX_SLOT bytes each. @most_frags is how many data slots a packet may
 * have before its ring is not believed any more (at least WIRE_NET_FRAGS).
 *
 * WIRE_OK: *@tx is the packet. WIRE_MORE: its end has not been sent. A reject:
 * the packet is to be answered with an error; nr_slots and nr_extras of *@tx are
 * valid, and so is what wire_net_tx_response() needs. Fatal: its end cannot be
 * found.
 */
enum wire_verdict wire_net_parse_tx(const u8 *slots, u32 nr, u32 most_frags,
				    struct wire_net_tx *tx);

/*
 * Writes the answer to the @i-th slot of a packet (in the order of the ring)
 * whose slots are still at @slots. @rsp has WIRE_NET_TX_RSP bytes.
 */
void wire_net_tx_response(const u8 *slots, u32 i, const struct wire_net_tx *tx,
			  enum wire_net_status status, u8 *rsp);

/* The checksum of a TCP or UDP packet: where it is, what it covers. Offsets into the packet. */
struct wire_net_sum {
	u16 addrs;		/* the source address and the destination: 4 or 16 bytes each */
	u16 start, end;		/* what is summed, beside addresses, length and protocol */
	u16 at;			/* the two bytes of the sum */
	u8 proto;		/* 6 TCP, 17 UDP */
	bool ipv6;
};

/*
 * Finds it in an Ethernet packet of @len bytes, with up to two VLAN tags. False:
 * not TCP nor UDP, a fragment, or too short for what it says it is.
 */
bool wire_net_find_sum(const u8 *packet, u32 len, struct wire_net_sum *sum);

/* ---- receive: the guest is sent to ------------------------------------------------------ */

/* A page the guest wants filled. */
struct wire_net_rx_req {
	u16 id;
	u32 gref;
};

void wire_net_parse_rx(const u8 *slot, struct wire_net_rx_req *req);

/*
 * The answer: @status is the number of bytes at @offset, or an enum
 * wire_net_status below 0. @rsp has WIRE_NET_RX_SLOT bytes.
 */
void wire_net_rx_response(u16 id, u16 offset, u16 flags, int status, u8 *rsp);

/* Extras in place of a response; @more: another extra follows. */
void wire_net_rx_extra_gso(u8 type, u16 size, bool more, u8 *rsp);
void wire_net_rx_extra_hash(u8 kind, u32 value, bool more, u8 *rsp);
void wire_net_rx_extra_xdp(u16 headroom, bool more, u8 *rsp);

/* How many slots a packet of @len bytes takes if each page keeps @headroom free, with extras. */
static inline u32 wire_net_rx_slots(u32 len, u32 headroom, u32 nr_extras)
{
	u32 room = WIRE_PAGE_SIZE - headroom;

	/* Extras stand behind the first slot, so there has to be one. */
	return (len ? (len + room - 1) / room : 1) + nr_extras;
}

/* ---- control ring ------------------------------------------------------------------------- */

enum wire_net_ctrl_type {
	WIRE_NET_CTRL_GET_HASH_FLAGS = 1,
	WIRE_NET_CTRL_SET_HASH_FLAGS = 2,
	WIRE_NET_CTRL_SET_HASH_KEY = 3,
	WIRE_NET_CTRL_GET_HASH_MAPPING_SIZE = 4,
	WIRE_NET_CTRL_SET_HASH_MAPPING_SIZE = 5,
	WIRE_NET_CTRL_SET_HASH_MAPPING = 6,
	WIRE_NET_CTRL_SET_HASH_ALGORITHM = 7,
	WIRE_NET_CTRL_GET_GREF_MAPPING_SIZE = 8,
	WIRE_NET_CTRL_ADD_GREF_MAPPING = 9,
	WIRE_NET_CTRL_DEL_GREF_MAPPING = 10,
};

enum wire_net_ctrl_status {
	WIRE_NET_CTRL_SUCCESS = 0,
	WIRE_NET_CTRL_NOT_SUPPORTED = 1,
	WIRE_NET_CTRL_INVALID_PARAMETER = 2,
	WIRE_NET_CTRL_BUFFER_OVERFLOW = 3,
};

#define WIRE_NET_HASH_KEY_MAX		40u
#define WIRE_NET_HASH_MAPPING_MAX	128u	/* entries */
#define WIRE_NET_GREFS_PER_PAGE		512u	/* entries of 8 bytes in a table of grants */

struct wire_net_ctrl {
	u16 id;
	u16 type;
	u32 data[3];
};

void wire_net_parse_ctrl(const u8 *slot, struct wire_net_ctrl *ctrl);

/* @rsp has WIRE_NET_CTRL_RSP bytes. */
void wire_net_ctrl_response(const struct wire_net_ctrl *ctrl, enum wire_net_ctrl_status status,
			    u32 data, u8 *rsp);

/*
 * What a message asks for. The guest's numbers are judged here: whoever acts on
 * them has only to do so.
 */
struct wire_net_hash {
	u8 algorithm;			/* enum wire_net_algorithm */
	u32 flags;			/* which kinds are hashed */
	u32 key_len;
	u8 key[WIRE_NET_HASH_KEY_MAX];	/* zero behind key_len */
	u32 mapping_size;		/* 0: queue is hash modulo the number of queues */
	u32 mapping[WIRE_NET_HASH_MAPPING_MAX];	/* each below the number of queues */
};

/* One entry of a table of grants that are to stay mapped, or no longer. */
#define WIRE_NET_GREF_ENTRY	8u

struct wire_net_gref {
	u32 gref;
	bool readonly;
};

/* False: flags nobody has defined. */
bool wire_net_parse_gref(const u8 *entry, struct wire_net_gref *gref);
/* Writes how it ended into the entry. */
void wire_net_gref_status(u8 *entry, enum wire_net_ctrl_status status);

/* Whether a key of @len bytes may be set. */
enum wire_net_ctrl_status wire_net_ctrl_check_key(u32 len);

/* Takes over a key that was copied in. */
void wire_net_hash_set_key(struct wire_net_hash *hash, const u8 *key, u32 len);

/* Flags, algorithm and size: all or nothing. */
enum wire_net_ctrl_status wire_net_hash_set_flags(struct wire_net_hash *hash, u32 flags);
enum wire_net_ctrl_status wire_net_hash_set_algorithm(struct wire_net_hash *hash, u32 algorithm);
enum wire_net_ctrl_status wire_net_hash_set_mapping_size(struct wire_net_hash *hash, u32 size);

/* Whether @len entries from @first on may be set at all: what has to be copied in depends on it. */
enum wire_net_ctrl_status wire_net_hash_check_mapping(const struct wire_net_hash *hash, u32 first,
						      u32 len);

/* Takes over entries that were copied in, if every one names one of @nr_queues. */
enum wire_net_ctrl_status wire_net_hash_set_mapping(struct wire_net_hash *hash, u32 first, u32 len,
						    const u32 *entries, u32 nr_queues);

/* The queue of a packet with this hash value; always below @nr_queues. */
u32 wire_net_hash_queue(const struct wire_net_hash *hash, u32 value, u32 nr_queues);

/* The Toeplitz function over @len bytes (source, destination, ports), with the key of @hash. */
u32 wire_net_toeplitz(const struct wire_net_hash *hash, const u8 *data, u32 len);

#endif
