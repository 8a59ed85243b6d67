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

void echo_start_drops(struct worker *w, struct udp_port *port, uint32_t *ret_last, unsigned counter)
{
	int rc = port->method->drops(port, ret_last);

	if (rc >= 0)
		return;
	w->unknown |= 1ull << counter;
	if (!w->unknown_why[0])
		snprintf(w->unknown_why, sizeof(w->unknown_why), "drops of a socket cannot be read here (%s)", strerror(-rc));
}

int echo_count_drops(struct worker *w, struct udp_port *port, uint32_t *last, unsigned counter, struct err *err)
{
	uint32_t now;

	if (w->unknown >> counter & 1)
		return 0;
	int rc = port->method->drops(port, &now);
	if (rc < 0)
		return err_sys(err, -rc, "getsockopt SO_MEMINFO");
	worker_count(w, counter, (uint32_t)(now - *last));
	*last = now;
	return 0;
}
