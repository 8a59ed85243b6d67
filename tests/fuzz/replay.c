/* Replays files through LLVMFuzzerTestOneInput: a fuzzer's finding stays a test, with any compiler.
 * Arguments: files and directories. */
#include <errno.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DESCRIPTORS = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replayed;

static int replay(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)where;
	if (kind != FTW_F || !S_ISREG(st->st_mode))
		return 0;
	FILE *file = fopen(path, "rb");
	/* The copy is exactly as large as the input: a sanitizer sees a read beyond it. */
	uint8_t *data = malloc((size_t)st->st_size ? (size_t)st->st_size : 1);
	if (!file || !data || fread(data, 1, (size_t)st->st_size, file) != (size_t)st->st_size) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	fclose(file);
	LLVMFuzzerTestOneInput(data, (size_t)st->st_size);
	free(data);
	replayed++;
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (nftw(argv[i], replay, DESCRIPTORS, FTW_PHYS) != 0) {
			fprintf(stderr, "%s: %s\n", argv[i], strerror(errno));
			return 1;
		}
	}
	printf("%u inputs replayed\n", replayed);
	if (!replayed)
		fprintf(stderr, "no input: give files or directories that hold some\n");
	return replayed ? 0 : 1;
}
