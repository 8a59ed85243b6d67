/* Files of three kinds, mode 0600, never over an existing one without `force`:
 * - a document is written whole or not at all: a hidden name beside the target, fsync, rename;
 * - a recording can be read while it is made, under its name with FILE_PARTIAL behind it, and gets
 *   its name at the end;
 * - a growing file stands under its own name from the start: whole lines are appended.
 * Owner thread only. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

/* Behind the name of a recording until it is finished. */
#define FILE_PARTIAL ".part"

enum file_kind { FILE_DOCUMENT, FILE_RECORDING, FILE_GROWING };

struct file_out {
	FILE *stream; /* write here */
	char *path, *temporary;
	enum file_kind kind;
	bool force;
};

/* path "-" is stdout (never closed, commit only flushes).  -EEXIST with "PATH exists (--force
 * overwrites)". */
int file_begin(struct file_out *out, const char *path, bool force, struct err *err);
/* A recording, or a growing file.  What a process that is killed had written stays readable. */
int file_begin_recording(struct file_out *out, const char *path, bool force, struct err *err);
int file_begin_growing(struct file_out *out, const char *path, bool force, struct err *err);
/* Appends text, which ends a line, in one write(2).  On failure the file is cut back to the lines
 * that were whole. */
int file_append(struct file_out *out, const char *text, size_t len, struct err *err);
/* Flushes, fsyncs and gives the file its name; a full disk is found here at the latest.  On
 * failure nothing is left of a document; a recording stays under its partial name. */
int file_commit(struct file_out *out, struct err *err);
/* Flushes and fsyncs what was written so far. */
int file_sync(struct file_out *out, struct err *err);
/* Throws the temporary away; a growing file keeps its lines.  Accepts a never-begun or committed
 * one. */
void file_abort(struct file_out *out);

/* The file that a name leads to, through links, be it there or not; malloc'ed. */
char *file_resolve(const char *path);
/* Removes the regular file that a document of this name would replace: what is found there from
 * now on is newer. */
int file_remove_old(const char *path, struct err *err);

/* mkdir -p with mode 0700 for what is created. */
int file_make_directories(const char *path, struct err *err);
/* Is there a writable directory to hold `path`, and no file in the way unless force?  For a
 * check before an hour of measuring. */
int file_check_writable(const char *path, bool force, struct err *err);
/* The same for a recording, whose partial name must be free as well. */
int file_check_recording(const char *path, bool force, struct err *err);
/* write(2) until all is written.  0 or -errno, and then *ret_done tells how much was.  Any
 * thread. */
int file_write_fully(int fd, const void *bytes, size_t len, size_t *ret_done);
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
