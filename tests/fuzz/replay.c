// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a fuzz target over saved inputs: files, or directories of them. Says
 * how many there were, and before a crash which one it was.
 */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "fuzz.h"

static unsigned long inputs;
static const char *current;

/* Called by the sanitizers before the process dies. */
void __sanitizer_set_death_callback(void (*callback)(void));

static void name_current(void)
{
	fprintf(stderr, "while replaying %s\n", current);
}

static void die(const char *path)
{
	fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
	exit(2);
}

static void replay_file(const char *path, size_t size)
{
	uint8_t *data = malloc(size ? size : 1);	/* exact: ASan sees a read behind it */
	FILE *file = fopen(path, "r");

	if (!data || !file || fread(data, 1, size, file) != size)
		die(path);
	fclose(file);
	current = path;
	LLVMFuzzerTestOneInput(data, size);
	inputs++;
	free(data);
}

static void replay(const char *path)
{
	struct dirent **entries;
	struct stat st;
	int n;

	if (stat(path, &st) < 0)
		die(path);
	if (!S_ISDIR(st.st_mode)) {
		replay_file(path, (size_t)st.st_size);
		return;
	}
	n = scandir(path, &entries, NULL, alphasort);
	if (n < 0)
		die(path);
	for (int i = 0; i < n; i++) {
		char *inner;

		if (entries[i]->d_name[0] != '.') {
			if (asprintf(&inner, "%s/%s", path, entries[i]->d_name) < 0)
				die(path);
			replay(inner);
			free(inner);
		}
		free(entries[i]);
	}
	free(entries);
}

int main(int argc, char **argv)
{
	__sanitizer_set_death_callback(name_current);
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%lu inputs\n", inputs);
	return inputs ? 0 : 2;
}
