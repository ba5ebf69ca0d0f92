// SPDX-License-Identifier: GPL-2.0-or-later
#include "labnet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
"usage: labnet COMMAND [options]\n"
"\n"
"serve PORT                 the far end of any number of exchanges, over IPv4 and IPv6, until SIGTERM\n"
"exchange ADDRESS PORT      TCP connections whose every byte is checked. Prints \"running\" when all of them\n"
"                           carry data, and at the end how much, how fast, and the longest silence\n"
"  --flows N                connections at once; default 1\n"
"  --way out|in|both        default both\n"
"  --bytes N                each way of each connection; default 1 MiB\n"
"  --seconds N              for so long instead; 0: until SIGTERM\n"
"  --rate N                 bytes a second of each way and connection; default: no limit\n"
"  --patience N             so many seconds of silence are a failure; default 60\n"
"  --report MS              how far it has come, so often, as a line \"at OUT IN\"\n"
"  --plain                  nothing is checked, for measurements\n"
"udp-sink PORT              counts datagrams of labnet udp until SIGTERM\n"
"  --group ADDRESS          multicast group to join; --iface NAME: there\n"
"  --report MS              a line \"at DATAGRAMS\" so often\n"
"udp ADDRESS PORT           numbered datagrams with content\n"
"  --packets N, --seconds N how many, or for how long; default 1000\n"
"  --size N                 bytes of each, at least 24; default 64\n"
"  --rate N                 a second; default: as fast as possible\n"
"  --iface NAME             leave by this interface\n"
"  --reply MS               each has to come back, the last within so many ms\n"
"wire NAME NAME             raw frames of all lengths between two interfaces, both ways; --packets N\n"
"features NAME [FEATURE=on|off]...   sg, tso, gso, gro, tx (sums), rx\n"
"xdp NAME PROGRAM           an eBPF program on an interface until SIGTERM: pass, drop=PORT, echo=PORT,\n"
"                           redirect=PORT,NAME (UDP over IPv4 to that port; anything else passes)\n"
"\n"
"exit status: 0 all was well, 1 it was not, 2 the test could not be made\n";

volatile bool labnet_stop;

static void on_signal(int number)
{
	(void)number;
	labnet_stop = true;
}

void labnet_unusable(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fputs("labnet: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(LABNET_UNUSABLE);
}

int labnet_bad(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fputs("bad: ", stdout);
	vprintf(format, ap);
	putchar('\n');
	va_end(ap);
	return LABNET_BAD;
}

void labnet_say(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vprintf(format, ap);
	putchar('\n');
	fflush(stdout);
	va_end(ap);
}

uint64_t labnet_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t labnet_number(const char *what, const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 0);

	if (*end || end == text)
		labnet_unusable("%s: '%s' is not a number", what, text);
	return n;
}

unsigned int labnet_address(struct sockaddr_storage *to, const char *address, const char *port)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	uint16_t number = htons((uint16_t)labnet_number("port", port));

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = number;
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = number;
		return sizeof(*v6);
	}
	labnet_unusable("'%s' is no address", address);
}

unsigned int labnet_ifindex(const char *name)
{
	unsigned int index = if_nametoindex(name);

	if (!index)
		labnet_unusable("%s: %s", name, strerror(errno));
	return index;
}

void labnet_wait_for_stop(void)
{
	/* A signal ends it; one that came just before is seen a moment later. */
	while (!labnet_stop)
		usleep(50000);
}

/* ---- content ----------------------------------------------------------------------------------- */

static uint64_t word_of(uint64_t seed, uint64_t number)
{
	uint64_t x = seed + number * 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

void labnet_fill(uint8_t *to, uint64_t seed, uint64_t offset, size_t len)
{
	uint64_t word;
	size_t n, in;

	while (len) {
		in = offset % 8;
		n = len < 8 - in ? len : 8 - in;
		word = word_of(seed, offset / 8);
		memcpy(to, (uint8_t *)&word + in, n);
		to += n;
		offset += n;
		len -= n;
	}
}

size_t labnet_differs(const uint8_t *from, uint64_t seed, uint64_t offset, size_t len)
{
	size_t done = 0, n, in;
	uint64_t word;

	while (done < len) {
		in = (offset + done) % 8;
		n = len - done < 8 - in ? len - done : 8 - in;
		word = word_of(seed, (offset + done) / 8);
		if (memcmp(from + done, (uint8_t *)&word + in, n))
			break;
		done += n;
	}
	while (done < len) {
		word = word_of(seed, (offset + done) / 8);
		if (from[done] != ((uint8_t *)&word)[(offset + done) % 8])
			break;
		done++;
	}
	return done;
}

/* ---- arguments ----------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	unsigned int least_words;
	int (*run)(const struct labnet_args *args);
} commands[] = {
	{ "serve", 1, labnet_serve },
	{ "exchange", 2, labnet_exchange },
	{ "udp-sink", 1, labnet_udp_sink },
	{ "udp", 2, labnet_udp },
	{ "wire", 2, labnet_wire },
	{ "features", 1, labnet_features },
	{ "xdp", 2, labnet_xdp },
};

static void set_option(struct labnet_args *a, const char *name, const char *value)
{
	const struct {
		const char *name;
		uint64_t *number;
		const char **text;
	} options[] = {
		{ "bytes", &a->bytes, NULL }, { "packets", &a->packets, NULL },
		{ "size", &a->size, NULL }, { "rate", &a->rate, NULL },
		{ "flows", &a->flows, NULL }, { "seconds", &a->seconds, NULL },
		{ "patience", &a->patience, NULL }, { "report", &a->report_ms, NULL },
		{ "reply", &a->reply_ms, NULL }, { "way", NULL, &a->way },
		{ "group", NULL, &a->group }, { "iface", NULL, &a->iface },
	};
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcmp(options[i].name, name))
			continue;
		if (options[i].number)
			*options[i].number = labnet_number(name, value);
		else
			*options[i].text = value;
	}
}

static void parse(struct labnet_args *a, int argc, char **argv)
{
	static const struct option options[] = {
		{ "bytes", 1, NULL, 1 }, { "packets", 1, NULL, 1 }, { "size", 1, NULL, 1 },
		{ "rate", 1, NULL, 1 }, { "flows", 1, NULL, 1 }, { "seconds", 1, NULL, 1 },
		{ "patience", 1, NULL, 1 }, { "report", 1, NULL, 1 }, { "reply", 1, NULL, 1 },
		{ "way", 1, NULL, 1 }, { "group", 1, NULL, 1 }, { "iface", 1, NULL, 1 },
		{ "plain", 0, NULL, 2 }, { NULL, 0, NULL, 0 },
	};
	int c, index;

	while ((c = getopt_long(argc, argv, "", options, &index)) >= 0) {
		if (c == 1)
			set_option(a, options[index].name, optarg);
		else if (c == 2)
			a->plain = true;
		else
			exit(LABNET_UNUSABLE);	/* getopt has said what was wrong */
	}
	for (; optind < argc; optind++) {
		if (a->nr_words == sizeof(a->words) / sizeof(a->words[0]))
			labnet_unusable("too many words: '%s'", argv[optind]);
		a->words[a->nr_words++] = argv[optind];
	}
}

int main(int argc, char **argv)
{
	struct sigaction on = { .sa_handler = on_signal };
	struct labnet_args a = {
		.bytes = 1 << 20, .packets = 1000, .size = 64, .flows = 1, .patience = 60,
		.seconds = UINT64_MAX, .way = "both",
	};
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGTERM, &on, NULL);
	sigaction(SIGINT, &on, NULL);
	if (argc < 2) {
		fputs(usage, stderr);
		return LABNET_UNUSABLE;
	}
	parse(&a, argc - 1, argv + 1);
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, argv[1]) && a.nr_words >= commands[i].least_words)
			return commands[i].run(&a);
	fputs(usage, stderr);
	return LABNET_UNUSABLE;
}
