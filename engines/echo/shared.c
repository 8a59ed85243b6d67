/* See shared.h. */
#include "engines/echo/shared.h"

#include <stdio.h>

int echo_set_buffers(struct worker *w, int fd, struct err *err)
{
	const struct echo_shared *s = echo_shared_of(w);
	const struct {
		int option, bytes;
		bool given;
		const char *name, *limit;
	} buffer[] = {
		{ SO_RCVBUF, s->rcvbuf_bytes, s->rcvbuf_given, "rcvbuf", "net.core.rmem_max" },
		{ SO_SNDBUF, s->sndbuf_bytes, true, "sndbuf", "net.core.wmem_max" },
	};

	for (unsigned i = 0; i < sizeof(buffer) / sizeof(buffer[0]); i++) {
		int granted, rc;

		if (!buffer[i].bytes)
			continue;
		rc = net_set_buffer(fd, buffer[i].option, buffer[i].bytes, buffer[i].given, &granted, err);
		if (rc < 0)
			return rc;
		bool first = w->self == &w->plan->worker[0];
		if (buffer[i].given && granted < buffer[i].bytes && first)
			plan_note(w->plan, "--%s %d: the kernel gave %d bytes (%s)", buffer[i].name, buffer[i].bytes, granted,
				buffer[i].limit);
	}
	return 0;
}

void echo_drops_known(struct worker *w, int rc, unsigned counter)
{
	if (rc >= 0)
		return;
	w->unknown |= 1ull << counter;
	if (!w->unknown_why[0])
		snprintf(w->unknown_why, sizeof(w->unknown_why), "drops of a socket cannot be read here (%s)", strerror(-rc));
}
