/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run of another program: by its path and argument vector, never a shell, with
 * nothing of ours open and an environment of its own, until it ends or its time does.
 */
#ifndef LIB_EXEC_H
#define LIB_EXEC_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#define EXEC_OUT_MAX	4096u
#define EXEC_ERR_MAX	160u

/* How it ended. */
struct exec_end {
	/* as of an exit; 128 and the signal's number if it was killed */
	int status;
	bool timed_out;
	int pid;			/* it had */
	char out[EXEC_OUT_MAX];		/* the beginning of what it wrote to stdout */
	/* its last line on stderr that says something, fit to be shown */
	char err[EXEC_ERR_MAX];
};

struct exec;
typedef void (*exec_fn)(const struct exec_end *end, void *userdata);

/*
 * Runs @argv[0]. @on_end is called from the loop, once, after which *@ret_exec is no
 * more. At @deadline_us (monotonic) it is killed, with all that it has started. @env,
 * which may be NULL, is added to a search path and a locale. The caller has SIGCHLD
 * blocked. -ENOENT and the like if there is no such program.
 */
int exec_start(sd_event *event, const char *const argv[], const char *const env[],
	       uint64_t deadline_us,
	       exec_fn on_end, void *userdata, struct exec **ret_exec);

/* Kills it, without waiting, nor a word to @on_end. NULL is fine. */
void exec_stop(struct exec *exec);

/* The last line of @text, of @len bytes, that is not blank: into @line, fit to be shown. Pure. */
void exec_last_line(const char *text, size_t len, char *line, size_t size);

#endif
