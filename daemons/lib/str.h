/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text that grows, text of bounded length, and text of others made fit to be shown. */
#ifndef LIB_STR_H
#define LIB_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Grows as it is added to. When memory runs out it stays as it is, and str_take() gives NULL. */
struct str {
	char *text;
	size_t len, room;
	bool failed;
};

void str_fini(struct str *s);
#define _str_		__attribute__((cleanup(str_fini)))

void str_addf(struct str *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void str_add(struct str *s, const char *data, size_t len);

/* The text, which the caller now owns; NULL if memory ran out. */
char *str_take(struct str *s);

/*
 * Copies @text into @buf so that it can stand in a log line or message: other
 * than printable ASCII and quotes become '?', and what is too long ends in "...".
 */
const char *str_show(const char *text, char *buf, size_t size);

/* Copies a name of bounded length; false, and @to untouched, if it does not fit. */
bool str_copy(char *to, size_t size, const char *from);

/* Monotonic time. */
uint64_t now_us(void);

#endif
