// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "conf.h"
#include "str.h"

#define CONF_FILE_MAX	65536

struct reading {
	const struct conf_option *options;
	size_t n;
	void *config;
	char *why;
};

static bool parse_seconds(const char *value, unsigned int *ret)
{
	char *end;
	unsigned long v;

	if (*value < '0' || *value > '9')
		return false;
	errno = 0;
	v = strtoul(value, &end, 10);
	if (*end || errno || v > 86400)
		return false;
	*ret = (unsigned int)v;
	return true;
}

/* "a b  c" becomes "a\0b\0c\0\0". */
static char *split_words(const char *value)
{
	char *words = calloc(1, strlen(value) + 2), *to = words;

	if (!words)
		return NULL;
	while (*value) {
		const size_t skip = strspn(value, " \t"), len = strcspn(value + skip, " \t");

		value += skip;
		memcpy(to, value, len);
		to += len ? len + 1 : 0;
		value += len;
	}
	return words;
}

static bool parse_choice(const struct conf_option *option, const char *value, unsigned int *ret)
{
	for (unsigned int i = 0; option->choices[i]; i++) {
		if (!strcmp(option->choices[i], value)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/* What the value must be, if it is not; else it is set, and the result is NULL. */
static const char *set_option(const struct conf_option *option, const char *value, void *config)
{
	void *field = (char *)config + option->offset;
	char *text;

	switch (option->type) {
	case CONF_BOOL:
		if (strcmp(value, "yes") && strcmp(value, "no"))
			return "'yes' or 'no'";
		*(bool *)field = !strcmp(value, "yes");
		return NULL;
	case CONF_SECONDS:
		return parse_seconds(value, field) ? NULL : "a number of seconds, at most 86400";
	case CONF_CHOICE:
		return parse_choice(option, value, field) ? NULL : "one of the words in the manual";
	case CONF_TEXT:
	case CONF_WORDS:
		text = option->type == CONF_TEXT ? strdup(value) : split_words(value);
		if (!text)
			return "shorter: there is no memory for it";
		free(*(char **)field);
		*(char **)field = text;
		return NULL;
	}
	return "something else";
}

/* inih's: 0 is a mistake. Only the first one is reported. */
static int on_line(void *userdata, const char *section, const char *name, const char *value)
{
	struct reading *reading = userdata;
	char show_name[64], show_value[64];
	const char *must = NULL;
	size_t i;

	for (i = 0; i < reading->n; i++) {
		if (!strcmp(reading->options[i].section, section) &&
		    !strcmp(reading->options[i].name, name))
			break;
	}
	if (i < reading->n) {
		must = set_option(&reading->options[i], value, reading->config);
		if (!must)
			return 1;
	}
	if (reading->why)
		return 0;
	str_show(name, show_name, sizeof(show_name));
	str_show(value, show_value, sizeof(show_value));
	if (must ? asprintf(&reading->why, "%s = %s: must be %s", show_name, show_value, must) < 0 :
	    asprintf(&reading->why, "no option is called '%s' here", show_name) < 0)
		reading->why = NULL;
	return 0;
}

int conf_parse(const char *text, const struct conf_option *options, size_t n, void *config,
	       char **ret_why)
{
	struct reading reading = { options, n, config, NULL };
	const int line = ini_parse_string(text, on_line, &reading);
	int len;

	if (!line)
		return 0;
	if (line < 0) {
		free(reading.why);
		return -ENOMEM;
	}
	len = asprintf(ret_why, "line %d: %s", line, reading.why ? reading.why : "is not 'name = value'");
	free(reading.why);
	return len < 0 ? -ENOMEM : -EINVAL;
}

int conf_read(const char *path, const struct conf_option *options, size_t n, void *config,
	      char **ret_why)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	_free_ char *text = NULL;
	struct stat st;
	ssize_t len;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return -EPERM;
	text = calloc(1, CONF_FILE_MAX + 1);
	if (!text)
		return -ENOMEM;
	len = read(fd, text, CONF_FILE_MAX + 1);
	if (len < 0)
		return -errno;
	if (len > CONF_FILE_MAX)
		return -EFBIG;
	return conf_parse(text, options, n, config, ret_why);
}

void conf_free(const struct conf_option *options, size_t n, void *config)
{
	for (size_t i = 0; i < n; i++) {
		char **field = (char **)((char *)config + options[i].offset);

		if (options[i].type == CONF_TEXT || options[i].type == CONF_WORDS) {
			free(*field);
			*field = NULL;
		}
	}
}
