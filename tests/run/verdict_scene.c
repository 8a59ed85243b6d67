/* See verdict_scene.h. */
#include "verdict_scene.h"

#include <string.h>

#include "base/clock.h"

void scene_make_good(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	s->worker[0] = (struct run_worker){ .role = ROLE_SERVER, .pinned = true };
	s->worker[1] = (struct run_worker){ .role = ROLE_CLIENT, .pinned = true };
	s->info = (struct run_info){ .engine = &engine_toy,
		.role = ROLE_BOTH,
		.tx_roles = ROLE_CLIENT,
		.rx_roles = ROLE_CLIENT,
		.workers = 2,
		.worker = s->worker,
		.warmup_ns = NS_PER_S,
		.peer = "127.0.0.1:5000" };
	s->edge_ns[0] = s->edge_ns[1] = 2ll * NS_PER_S;
	s->final = (struct run_final){ .how = PHASE_DONE,
		.workers = 2,
		.edge = s->edge,
		.edge_ns = s->edge_ns,
		.settled = s->settled,
		.measured_ns = 2ll * NS_PER_S };
	s->final.net_from.known = s->final.net_to.known = UINT32_MAX;
	s->final.net_to.value[PROCNET_CPU_TICKS] = 400;
	s->edge[1].value[COUNTER_SCHEDULED] = 10000;
	s->edge[1].value[COUNTER_TX_PACKETS] = 10000;
	s->settled[1].value[COUNTER_RX_PACKETS] = s->edge[1].value[COUNTER_RX_PACKETS] = 10000;
	s->ledger = (struct ledger){ .known = true, .sent = 10000, .received = 10000, .balanced = true };
}

void scene_judge(const struct scene *s, struct verdict *ret_verdict)
{
	struct reading r = reading_of_final(&s->info, &s->final);

	verdict_of(&r, &s->ledger, s->captured, ret_verdict);
}

void scene_judge_live(const struct scene *s, const struct sample *from, const struct sample *to, struct verdict *ret_verdict)
{
	struct reading r = reading_between(&s->info, from, to);

	verdict_of(&r, &s->ledger, s->captured, ret_verdict);
}
