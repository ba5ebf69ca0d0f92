/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration file, by a table, parsed by libinih. */
#ifndef LIB_CONF_H
#define LIB_CONF_H

#include <stdbool.h>
#include <stddef.h>

enum conf_type {
	CONF_BOOL,		/* bool: yes or no */
	CONF_SECONDS,		/* unsigned int: 0 to 86400 */
	CONF_TEXT,		/* char *: the rest of the line */
	CONF_WORDS,		/* char *: words, each with a NUL, and an empty one at the end */
	CONF_CHOICE,		/* unsigned int: which of the words in `choices` */
};

struct conf_option {
	const char *section, *name;
	enum conf_type type;
	size_t offset;			/* of the field in the struct */
	const char *const *choices;	/* ends with NULL */
};

/*
 * Reads @path into @config. Only root may be able to write the file (-EPERM).
 * On a mistake (-EINVAL), *@ret_why says on which line and what, to be freed. A
 * file that is not there leaves @config as it is.
 */
int conf_read(const char *path, const struct conf_option *options, size_t n, void *config,
	      char **ret_why);

/* The same for text, which is what the file's part of conf_read() comes to. */
int conf_parse(const char *text, const struct conf_option *options, size_t n, void *config,
	       char **ret_why);

/* Frees what conf_read() has allocated in @config. */
void conf_free(const struct conf_option *options, size_t n, void *config);

#endif
