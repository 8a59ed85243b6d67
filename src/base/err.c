/* The error record: see err.h. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* The text may quote foreign bytes (a path, an argument): it becomes one line that is harmless on a
 * terminal. */
static void make_one_line(struct err *err)
{
	char raw[sizeof(err->text)];

	memcpy(raw, err->text, sizeof(raw));
	text_escape(raw, strlen(raw), err->text, sizeof(err->text));
}

/* A reason that does not fit is worth more than the end of a long path: the front part gives
 * way. */
static void append_reason(struct err *err, int errnum)
{
	char scratch[96];
	const char *reason = strerror_r(errnum, scratch, sizeof(scratch));
	size_t room = sizeof(err->text) - strlen(reason) - sizeof(": ");
	size_t length = strlen(err->text);

	if (length > room)
		length = room;
	snprintf(err->text + length, sizeof(err->text) - length, ": %s", reason);
}

/* The first error wins. */
__attribute__((format(printf, 4, 0))) static int err_record(
	struct err *err, int errnum, bool with_reason, const char *fmt, va_list args)
{
	int saved = errno;

	if (!errnum)
		errnum = EIO;
	if (err && !err->code) {
		vsnprintf(err->text, sizeof(err->text), fmt, args);
		make_one_line(err);
		if (with_reason)
			append_reason(err, errnum);
		err->code = errnum;
	}
	errno = saved;
	return -errnum;
}

int err_sys(struct err *err, int errnum, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int rc = err_record(err, errnum, true, fmt, args);
	va_end(args);
	return rc;
}

int err_say(struct err *err, int errnum, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int rc = err_record(err, errnum, false, fmt, args);
	va_end(args);
	return rc;
}

void err_clear(struct err *err)
{
	if (err)
		*err = ERR_NONE;
}
