// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "exec.h"
#include "str.h"

#define ENV_MAX		16u
#define DRAIN_MAX	256		/* reads of half a KiB */

struct exec {
	sd_event_source *child, *timer, *out_io, *err_io;
	pid_t pid;
	size_t out_len, err_len;
	char err[1024];			/* the end of what it wrote to stderr */
	struct exec_end end;
	exec_fn on_end;
	void *userdata;
};

void exec_last_line(const char *text, size_t len, char *line, size_t size)
{
	char copy[EXEC_ERR_MAX];
	size_t begin;

	while (len && (unsigned char)text[len - 1] <= ' ')
		len--;
	for (begin = len; begin && text[begin - 1] != '\n' && text[begin - 1] != '\r'; begin--)
		;
	while (begin < len && (unsigned char)text[begin] <= ' ')
		begin++;
	len = len - begin < sizeof(copy) ? len - begin : sizeof(copy) - 1;
	memcpy(copy, text + begin, len);
	copy[len] = '\0';
	(void)str_show(copy, line, size);
}

/* ---- what it says ---------------------------------------------------------------------------------- */

/*
 * Keeps the beginning of stdout and the end of stderr; false at the end, or if there is
 * no more now.
 */
static bool take(struct exec *exec, int fd, bool is_err)
{
	char data[512];
	const ssize_t n = read(fd, data, sizeof(data));
	const size_t len = n > 0 ? (size_t)n : 0;

	if (is_err) {
		const size_t over = exec->err_len + len > sizeof(exec->err) ?
			exec->err_len + len - sizeof(exec->err) : 0;

		memmove(exec->err, exec->err + over, exec->err_len - over);
		exec->err_len -= over;
		memcpy(exec->err + exec->err_len, data, len);
		exec->err_len += len;
	} else {
		const size_t room = sizeof(exec->end.out) - 1 - exec->out_len;
		const size_t fits = len < room ? len : room;

		memcpy(exec->end.out + exec->out_len, data, fits);
		exec->out_len += fits;
	}
	return n > 0 || (n < 0 && errno == EINTR);
}

static int on_output(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct exec *exec = userdata;

	if (!take(exec, fd, source == exec->err_io) && !(revents & EPOLLIN))
		(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

/* ---- its end --------------------------------------------------------------------------------------- */

/* All but the watch for its end, with which it goes itself. */
static void close_pipes(struct exec *exec)
{
	exec->timer = sd_event_source_disable_unref(exec->timer);
	exec->out_io = sd_event_source_disable_unref(exec->out_io);
	exec->err_io = sd_event_source_disable_unref(exec->err_io);
}

/*
 * Even a process that is killed may take its time, when it is in the middle of a call
 * to the kernel. It is not waited for: from here on it belongs to the loop.
 */
void exec_stop(struct exec *exec)
{
	if (!exec)
		return;
	(void)kill(-exec->pid, SIGKILL);
	close_pipes(exec);
	exec->on_end = NULL;
	(void)sd_event_source_set_floating(exec->child, true);
	sd_event_source_unref(exec->child);
}

static int on_child(sd_event_source *source, const siginfo_t *si, void *userdata)
{
	struct exec *exec = userdata;
	int out, err;

	if (!exec->on_end)
		return sd_event_source_set_floating(source, false);
	out = sd_event_source_get_io_fd(exec->out_io);
	err = sd_event_source_get_io_fd(exec->err_io);
	/*
	 * What it left running may have our pipes open, and may go on writing: neither is
	 * waited for. No pipe has more than this in it.
	 */
	for (int i = 0; i < DRAIN_MAX && take(exec, out, false); i++)
		;
	for (int i = 0; i < DRAIN_MAX && take(exec, err, true); i++)
		;
	exec->end.pid = exec->pid;
	exec->end.status = si->si_code == CLD_EXITED ? si->si_status : 128 + si->si_status;
	exec_last_line(exec->err, exec->err_len, exec->end.err, sizeof(exec->end.err));
	exec->on_end(&exec->end, exec->userdata);
	close_pipes(exec);
	sd_event_source_unref(source);
	return 0;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct exec *exec = userdata;

	exec->end.timed_out = true;
	(void)kill(-exec->pid, SIGKILL);
	return 0;
}

/* ---- its beginning --------------------------------------------------------------------------------- */

/* In the child. It goes with us; what it is to take back, whoever comes after us takes back. */
static void become(const char *const argv[], const char *const env[], pid_t parent, int out,
		   int err)
{
	const char *all[ENV_MAX + 1] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8" };
	const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	for (size_t n = 2, i = 0; env && env[i] && n < ENV_MAX; i++)
		all[n++] = env[i];
	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	umask(022);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent || null < 0 ||
	    dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(err, STDERR_FILENO) < 0)
		_exit(127);
	execve(argv[0], (char *const *)argv, (char *const *)all);
	dprintf(STDERR_FILENO, "%s\n", strerror(errno));
	_exit(127);
}

/* Its end of the pipe is for the child; ours is given to the loop, which closes it. */
static int add_pipe(struct exec *exec, sd_event *event, int *ret_child_end,
		    sd_event_source **source)
{
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	*ret_child_end = fds[1];
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0)
		r = -errno;
	else
		r = sd_event_add_io(event, source, fds[0], EPOLLIN, on_output, exec);
	if (r < 0)
		close(fds[0]);
	else
		(void)sd_event_source_set_io_fd_own(*source, true);
	return r;
}

static int spawn(struct exec *exec, sd_event *event, const char *const argv[],
		 const char *const env[],
		 uint64_t deadline_us)
{
	_close_ int out = -1, err = -1;
	const pid_t parent = getpid();
	int r;

	r = add_pipe(exec, event, &out, &exec->out_io);
	if (r >= 0)
		r = add_pipe(exec, event, &err, &exec->err_io);
	if (r >= 0)
		r = sd_event_add_time(event, &exec->timer, CLOCK_MONOTONIC, deadline_us, 1000,
				      on_deadline,
				      exec);
	if (r < 0)
		return r;
	exec->pid = fork();
	if (exec->pid < 0)
		return -errno;
	if (!exec->pid)
		become(argv, env, parent, out, err);
	/* Also here, so that the group is there whoever comes first. */
	(void)setpgid(exec->pid, exec->pid);
	r = sd_event_add_child(event, &exec->child, exec->pid, WEXITED, on_child, exec);
	if (r < 0) {
		(void)kill(-exec->pid, SIGKILL);
		(void)waitpid(exec->pid, NULL, 0);
		return r;
	}
	return sd_event_source_set_destroy_callback(exec->child, free);
}

int exec_start(sd_event *event, const char *const argv[], const char *const env[],
	       uint64_t deadline_us,
	       exec_fn on_end, void *userdata, struct exec **ret_exec)
{
	struct exec *exec;
	int r;

	if (access(argv[0], X_OK) < 0)
		return -errno;
	exec = calloc(1, sizeof(*exec));
	if (!exec)
		return -ENOMEM;
	exec->on_end = on_end;
	exec->userdata = userdata;
	r = spawn(exec, event, argv, env, deadline_us);
	if (r < 0) {
		close_pipes(exec);
		free(exec);
		return r;
	}
	*ret_exec = exec;
	return 0;
}
