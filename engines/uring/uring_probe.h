/* Whether io_uring runs here as uring.h needs it, and why not.  No include of liburing's, so that
 * tables of methods can name it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* false with the reason, in words a user can act on.  Main thread; leaves nothing open. */
bool uring_probe(char *why, size_t size);
/* The reason why io_uring_setup(2) failed with this errno.  disabled: kernel.io_uring_disabled
 * (Linux 6.6), -1 where there is none; release: of the kernel, "6.1.0-18-amd64". */
void uring_explain(int errnum, int disabled, const char *release, char *why, size_t size);
/* The same, of this host. */
void uring_explain_here(int errnum, char *why, size_t size);
