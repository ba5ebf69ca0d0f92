/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * labnet: both ends of the lab's network tests, in dom0 and, as the same static
 * file, in a guest that has only busybox. Everything it sends it can tell from
 * anything else, byte by byte.
 */
#ifndef LABNET_H
#define LABNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum labnet_exit {
	LABNET_GOOD,
	LABNET_BAD,		/* the network did something it must not */
	LABNET_UNUSABLE,	/* the test could not be made */
};

struct labnet_args {
	const char *words[8];	/* what follows the command, without options */
	unsigned int nr_words;
	uint64_t bytes, packets, size, rate, flows, seconds, patience, report_ms, reply_ms;
	const char *way, *group, *iface;
	bool plain;
};

/* main.c */
extern volatile bool labnet_stop;	/* SIGTERM or SIGINT came */
void labnet_unusable(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
int labnet_bad(const char *format, ...) __attribute__((format(printf, 1, 2)));
uint64_t labnet_now_us(void);
uint64_t labnet_number(const char *what, const char *text);
struct sockaddr_storage;
/* A numeric address of either family and a port; how long it is. */
unsigned int labnet_address(struct sockaddr_storage *to, const char *address, const char *port);
unsigned int labnet_ifindex(const char *name);
/* Tells a script that waits for it. */
void labnet_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void labnet_wait_for_stop(void);

/*
 * Byte stream @seed, from @offset on: writes @len bytes of it, or finds the
 * first that differs (@len: none).
 */
void labnet_fill(uint8_t *to, uint64_t seed, uint64_t offset, size_t len);
size_t labnet_differs(const uint8_t *from, uint64_t seed, uint64_t offset, size_t len);

/* The commands; each returns enum labnet_exit. */
int labnet_serve(const struct labnet_args *args);
int labnet_exchange(const struct labnet_args *args);
int labnet_udp_sink(const struct labnet_args *args);
int labnet_udp(const struct labnet_args *args);
int labnet_wire(const struct labnet_args *args);
int labnet_features(const struct labnet_args *args);
int labnet_xdp(const struct labnet_args *args);

#endif
