// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xen-hotplug: what libxl runs for a device, under the names of the scripts it
 * knows. It passes the call to xen-hotplugd and waits for the answer. If no
 * daemon answers, xen-hotplugd is run to do this one thing.
 *
 * libc only: a process that is started for each device has to start fast.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../hotplugd/request.h"

#define PATIENCE_MS	38000		/* libxl's is 40 s */
#define RETRY_MS	100
#define EX_TEMPFAIL	75

#ifndef DAEMON
#define DAEMON		"/usr/libexec/xen-hotplugd"
#endif

static const char *arg_action, *arg_type_if, *arg_path, *arg_script;

static int complain(const char *text)
{
	fprintf(stderr, "xen-hotplug: %s\n", text);
	return 1;
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- by the daemon --------------------------------------------------------------------------------- */

static int connect_daemon(void)
{
	const char *path = getenv("XEN_HOTPLUGD_SOCKET");
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (!path)
		path = REQUEST_SOCKET;
	if (fd < 0 || strlen(path) >= sizeof(addr.sun_path))
		return -1;
	strcpy(addr.sun_path, path);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The script's exit status, or -1 if there is no daemon that answers. */
static int ask_daemon(long deadline)
{
	char data[REQUEST_MAX];
	const int len = request_make(data, sizeof(data), arg_action, arg_type_if, arg_path,
				     arg_script);
	struct pollfd pollfd = { .events = POLLIN };
	ssize_t n;
	int r;

	if (len < 0)
		return complain("the arguments are too long");
	pollfd.fd = connect_daemon();
	if (pollfd.fd < 0)
		return -1;
	if (send(pollfd.fd, data, (size_t)len, MSG_NOSIGNAL) != len) {
		close(pollfd.fd);
		return -1;
	}
	do {
		const long left = deadline - now_ms();

		r = left > 0 ? poll(&pollfd, 1, (int)left) : 0;
	} while (r < 0 && errno == EINTR);
	n = r > 0 ? recv(pollfd.fd, data, sizeof(data) - 1, 0) : -1;
	close(pollfd.fd);
	if (!r)
		return complain("xen-hotplugd does not answer");
	if (n <= 0)
		return -1;
	data[n] = '\0';
	if (!strcmp(data, "ok"))
		return 0;
	return complain(strncmp(data, "error ", 6) ? data : data + 6);
}

/* ---- without it ------------------------------------------------------------------------------------ */

/* The exit status; EX_TEMPFAIL: somebody else is at it. */
static int run_once(void)
{
	const char *program = getenv("XEN_HOTPLUGD");
	char once[64], path[256], type[32], script[128];
	int status;
	pid_t pid;

	if (!program)
		program = DAEMON;
	snprintf(once, sizeof(once), "--once=%s", arg_action);
	snprintf(path, sizeof(path), "--path=%s", arg_path);
	snprintf(script, sizeof(script), "--script=%s", arg_script);
	snprintf(type, sizeof(type), "--type=%s", arg_type_if ? strchr(arg_type_if, '=') + 1 : "vif");
	pid = fork();
	if (pid < 0)
		return complain(strerror(errno));
	if (!pid) {
		execl(program, "xen-hotplugd", once, path, script, type, NULL);
		fprintf(stderr, "xen-hotplug: cannot run %s: %s\n", program, strerror(errno));
		_exit(1);
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return complain(strerror(errno));
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : complain("xen-hotplugd was killed");
}

int main(int argc, char **argv)
{
	static const struct timespec pause = { .tv_nsec = RETRY_MS * 1000000L };
	const long deadline = now_ms() + PATIENCE_MS;
	const char *slash;
	int r;

	/* As few variables as possible: whoever looks for surprises finds none. */
	arg_path = getenv("XENBUS_PATH");
	if (argc < 2 || argc > 3 || !arg_path)
		return complain("usage: XENBUS_PATH=backend/KIND/DOMID/DEVID xen-hotplug "
				"online|offline|add|remove [type_if=vif|tap]");
	slash = strrchr(argv[0], '/');
	arg_script = slash ? slash + 1 : argv[0];
	arg_action = argv[1];
	if (argc == 3 && strncmp(argv[2], "type_if=", 8))
		return complain("the second argument must be type_if=vif or type_if=tap");
	arg_type_if = argc == 3 ? argv[2] : NULL;
	for (;;) {
		r = ask_daemon(deadline);
		if (r < 0)
			r = run_once();
		if (r != EX_TEMPFAIL)
			return r;
		if (now_ms() >= deadline)
			return complain("another one has been at work for too long");
		/*
		 * Whose work it is ends when it ends: a lock of flock() has no event to
		 * wait for.
		 */
		nanosleep(&pause, NULL);
	}
}
