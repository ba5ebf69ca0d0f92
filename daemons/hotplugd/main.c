// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "../lib/cleanup.h"
#include "../lib/log.h"
#include "../lib/str.h"
#include "hotplugd.h"
#include "request.h"

#define CONFIG		"/etc/xen/xen-hotplugd.conf"
#define DRY_RUN_US	2000000u	/* for Open vSwitch to say what it has */

static const char *arg_config = CONFIG;
static const char *arg_socket = REQUEST_SOCKET;
static const char *arg_lock = REQUEST_LOCK;
static bool arg_debug, arg_dry_run;
static const char *arg_once;		/* the action, of a script that does its work here */
static const char *arg_type_if, *arg_script, *arg_path;

static const char help[] =
	"xen-hotplugd [OPTION...]\n"
	"\n"
	"Plugs the virtual network devices and disks of Xen guests.\n"
	"\n"
	"  --config=FILE    read FILE instead of " CONFIG "\n"
	"  --socket=PATH    listen there instead of " REQUEST_SOCKET "\n"
	"  --lock=PATH      the lock of whoever acts, instead of " REQUEST_LOCK "\n"
	"  --dry-run        say what would be done to make everything right, and end\n"
	"  --once=ACTION    do one script's work (online, offline, add or remove) and end;\n"
	"                   --path=, --type=vif|tap and --script=NAME say for what\n"
	"  --debug          log every step\n"
	"  --help           show this\n"
	"  --version        show the version\n";

enum { OPT_CONFIG = 256, OPT_SOCKET, OPT_LOCK, OPT_DRY_RUN, OPT_ONCE, OPT_PATH, OPT_TYPE,
      OPT_SCRIPT,
       OPT_DEBUG, OPT_HELP, OPT_VERSION };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "lock", required_argument, NULL, OPT_LOCK },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "once", required_argument, NULL, OPT_ONCE },
	{ "path", required_argument, NULL, OPT_PATH },
	{ "type", required_argument, NULL, OPT_TYPE },
	{ "script", required_argument, NULL, OPT_SCRIPT },
	{ "debug", no_argument, NULL, OPT_DEBUG },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

/* 1: go on; 0 or -EINVAL: end. */
static int parse_arguments(int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) >= 0) {
		switch (c) {
		case OPT_CONFIG: arg_config = optarg; break;
		case OPT_SOCKET: arg_socket = optarg; break;
		case OPT_LOCK: arg_lock = optarg; break;
		case OPT_DRY_RUN: arg_dry_run = true; break;
		case OPT_ONCE: arg_once = optarg; break;
		case OPT_PATH: arg_path = optarg; break;
		case OPT_TYPE: arg_type_if = optarg; break;
		case OPT_SCRIPT: arg_script = optarg; break;
		case OPT_DEBUG: arg_debug = true; break;
		case OPT_HELP:
			fputs(help, stdout);
			return 0;
		case OPT_VERSION:
			puts("xen-hotplugd " VERSION);
			return 0;
		default:
			return -EINVAL;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "xen-hotplugd: what is '%s'? --help shows the options\n", argv[optind]);
		return -EINVAL;
	}
	return 1;
}

/* Makes the directory of a path below /run, where nobody has made it yet. */
static void make_directory_of(const char *path)
{
	char dir[108];
	const char *slash = strrchr(path, '/');

	if (slash && slash != path && (size_t)(slash - path) < sizeof(dir)) {
		memcpy(dir, path, (size_t)(slash - path));
		dir[slash - path] = '\0';
		(void)mkdir(dir, 0755);
	}
}

/*
 * Whoever acts holds the lock: the daemon as long as it lives, and a script that
 * has found no daemon while it does its work. So no two decide about a disk.
 */
static int take_lock(void)
{
	_close_ int fd = -1;

	make_directory_of(arg_lock);
	fd = open(arg_lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | (arg_once ? LOCK_NB : 0)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (!str_copy(addr.sun_path, sizeof(addr.sun_path), path))
		return -ENAMETOOLONG;
	make_directory_of(path);
	(void)unlink(path);
	if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(fd, 128) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* The socket and the clients that systemd has kept for us, or else a socket of our own. */
static int open_server(struct hotplug *hotplug, struct server **ret_server)
{
	char **names = NULL;
	const int n = sd_listen_fds_with_names(true, &names);
	int listen_fd = -1, r;

	for (int i = 0; i < n; i++) {
		if (sd_is_socket(SD_LISTEN_FDS_START + i, AF_UNIX, SOCK_SEQPACKET, 1) > 0)
			listen_fd = SD_LISTEN_FDS_START + i;
	}
	if (listen_fd < 0)
		listen_fd = listen_at(arg_socket);
	r = listen_fd < 0 ? listen_fd : server_open(hotplug, listen_fd, ret_server);
	for (int i = 0; i < n; i++) {
		const int fd = SD_LISTEN_FDS_START + i;

		if (fd != listen_fd && (r < 0 || server_adopt(*ret_server, fd, names[i]) < 0))
			close(fd);
		free(names[i]);
	}
	free(names);
	return r < 0 ? log_err_errno(r, "Cannot listen at %s", arg_socket) : 0;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	(void)sd_notify(false, "STOPPING=1");
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int on_dry_run_end(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct hotplug *hotplug = userdata;

	/* Twice, for what is an orphan has to be seen as one twice. */
	sweep(hotplug);
	sweep(hotplug);
	return sd_event_exit(hotplug->event, 0);
}

static int run_daemon(struct hotplug *hotplug)
{
	struct server *server = NULL;
	int r;

	r = hotplug_start(hotplug);
	if (r < 0)
		return r;
	if (hotplug->dry_run) {
		r = sd_event_add_time_relative(hotplug->event, NULL, CLOCK_MONOTONIC, DRY_RUN_US, 0,
					       on_dry_run_end, hotplug);
	} else {
		r = open_server(hotplug, &server);
		if (r >= 0) {
			(void)sd_event_set_watchdog(hotplug->event, true);
			(void)sd_notify(false, "READY=1");
		}
	}
	if (r >= 0)
		r = sd_event_loop(hotplug->event);
	server_close(server);
	return r;
}

/* What the daemon would do for a script, by the same code. */
static int run_once(struct hotplug *hotplug)
{
	struct request request;
	struct device *device;
	char data[REQUEST_MAX], type[16];
	struct why why;
	int r;

	snprintf(type, sizeof(type), "type_if=%.7s", arg_type_if ? arg_type_if : "");
	r = request_make(data, sizeof(data), arg_once, arg_type_if ? type : NULL, arg_path,
			 arg_script);
	if (r < 0 || request_parse(data, (size_t)r, &request, &why) < 0 ||
	    request.verb > VERB_UNPLUG) {
		fprintf(stderr, "xen-hotplug: %s\n", r < 0 ? "the arguments are too long" : why.text);
		return -EINVAL;
	}
	/* Who has which disk matters to disks only. */
	r = request.kind == KIND_VBD ? hotplug_start(hotplug) : 0;
	if (r >= 0)
		r = device_get(hotplug, request.kind, request.domid, request.devid, request.emu,
			       &device);
	if (r < 0)
		return r;
	if (request.kind == KIND_VIF && request.verb == VERB_PLUG)
		device->mode_known = vif_mode_from_script(request.script, &device->mode);
	if (request.verb == VERB_PLUG)
		device_plug(device, NULL);
	else
		device_unplug(device, NULL);
	r = sd_event_loop(hotplug->event);
	return r < 0 ? r : hotplug->result ? -ECANCELED : 0;
}

static int run(void)
{
	struct hotplug hotplug = { .once = arg_once, .dry_run = arg_dry_run };
	_close_ int lock = -1;
	sd_event *event = NULL;
	sigset_t signals;
	int r = config_load(arg_config, &hotplug.config);

	if (r < 0)
		return r;
	lock = arg_dry_run ? -1 : take_lock();
	if (lock < 0 && !arg_dry_run) {
		config_fini(&hotplug.config);
		return lock == -EWOULDBLOCK ? lock : log_err_errno(lock, "Cannot lock %s", arg_lock);
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	/* The loop hears of the tools that end: see lib/exec.h. */
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	r = sd_event_new(&event);
	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGTERM, on_signal, NULL);
	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGINT, on_signal, NULL);
	if (r >= 0)
		r = hotplug_open(&hotplug, event);
	if (r >= 0)
		r = arg_once ? run_once(&hotplug) : run_daemon(&hotplug);
	hotplug_close(&hotplug);
	sd_event_unref(event);
	return r;
}

/* 75 (EX_TEMPFAIL) tells a script that somebody else acts at the moment. */
int main(int argc, char **argv)
{
	int r = parse_arguments(argc, argv);

	if (r <= 0)
		return r < 0 ? 2 : 0;
	log_open(arg_once ? "xen-hotplug" : "xen-hotplugd", arg_debug || arg_dry_run);
	signal(SIGPIPE, SIG_IGN);
	umask(0077);
	r = run();
	return r == -EWOULDBLOCK ? 75 : r ? 1 : 0;
}
