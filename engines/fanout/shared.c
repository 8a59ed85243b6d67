/* See shared.h. */
#include "engines/fanout/shared.h"

#include <errno.h>
#include <unistd.h>

bool fanout_ring(struct fanout_desk *desk)
{
	uint64_t one = 1;

	if (!atomic_load_explicit(&desk->asleep, memory_order_seq_cst) || !atomic_exchange(&desk->asleep, false))
		return false;
	/* EAGAIN means that it is readable already. */
	if (write(desk->bell, &one, sizeof(one)) < 0 && errno != EAGAIN)
		return false;
	return true;
}

int fanout_set_buffers(struct worker *w, int fd, struct err *err)
{
	const struct fanout_shared *s = fanout_shared_of(w);
	const struct {
		int option, bytes;
		const char *name, *limit;
	} buffer[] = {
		{ SO_RCVBUF, s->rcvbuf_bytes, "rcvbuf", "net.core.rmem_max" },
		{ SO_SNDBUF, s->sndbuf_bytes, "sndbuf", "net.core.wmem_max" },
	};

	for (unsigned i = 0; i < sizeof(buffer) / sizeof(buffer[0]); i++) {
		int granted, rc;

		if (!buffer[i].bytes)
			continue;
		rc = net_set_buffer(fd, buffer[i].option, buffer[i].bytes, true, &granted, err);
		if (rc < 0)
			return rc;
		if (granted < buffer[i].bytes && !w->plan->notes[0][0])
			plan_note(w->plan, "--%s %d: the kernel gave %d bytes (%s)", buffer[i].name, buffer[i].bytes, granted,
				buffer[i].limit);
	}
	return 0;
}
