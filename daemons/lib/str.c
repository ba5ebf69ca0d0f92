// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "str.h"

void str_fini(struct str *s)
{
	free(s->text);
	*s = (struct str){ 0 };
}

/* Makes room for @len bytes more and a NUL. */
static bool str_reserve(struct str *s, size_t len)
{
	size_t room = s->room ? s->room : 64;
	char *text;

	if (s->failed)
		return false;
	while (room - s->len <= len)
		room *= 2;
	if (room == s->room)
		return true;
	text = realloc(s->text, room);
	if (!text) {
		s->failed = true;
		return false;
	}
	s->text = text;
	s->room = room;
	return true;
}

void str_add(struct str *s, const char *data, size_t len)
{
	if (!str_reserve(s, len))
		return;
	memcpy(s->text + s->len, data, len);
	s->len += len;
	s->text[s->len] = '\0';
}

void str_addf(struct str *s, const char *format, ...)
{
	char small[256], *large = NULL;
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(small, sizeof(small), format, ap);
	va_end(ap);
	if (len >= 0 && (size_t)len < sizeof(small)) {
		str_add(s, small, (size_t)len);
		return;
	}
	va_start(ap, format);
	len = vasprintf(&large, format, ap);
	va_end(ap);
	if (len < 0) {
		s->failed = true;
		return;
	}
	str_add(s, large, (size_t)len);
	free(large);
}

char *str_take(struct str *s)
{
	char *text = s->failed ? NULL : s->text;

	if (text)
		s->text = NULL;
	str_fini(s);
	return text;
}

const char *str_show(const char *text, char *buf, size_t size)
{
	size_t i;

	for (i = 0; text[i] && i + 1 < size; i++) {
		const char c = text[i];

		buf[i] = c >= ' ' && c <= '~' && c != '\'' && c != '"' ? c : '?';
	}
	buf[i] = '\0';
	if (text[i] && size > 4)
		memcpy(buf + size - 4, "...", 4);
	return buf;
}

bool str_copy(char *to, size_t size, const char *from)
{
	const size_t len = strlen(from);

	if (len >= size)
		return false;
	memcpy(to, from, len + 1);
	return true;
}

uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}
