/* Making and freeing what flows from the control thread to the consumer.  See sample.h. */
#include "record/sample.h"

#include <stdlib.h>

struct sample *sample_new(unsigned workers)
{
	struct sample *s = calloc(1, sizeof(*s) + workers * sizeof(s->worker[0]));

	if (s)
		s->workers = workers;
	return s;
}

bool sample_settle(struct sample *s)
{
	s->settled = calloc(s->workers + 1, sizeof(s->settled[0]));
	return s->settled;
}

void sample_free(struct sample *s)
{
	if (!s)
		return;
	free(s->total);
	free(s->details);
	free(s->stages);
	free(s->settled);
	free(s);
}

const char *run_worker_why(const struct run_worker *w, unsigned counter)
{
	if (counter == COUNTER_RUN_DELAY_NS)
		return "this kernel has no /proc/thread-self/schedstat";
	if (counter_is_hardware(counter) && w->hardware_why[0])
		return w->hardware_why;
	return w->unknown_why[0] ? w->unknown_why : "cannot be read";
}

void run_info_free(struct run_info *info)
{
	if (!info)
		return;
	options_free(&info->options);
	free(info->worker);
	free(info);
}

void run_info_move(struct run_info *info, unsigned worker, int cpu)
{
	if (worker >= info->workers)
		return;
	info->worker[worker].cpu = cpu;
	info->worker[worker].moved = true;
	for (unsigned i = 0; i < info->workers; i++)
		if (i != worker && info->worker[i].cpu == cpu)
			info->worker[i].shares_cpu = info->worker[worker].shares_cpu = true;
}

const char *run_missing_end(const struct run_info *info)
{
	return info->role == ROLE_SERVER   ? "the client is another process"
	       : info->role == ROLE_CLIENT ? "the server is another process"
					   : "";
}

void run_final_free(struct run_final *f)
{
	if (!f)
		return;
	free(f->edge);
	free(f->edge_ns);
	free(f->settled);
	free(f->total);
	free(f->details);
	free(f->stages);
	free(f);
}

void update_free(struct update *u)
{
	if (!u)
		return;
	switch (u->kind) {
	case UPDATE_RUN:
		run_info_free(u->run);
		break;
	case UPDATE_SAMPLE:
		sample_free(u->sample);
		break;
	case UPDATE_FINAL:
		run_final_free(u->final);
		break;
	case UPDATE_PHASE:
	case UPDATE_EVENT:
	case UPDATE_MOVED:
		break;
	}
	free(u);
}
