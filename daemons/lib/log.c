// SPDX-License-Identifier: GPL-2.0-or-later
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "cleanup.h"
#include "log.h"

static const char *log_program = "";
static bool log_debugging, log_to_journal;

/* systemd says in JOURNAL_STREAM which device and inode stderr has if it leads to the journal. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

void log_open(const char *program, bool debug)
{
	log_program = program;
	log_debugging = debug;
	log_to_journal = stderr_is_journal();
}

bool log_is_debug(void)
{
	return log_debugging;
}

/* Makes one "NAME=value" of a journal entry; counts it if it could be made. */
__attribute__((format(printf, 3, 4)))
static void field(struct iovec *fields, int *n, const char *format, ...)
{
	char *text;
	va_list ap;
	int len;

	va_start(ap, format);
	len = vasprintf(&text, format, ap);
	va_end(ap);
	if (len < 0)
		return;
	fields[*n].iov_base = text;
	fields[*n].iov_len = (size_t)len;
	(*n)++;
}

static void send_to_journal(const struct log_about *about, int level, const char *text)
{
	struct iovec fields[8];
	int n = 0;

	field(fields, &n, "MESSAGE=%s%s%s", about ? about->name : "", about ? ": " : "", text);
	field(fields, &n, "PRIORITY=%d", level);
	field(fields, &n, "SYSLOG_IDENTIFIER=%s", log_program);
	if (about) {
		field(fields, &n, "XEN_KIND=%s", about->kind);
		field(fields, &n, "XEN_DOMID=%u", about->domid);
		field(fields, &n, "XEN_DEVID=%u", about->devid);
		if (about->phase)
			field(fields, &n, "XEN_PHASE=%s", about->phase);
		if (about->duration_us)
			field(fields, &n, "DURATION_US=%" PRIu64, about->duration_us);
	}
	/* There is nobody left to tell that the journal cannot be told. */
	(void)sd_journal_sendv(fields, n);
	while (n)
		free(fields[--n].iov_base);
}

static void log_text(const struct log_about *about, int level, const char *text)
{
	if (log_to_journal)
		send_to_journal(about, level, text);
	else if (about)
		fprintf(stderr, "%s: %s\n", about->name, text);
	else
		fprintf(stderr, "%s\n", text);
}

void log_about(const struct log_about *about, int level, const char *format, ...)
{
	_free_ char *text = NULL;
	va_list ap;

	if (level == LOG_DEBUG && !log_debugging)
		return;
	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	if (text)
		log_text(about, level, text);
}

int log_err_errno(int r, const char *format, ...)
{
	_free_ char *text = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	log_about(NULL, LOG_ERR, "%s: %s", text ? text : "Failed", strerror(-r));
	return r;
}
