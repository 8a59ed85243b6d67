/* Snapshot loading: input is result.json, then a line "----", then history.jsonl; without that line
 * a result alone.  A history that loads must also be fit to be read and saved. */
#include "fixture.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/rates.h"
#include "snapshot/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char directory[64];

static void remove_directory(void)
{
	static const char *const files[] = { "result.json", "history.jsonl" };
	char path[128];

	for (unsigned i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
		unlink(path);
	}
	rmdir(directory);
}

static void spill(const char *name, const uint8_t *data, size_t size)
{
	char path[128];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	out = fopen(path, "w");
	if (!out)
		abort();
	fwrite(data, 1, size, out);
	fclose(out);
}

/* Asks everything that a screen or a writer would ask. */
static void use(struct history *h, const struct host_info *host)
{
	const struct run_info *info = history_newest_run(h);
	struct results_source source = { .history = h, .run_id = info->id, .host = host };
	struct rates rates;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	for (unsigned age = 0; age + 1 < history_fine_count(h); age++) {
		const struct sample *to = history_fine(h, age);
		struct reading r = reading_between(history_run(h, to->run_id), history_fine(h, age + 1), to);

		rates_of(&r, -1, ROLE_BOTH, &rates);
	}
	results_csv_row(&source, out, true, NULL);
	results_write(&source, out, "memory", NULL);
	fclose(out);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char separator[] = "\n----\n";
	const uint8_t *at = memmem(data, size, separator, sizeof(separator) - 1);
	size_t json = at ? (size_t)(at - data) + 1 : size;
	struct snapshot snapshot = { .history = NULL };
	struct err err = ERR_NONE;
	char path[128];

	if (!directory[0]) {
		snprintf(directory, sizeof(directory), "/tmp/netdyno-fuzz-XXXXXX");
		if (!mkdtemp(directory) || atexit(remove_directory))
			abort();
	}
	spill("result.json", data, json);
	if (at)
		spill("history.jsonl", data + json + sizeof(separator) - 2, size - json - (sizeof(separator) - 2));
	snprintf(path, sizeof(path), "%s%s", directory, at ? "" : "/result.json");
	if (!snapshot_load(path, toy_engines, &snapshot, &err))
		use(snapshot.history, &snapshot.host);
	else if (!err.text[0] || snapshot.history)
		abort();
	history_free(snapshot.history);
	snprintf(path, sizeof(path), "%s/history.jsonl", directory);
	unlink(path);
	return 0;
}
