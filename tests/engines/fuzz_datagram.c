/* Feeds datagrams to both sides of mode echo: the server's judgement, and the client's flows fed
 * with sends, answers, ICMP errors and stalls.  Input: records of 1 byte what, 1 byte length, that
 * many bytes. */
#include <stdlib.h>
#include <string.h>

#include "engines/echo/flow.h"
#include "engines/echo/wire.h"

enum { FLOWS = 3, FIRST_FLOW = 32764, OUT_MAX = 1000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

/* Checks the invariants after every step. */
static void check(const struct echo_flows *f)
{
	uint64_t flying = 0;

	for (unsigned i = 0; i < f->count; i++) {
		const struct echo_flow *flow = &f->flow[i];

		must(flow->low < flow->next && flow->low + flow->out < flow->next && flow->newest < flow->next &&
			flow->base <= flow->next);
		flying += echo_flow_outstanding(flow);
	}
	must(flying == f->in_flight);
}

/* Judges it as the server does; the address is made of the last bytes. */
static void judge(const uint8_t *data, size_t len, unsigned flags)
{
	union net_address from = { 0 };
	size_t tail = len < sizeof(from) ? len : sizeof(from);

	memcpy(&from, data + len - tail, tail);
	if (flags & 1)
		from.sa.sa_family = flags & 2 ? AF_INET : AF_INET6;
	bool verbatim = flags & 4, truncated = flags & 8;
	enum echo_judgement j = echo_judge_bytes(data, len, truncated, echo_judge_source(&from, 5000, verbatim), verbatim);
	must(j < ECHO_JUDGEMENTS);
	if (j != ECHO_ANSWER)
		return;
	must(!truncated && net_port(&from) >= ECHO_SAFE_PORT && !net_is_group(&from));
	must(verbatim || (len >= ECHO_HEADER_BYTES && !(data[0] & ECHO_REPLY_BYTE)));
}

static void answer(struct echo_flows *f, const uint8_t *data, size_t len, int64_t age_ns)
{
	struct echo_answer a;

	if (!echo_flows_parse(f, data, len, ECHO_HEADER_BYTES, 0, INT64_MAX, &a))
		return;
	must(a.index < f->count && a.counter && a.counter < f->flow[a.index].next);
	enum echo_arrival first = echo_flows_take(f, &a, age_ns), again = echo_flows_take(f, &a, age_ns);
	/* Only what is older than the ring can be told from nothing twice. */
	must(again == ECHO_DUPLICATE || f->flow[a.index].next - a.counter > f->ring_mask);
	(void)first;
}

static void step(struct echo_flows *f, unsigned what, const uint8_t *data, size_t len)
{
	unsigned index = len ? data[0] % FLOWS : 0;

	switch (what % 7) {
	case 0:
		if (f->flow[index].next < OUT_MAX)
			echo_flows_send(f, index, 1);
		break;
	case 1:
		/* Only sends of the same call can be taken back; the newest one stands for them. */
		if (f->flow[index].next > 1 && f->flow[index].low < f->flow[index].next - 1 &&
			f->flow[index].base < f->flow[index].next && f->flow[index].newest < f->flow[index].next - 1)
			echo_flows_unsend(f, index);
		break;
	case 2:
		echo_flows_give_up(f, index);
		break;
	case 3:
		echo_flows_rebase(f);
		break;
	case 4:
		echo_flows_refused(f, data, len);
		break;
	case 5:
		answer(f, data, len, what & 8 ? ECHO_LATE_NS + 1 : 1);
		break;
	case 6:
		judge(data, len, what >> 3);
		break;
	}
	check(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct echo_flows f;

	must(echo_flows_init(&f, FIRST_FLOW, FLOWS) == 0);
	while (size >= 2) {
		size_t len = data[1] < size - 2 ? data[1] : size - 2;
		/* A copy of its own: a sanitizer sees a read beyond it. */
		uint8_t *record = malloc(len ? len : 1);

		must(record != NULL);
		memcpy(record, data + 2, len);
		step(&f, data[0], record, len);
		free(record);
		data += 2 + len;
		size -= 2 + len;
	}
	echo_flows_free(&f);
	return 0;
}
