/* Errors: one record that travels up with a negative errno.
 *
 * Whoever fails first writes down what was tried ("bind 127.0.0.1:5000") and why; everybody
 * above only passes the record on, and main prints it once.  A struct err belongs to its
 * caller's stack and is not shared between threads. */
#pragma once

#include <stddef.h>

enum { ERR_TEXT_BYTES = 384 };

struct err {
	int code;                  /* 0, or a positive errno */
	char text[ERR_TEXT_BYTES]; /* "" or "operation: reason", one line, never with a newline */
};

#define ERR_NONE ((struct err){ 0 })

/* Records "<formatted>: <strerror(errnum)>" unless an earlier error stands there already (the
 * first error wins).  Returns -errnum (-EIO if errnum is 0), so that `return err_sys(err, errno,
 * "bind %s", name);` reads well.  err may be NULL.  Safe from any thread. */
int err_sys(struct err *err, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same without strerror: the text stands for itself.  For input that is wrong by our own
 * rules. */
int err_say(struct err *err, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

void err_clear(struct err *err);
