/* Files written whole or not at all: a temporary name beside the target, fsync, then rename;
 * mode 0600; never over an existing file without `force`.  Owner thread only. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

struct file_out {
	FILE *stream; /* write here */
	char *path, *temporary;
	bool force;
};

/* path "-" is stdout (never closed, commit only flushes).  -EEXIST with "PATH exists (--force
 * overwrites)". */
int file_begin(struct file_out *out, const char *path, bool force, struct err *err);
/* Flushes, fsyncs and gives the file its name; a full disk is found here at the latest.  On
 * failure nothing is left behind. */
int file_commit(struct file_out *out, struct err *err);
/* Throws the temporary away; accepts a never-begun or committed one. */
void file_abort(struct file_out *out);

/* mkdir -p with mode 0700 for what is created. */
int file_make_directories(const char *path, struct err *err);
/* Is there a writable directory to hold `path`, and no file in the way unless force?  For a
 * check before an hour of measuring. */
int file_check_writable(const char *path, bool force, struct err *err);
/* Reads a whole regular file of at most max_bytes, NUL-terminated, into *ret_text (free it).
 * -EFBIG beyond. */
int file_read_all(const char *path, size_t max_bytes, char **ret_text, size_t *ret_len, struct err *err);
/* The first line, without its newline, of a small file as /proc and /sys have them; what is
 * longer than `size` is cut off.  false, and "", where it cannot be read.  Any thread. */
bool file_read_line(const char *path, char *out, size_t size);
/* "$XDG_DATA_HOME/netdyno" or "~/.local/share/netdyno"; "$XDG_CONFIG_HOME/netdyno/config.ini".
 * Into out; returns out. */
char *file_data_directory(char *out, size_t size);
char *file_config_path(char *out, size_t size);
