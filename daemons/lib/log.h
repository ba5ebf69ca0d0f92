/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log lines, to the journal with fields if that is where stderr goes, else to
 * stderr. A line about a device begins with its name (`vif3.0: ...`). Never waits
 * for the journal: what that does not take is lost, and counted.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

/*
 * What a line is about: the journal's fields XEN_DOMID, XEN_DEVID, XEN_KIND, XEN_PHASE,
 * DURATION_US.
 */
struct log_about {
	const char *name;	/* how the line begins */
	const char *kind;	/* vif or vbd */
	unsigned int domid, devid;
	const char *phase;	/* plug, unplug, ...; NULL: none */
	uint64_t duration_us;	/* 0: none */
};

/* Finds out where lines go. Until then, and in tests, they go to stderr. */
void log_open(const char *program, bool debug);
bool log_is_debug(void);

/* @about may be NULL. */
void log_about(const struct log_about *about, int level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(...)		log_about(NULL, LOG_ERR, __VA_ARGS__)
#define log_warning(...)	log_about(NULL, LOG_WARNING, __VA_ARGS__)
#define log_notice(...)		log_about(NULL, LOG_NOTICE, __VA_ARGS__)
#define log_info(...)		log_about(NULL, LOG_INFO, __VA_ARGS__)
#define log_debug(...)		log_about(NULL, LOG_DEBUG, __VA_ARGS__)

/* Logs the text and what the negative error number @r says, and returns @r. */
int log_err_errno(int r, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
