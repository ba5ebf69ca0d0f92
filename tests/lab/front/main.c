// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xenfront: a frontend for tests, in user space. It can speak every byte of a
 * ring and every xenstore key, well-behaved or not, from dom0 (as its own
 * frontend, being the toolstack too) or from inside a guest.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bad.h"
#include "blkfaults.h"
#include "blkload.h"
#include "blksuite.h"
#include "judge.h"
#include "netbad.h"
#include "netfaults.h"
#include "netsuite.h"
#include "peerlink.h"

static const char usage[] =
"usage: xenfront blk ACTION [options]\n"
"       xenfront net ACTION [options]    in dom0, which is toolstack and guest at once\n"
"       xenfront grants DOMID      how many grants of that domain are mapped now (in dom0)\n"
"\n"
"ACTION  matrix                    connect with every combination of features\n"
"        io                        every kind of request, verified\n"
"        reconnect                 close and connect --times times with random features\n"
"        load                      random verified load, prints 'running' once it runs\n"
"        bad NAME...               misdeeds: a group, group/row, or all\n"
"        list                      names of all misdeeds\n"
"        nth SITE                  connect, I/O, close while lab_fault.ko fails one call: the first,\n"
"                                  the second, and so on, until all have been failed (with --self)\n"
"        kill                      a process that uses the device is killed, --times times (with --self)\n"
"        hold                      connect, print 'running', keep the device until SIGTERM\n"
"        clean                     remove what a killed xenfront left of --devid (in dom0)\n"
"\n"
"  --self DEVICE      be the toolstack too: serve this block device of dom0 to dom0\n"
"  --devid N          virtual device number; needed without --self\n"
"  --mode r|w         with --self; default w\n"
"  --type disk|cdrom  with --self; default disk\n"
"  --abi native|x86_32|x86_64\n"
"  --queues N|max     default 1\n"
"  --order none|0..4  ring-page-order; none: no such key\n"
"  --persistent 0|1   default 0\n"
"  --seed N           default 1\n"
"  --area-mib N       how much of the disk verified I/O may write; default 8\n"
"  --area-at N        first 512-byte sector of it; default 0\n"
"  --times N          of reconnect; default 20\n"
"  --seconds N        of load; 0: until SIGTERM; default 5\n"
"  --requests N       of load; 0: no limit (default)\n"
"  --depth N          of load; default 16\n"
"  --segs N           largest request of load, in segments; default 32\n"
"  --read N           percentage of reads in load; default 45\n"
"  --bad-first N      with --bad-nr: sectors whose use fails, and nothing else does (load)\n"
"  --bad-nr N         default 0\n"
"  --errors 0|1       of load: requests may fail, but have to be answered; default 0\n"
"  --disk-goes 0|1    of load, with --errors 1: the disk is gone at the end; default 0\n"
"  --max-gap-ms N     load fails if no answer came for longer; 0: no limit (default)\n"
"\n"
"net ACTION  matrix | io [WORDS] | reconnect | load | bad NAME... | list | nth SITE | kill, as above, over a\n"
"            virtual interface whose other end is a packet socket on dom0's net device; with WORDS, only\n"
"            the checks that have them in their name\n"
"  peer IFACE --port N     in dom0: the other end for a xenfront in a guest\n"
"  --peer ADDRESS:PORT          in a guest: its other end is there; its own driver has let go of --handle\n"
"  --handle N         default: the first free one from 100 on\n"
"  --queues N|max     of load\n"
"  --split 0|1        of load: an event channel for each direction\n"
"\n"
"exit status: 0 the backend behaved, 1 it did not, 2 the test could not be made\n";

struct args {
	struct vbd_args vbd;
	struct vif_args vif;
	struct blkload_opts load;
	u64 times, max_gap_ms;
	unsigned int port;
};

static u64 number(const char *option, const char *text, u64 most)
{
	char *end;
	u64 n = strtoull(text, &end, 0);

	if (*end || end == text || n > most)
		util_lab_error("--%s: '%s' is not a number up to %llu", option, text,
			       (unsigned long long)most);
	return n;
}

static enum blk_abi abi_named(const char *text)
{
	unsigned int i;

	for (i = 0; i < BLK_NR_ABIS; i++)
		if (!strcmp(text, blk_abi_name((enum blk_abi)i)))
			return (enum blk_abi)i;
	util_lab_error("--abi: there is no layout '%s'", text);
}

static void set_option(struct args *a, const char *name, const char *value)
{
	struct blk_opts *blk = &a->vbd.blk;

	if (!strcmp(name, "self"))
		a->vbd.self = value;
	else if (!strcmp(name, "mode"))
		a->vbd.mode = value;
	else if (!strcmp(name, "type"))
		a->vbd.type = value;
	else if (!strcmp(name, "devid"))
		a->vbd.devid = (unsigned int)number(name, value, INT32_MAX);
	else if (!strcmp(name, "abi"))
		blk->abi = abi_named(value);
	else if (!strcmp(name, "queues"))
		blk->queues = strcmp(value, "max") ?
			(unsigned int)number(name, value, BLK_MAX_QUEUES) : 0;
	else if (!strcmp(name, "order"))
		blk->order = strcmp(value, "none") ? (int)number(name, value, BLK_MAX_ORDER) :
			BLK_NO_ORDER;
	else if (!strcmp(name, "persistent"))
		blk->persistent = number(name, value, 1);
	else if (!strcmp(name, "seed"))
		a->vbd.seed = number(name, value, UINT64_MAX);
	else if (!strcmp(name, "area-mib"))
		a->vbd.area_sectors = number(name, value, 1 << 20) * 2048;
	else if (!strcmp(name, "area-at"))
		a->vbd.area_first = number(name, value, UINT32_MAX);
	else if (!strcmp(name, "times"))
		a->times = number(name, value, UINT32_MAX);
	else if (!strcmp(name, "seconds"))
		a->load.seconds = number(name, value, UINT32_MAX);
	else if (!strcmp(name, "requests"))
		a->load.requests = number(name, value, UINT64_MAX);
	else if (!strcmp(name, "depth"))
		a->load.depth = (unsigned int)number(name, value, 4096);
	else if (!strcmp(name, "segs"))
		a->load.max_segs = (unsigned int)number(name, value, 256);
	else if (!strcmp(name, "read"))
		a->load.percent_read = (unsigned int)number(name, value, 100);
	else if (!strcmp(name, "bad-first"))
		a->load.bad_first = number(name, value, UINT64_MAX);
	else if (!strcmp(name, "bad-nr"))
		a->load.bad_nr = number(name, value, UINT32_MAX);
	else if (!strcmp(name, "errors"))
		a->load.errors_allowed = number(name, value, 1);
	else if (!strcmp(name, "disk-goes"))
		a->load.disk_goes = number(name, value, 1);
	else if (!strcmp(name, "max-gap-ms"))
		a->max_gap_ms = number(name, value, UINT32_MAX);
}

static void set_net_option(struct args *a, const char *name, const char *value)
{
	struct net_opts *net = &a->vif.net;

	if (!strcmp(name, "handle"))
		a->vif.handle = (unsigned int)number(name, value, INT32_MAX);
	else if (!strcmp(name, "queues"))
		net->queues = strcmp(value, "max") ?
			(unsigned int)number(name, value, NET_MAX_QUEUES) : 0;
	else if (!strcmp(name, "peer"))
		a->vif.peer = value;
	else if (!strcmp(name, "port"))
		a->port = (unsigned int)number(name, value, 65535);
	else if (!strcmp(name, "split"))
		net->split = number(name, value, 1);
	else if (!strcmp(name, "seed"))
		a->vif.seed = number(name, value, UINT64_MAX);
	else if (!strcmp(name, "times"))
		a->times = number(name, value, UINT32_MAX);
	else if (!strcmp(name, "seconds"))
		a->load.seconds = number(name, value, UINT32_MAX);
	else
		util_lab_error("--%s is not for net", name);
}

static void parse_options(struct args *a, bool net, int argc, char **argv)
{
	static const char *const names[] = {
		"self", "mode", "type", "devid", "abi", "queues", "order", "persistent", "seed",
		"area-mib", "area-at", "times", "seconds", "requests", "depth", "segs", "read",
		"max-gap-ms", "bad-first", "bad-nr", "errors", "disk-goes", "handle", "split",
		"peer", "port",
	};
	struct option options[ARRAY_SIZE(names) + 1] = { 0 };
	size_t i;
	int index;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		options[i] = (struct option){ names[i], required_argument, NULL, 0 };
	for (;;) {
		int c = getopt_long(argc, argv, "", options, &index);

		if (c < 0)
			break;
		if (c)
			exit(EXIT_LAB);	/* getopt has said what was wrong */
		if (net)
			set_net_option(a, names[index], optarg);
		else
			set_option(a, names[index], optarg);
	}
}

/* Actions */

static bool open_vbd(struct vbd *vbd, const struct args *a, struct check *chk)
{
	check_begin(chk, "open the device", a->vbd.seed);
	if (vbd_open(vbd, &a->vbd, store_open(), chk))
		return true;
	check_end(chk);
	return false;
}

/* The last check of every run: the device goes in time and leaves nothing. */
static void close_vbd(struct vbd *vbd)
{
	struct check chk;

	check_begin(&chk, "removal leaves nothing behind", vbd->args->seed);
	vbd->dev.chk = &chk;
	if (vbd->dev.ours) {
		vbd_close(vbd);
		judge_nothing_mapped(&chk, 0, 5000);
		check_that(&chk, judge_interrupts(&vbd->dev) < 0,
			   "the device is gone, and its event channel is still bound");
	} else {
		dev_close(&vbd->dev);
		dev_reopen(&vbd->dev);
		vbd_close(vbd);
	}
	check_end(&chk);
}

static void do_load(struct vbd *vbd, const struct args *a)
{
	struct blk *blk = util_alloc(sizeof(*blk));
	struct blkload_opts load = a->load;
	struct blkload_result result = { 0 };
	struct check chk;

	check_begin(&chk, "load", a->vbd.seed);
	vbd->dev.chk = &chk;
	load.stop = &util_stop;
	load.announce = "running";
	if (vbd_readonly(vbd))
		load.percent_read = 100;
	if (vbd_connect(vbd, blk, &a->vbd.blk))
		blkload_run(blk, &vbd->area, &load, &result);
	check_that(&chk, !a->max_gap_ms || result.longest_gap_ms <= a->max_gap_ms,
		   "no answer for %llu ms", (unsigned long long)result.longest_gap_ms);
	check_note(&chk, "%llu requests, %llu failed, %llu KiB in %llu ms, longest gap %llu ms",
		   (unsigned long long)result.requests, (unsigned long long)result.errors,
		   (unsigned long long)result.bytes / 1024,
		   (unsigned long long)result.ms, (unsigned long long)result.longest_gap_ms);
	if (chk.failed)
		blk_release(blk);
	else
		(void)(blk_disconnect(blk) && dev_reopen(&vbd->dev));
	check_end(&chk);
	free(blk);
}

static void do_hold(struct vbd *vbd, const struct args *a)
{
	struct blk *blk = util_alloc(sizeof(*blk));
	struct check chk;

	check_begin(&chk, "hold", a->vbd.seed);
	vbd->dev.chk = &chk;
	if (vbd_connect(vbd, blk, &a->vbd.blk)) {
		puts("running");
		fflush(stdout);
		while (!util_stop)
			xen_events_wait(&blk->events, 1000);
		(void)(blk_disconnect(blk) && dev_reopen(&vbd->dev));
	}
	check_end(&chk);
	free(blk);
}

static int run_blk(const char *action, const struct args *a, int nr_names, char **names)
{
	struct check chk;
	struct vbd vbd;
	int i;

	if (!a->vbd.self && !a->vbd.devid)
		util_lab_error("which device? --self DEVICE or --devid N");
	if (!strcmp(action, "nth") || !strcmp(action, "kill")) {
		if (!a->vbd.self || nr_names != !strcmp(action, "nth"))
			util_lab_error("usage: --self DEVICE nth SITE, --self DEVICE kill");
		if (nr_names)
			blkfaults_nth(&a->vbd, names[0]);
		else
			blkfaults_kill(&a->vbd, (unsigned int)a->times);
		return check_summary();
	}
	if (!open_vbd(&vbd, a, &chk))
		return check_summary();
	if (!strcmp(action, "matrix"))
		blksuite_matrix(&vbd);
	else if (!strcmp(action, "io"))
		blksuite_io(&vbd);
	else if (!strcmp(action, "reconnect"))
		blksuite_reconnect(&vbd, (unsigned int)a->times);
	else if (!strcmp(action, "load"))
		do_load(&vbd, a);
	else if (!strcmp(action, "hold"))
		do_hold(&vbd, a);
	else if (!strcmp(action, "bad"))
		for (i = 0; i < nr_names; i++)
			bad_run(&vbd, names[i]);
	else
		util_lab_error("there is no action '%s'", action);
	close_vbd(&vbd);
	return check_summary();
}

static int run_net(const char *action, const struct args *a, int nr_names, char **names)
{
	struct check chk;
	struct vif vif;
	int i;

	if (!strcmp(action, "nth") || !strcmp(action, "kill")) {
		if (nr_names != !strcmp(action, "nth"))
			util_lab_error("usage: nth SITE, kill");
		if (nr_names)
			netfaults_nth(&a->vif, names[0]);
		else
			netfaults_kill(&a->vif, (unsigned int)a->times);
		return check_summary();
	}
	if (!strcmp(action, "peer")) {
		if (nr_names != 1 || !a->port)
			util_lab_error("usage: peer IFACE --port N");
		check_begin(&chk, "dom0's end", a->vif.seed);
		peerlink_serve(names[0], a->port, &chk);
		check_end(&chk);
		return check_summary();
	}
	check_begin(&chk, "open the interface", a->vif.seed);
	if (!vif_open(&vif, &a->vif, store_open(), &chk)) {
		check_end(&chk);
		return check_summary();
	}
	if (!strcmp(action, "matrix"))
		netsuite_matrix(&vif);
	else if (!strcmp(action, "io"))
		netsuite_io(&vif, nr_names ? names[0] : "");
	else if (!strcmp(action, "reconnect"))
		netsuite_reconnect(&vif, (unsigned int)a->times);
	else if (!strcmp(action, "load"))
		netsuite_load(&vif, (unsigned int)a->load.seconds);
	else if (!strcmp(action, "bad"))
		for (i = 0; i < nr_names; i++)
			netbad_run(&vif, names[i]);
	else
		util_lab_error("there is no action '%s'", action);
	check_begin(&chk, "removal leaves nothing behind", a->vif.seed);
	vif_judge(&vif, &chk);
	vif_close(&vif);
	if (!a->vif.peer)
		judge_nothing_mapped(&chk, 0, 5000);
	check_end(&chk);
	return check_summary();
}

static int clean(const struct args *a)
{
	struct check chk;

	check_begin(&chk, "remove a killed frontend's device", 0);
	dev_remove_leftover(store_open(), &chk, "vbd", a->vbd.devid);
	check_end(&chk);
	return check_summary();
}

int main(int argc, char **argv)
{
	struct args a = {
		.vbd = { .mode = "w", .type = "disk", .blk = BLK_OPTS_DEFAULT, .seed = 1,
			 .area_sectors = 8 * 2048 },
		.vif = { .net = NET_OPTS_DEFAULT, .seed = 1 },
		.load = BLKLOAD_DEFAULT,
		.times = 20,
	};
	bool net;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 3 && !strcmp(argv[1], "grants")) {
		int n = judge_mapped_grants((u16)number("grants", argv[2], 0x7fff), false);

		if (n < 0)
			util_lab_error("cannot read Xen's grant-table dump");
		printf("%d\n", n);
		return EXIT_BEHAVED;
	}
	if (argc < 3 || (strcmp(argv[1], "blk") && strcmp(argv[1], "net"))) {
		fputs(usage, stderr);
		return EXIT_LAB;
	}
	net = !strcmp(argv[1], "net");
	parse_options(&a, net, argc - 2, argv + 2);
	optind += 2;
	if (!strcmp(argv[2], "list")) {
		if (net)
			netbad_list();
		else
			bad_list();
		return EXIT_BEHAVED;
	}
	util_stop_on_signals();
	if (net)
		return run_net(argv[2], &a, argc - optind, argv + optind);
	if (!strcmp(argv[2], "clean"))
		return clean(&a);
	return run_blk(argv[2], &a, argc - optind, argv + optind);
}
