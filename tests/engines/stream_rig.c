/* See stream_rig.h. */
#include "stream_rig.h"

#include <stdio.h>

#include "../support/free_port.h"

int stream_rig_try(struct rig *rig, const char *const *option)
{
	struct rig_config config = { .engine = &engine_stream, .unchecked = true };

	for (unsigned i = 0; option[i]; i++) {
		assert_less(i, RIG_OPTIONS_MAX - 1);
		config.option[i] = option[i];
	}
	return rig_open(rig, &config);
}

void stream_rig_open(struct rig *rig, const char *const *option)
{
	if (stream_rig_try(rig, option) < 0)
		fail_msg("%s", rig->err.text);
}

uint64_t stream_rig_sum(struct rig *rig, unsigned counter)
{
	return rig_sum(rig, ROLE_BOTH, counter);
}

void stream_rig_expect_balance(struct rig *rig)
{
	rig_expect_balance(rig);
	rig_expect_sound(rig);
}

struct stream_worker *stream_rig_state(struct rig *rig, unsigned worker)
{
	return rig->worker[worker].state;
}

void stream_rig_free_port(char port[8])
{
	snprintf(port, 8, "%u", free_port());
}

bool stream_rig_has_connections(struct rig *rig, uint64_t value)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < rig->opened; i++)
		n += stream_rig_state(rig, i)->link.state == LINK_FLOWING;
	return n >= value;
}
