// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cleanup.h"
#include "log.h"
#include "str.h"

#define JOURNAL		"/run/systemd/journal/socket"

static const char *log_program = "";
static bool log_debugging;
static int log_journal = -1;		/* a socket, if lines go there */
static unsigned long log_lost;		/* lines that it has not taken */

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
	if (stderr_is_journal())
		log_journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

bool log_is_debug(void)
{
	return log_debugging;
}

/* One entry in the journal's native protocol; all values are of one line. */
static void make_entry(struct str *entry, const struct log_about *about, int level,
		       const char *text)
{
	str_addf(entry, "MESSAGE=%s%s%s\n", about ? about->name : "", about ? ": " : "", text);
	str_addf(entry, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\n", level, log_program);
	if (!about)
		return;
	str_addf(entry, "XEN_KIND=%s\nXEN_DOMID=%u\nXEN_DEVID=%u\n", about->kind, about->domid,
		 about->devid);
	if (about->phase)
		str_addf(entry, "XEN_PHASE=%s\n", about->phase);
	if (about->duration_us)
		str_addf(entry, "DURATION_US=%" PRIu64 "\n", about->duration_us);
}

/*
 * libsystemd's sd_journal_send() waits until the journal takes an entry, which may be
 * never: then devices would wait, too.
 */
static bool send_to_journal(const struct log_about *about, int level, const char *text)
{
	static const struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = JOURNAL };
	_str_ struct str entry = { 0 };

	make_entry(&entry, about, level, text);
	return !entry.failed &&
	       sendto(log_journal, entry.text, entry.len, MSG_DONTWAIT | MSG_NOSIGNAL,
		      (const struct sockaddr *)&addr, sizeof(addr)) >= 0;
}

static void tell_journal(const struct log_about *about, int level, const char *text)
{
	char note[80];

	if (log_lost) {
		snprintf(note, sizeof(note), "%lu lines are missing here: the journal did not take them",
			 log_lost);
		if (send_to_journal(NULL, LOG_WARNING, note))
			log_lost = 0;
	}
	if (!send_to_journal(about, level, text))
		log_lost++;
}

static void log_text(const struct log_about *about, int level, char *text)
{
	/* What others have said may have several lines. */
	for (char *p = text; *p; p++) {
		if ((*p >= 0 && *p < ' ') || *p == 127)
			*p = ' ';
	}
	if (log_journal >= 0)
		tell_journal(about, level, text);
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
