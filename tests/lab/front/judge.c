// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xen.h"

#define DUMP_BEGIN	"gnttab_usage_print_all ["
#define DUMP_END	"gnttab_usage_print_all ]"
#define DUMP_DOMAIN	"grant-table for remote d"

/* Everything a fixed command prints. */
static char *output_of(const char *command)
{
	size_t size = 1 << 16, used = 0, n;
	char *text = util_alloc(size);
	FILE *f = popen(command, "r");

	if (!f) {
		free(text);
		return NULL;
	}
	while ((n = fread(text + used, 1, size - used - 1, f)) > 0) {
		used += n;
		if (used == size - 1) {
			size *= 2;
			text = realloc(text, size);
			if (!text)
				util_lab_error("out of memory");
		}
	}
	text[used] = 0;
	if (pclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

static const char *last_occurrence(const char *text, const char *what)
{
	const char *found = NULL;

	while ((text = strstr(text, what))) {
		found = text;
		text++;
	}
	return found;
}

/*
 * An entry in use looks like "[0x012]      0 0x12345 0x00000002 ..."; the
 * number in brackets is the grant reference.
 */
static bool entry_counts(const char *line, bool only_ours)
{
	const char *bracket = strstr(line, "[0x");
	const char *end = strchr(line, '\n');
	unsigned int gref;

	if (!bracket || (end && bracket > end) || sscanf(bracket, "[0x%x]", &gref) != 1)
		return false;
	return !only_ours || xen_gref_was_ours(gref);
}

static int count_entries(const char *dump, u16 domid, bool only_ours)
{
	const char *line, *title;
	bool inside = false;
	int count = 0;

	for (line = dump; line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (!strncmp(line, DUMP_END, sizeof(DUMP_END) - 1))
			break;
		title = strstr(line, DUMP_DOMAIN);
		if (title && (!strchr(line, '\n') || title < strchr(line, '\n')))
			inside = (u16)strtoul(title + sizeof(DUMP_DOMAIN) - 1, NULL, 10) == domid;
		else if (inside)
			count += entry_counts(line, only_ours);
	}
	return count;
}

int judge_mapped_grants(u16 domid, bool only_ours)
{
	char *text = output_of("xl debug-keys g && xl dmesg");
	const char *begin;
	int count = -ENOENT;

	if (!text)
		return -ENOENT;
	begin = last_occurrence(text, DUMP_BEGIN);
	if (begin && strstr(begin, DUMP_END))
		count = count_entries(begin, domid, only_ours);
	else if (strstr(text, DUMP_END))
		count = -ENOBUFS;
	free(text);
	return count;
}

bool judge_nothing_mapped(struct check *chk, u16 domid, unsigned int ms)
{
	u64 deadline = util_now_ms() + ms;
	int count;

	do {
		count = judge_mapped_grants(domid, true);
		if (count < 0)
			util_lab_error("Xen's grant-table dump: %s",
				       count == -ENOBUFS ? "conring_size is too small for it" :
				       "cannot be read");
	} while (count && util_now_ms() < deadline);
	return check_that(chk, !count, "%d grants are still mapped by the backend after close",
			  count);
}

struct judge_memory judge_memory(void)
{
	struct judge_memory mem = { -1, -1 };
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128];

	if (!f)
		return mem;
	while (fgets(line, sizeof(line), f)) {
		(void)sscanf(line, "MemAvailable: %ld", &mem.available);
		(void)sscanf(line, "SUnreclaim: %ld", &mem.slab);
	}
	fclose(f);
	return mem;
}

long judge_interrupts_called(const char *name)
{
	FILE *f = fopen("/proc/interrupts", "r");
	char line[512], *at, *end;
	long sum = -1;

	/* The interrupt's number, a count for each processor, words, and whose it is. */
	while (f && fgets(line, sizeof(line), f)) {
		at = strrchr(line, ' ');
		if (!at || strncmp(at + 1, name, strlen(name)) || at[1 + strlen(name)] != '\n')
			continue;
		at = strchr(line, ':');
		sum = max(sum, 0l);
		for (end = at; at && end; at = end) {
			long n = strtol(at + 1, &end, 10);

			if (end == at + 1)
				break;
			sum += n;
		}
	}
	if (f)
		fclose(f);
	return sum;
}

long judge_interrupts(const struct dev *dev)
{
	char *name = util_printf("%s-%u-%u", dev->kind, dev->fe_domid, dev->id);
	long sum = judge_interrupts_called(name);

	free(name);
	return sum;
}

long judge_disk_errors(const struct dev *dev)
{
	char *path = util_printf("/sys/bus/xen-backend/devices/%s-%u-%u/statistics/err_req",
				 dev->kind, dev->fe_domid, dev->id);
	FILE *f = fopen(path, "r");
	long n = -1;

	if (f && fscanf(f, "%ld", &n) != 1)
		n = -1;
	if (f)
		fclose(f);
	free(path);
	return n;
}
