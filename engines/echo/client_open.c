/* The sockets and the memory of an echo client, from open to close.  See client_state.h. */
#include "engines/echo/client_state.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/rng.h"
#include "engines/echo/client.h"
#include "engines/echo/stages/stages.h"
#include "mode/path.h"

static int connect_socket(struct worker *w, int *ret_fd, struct err *err)
{
	struct echo_shared *s = echo_shared_of(w);
	char text[NET_ADDRESS_TEXT];
	int fd = path_socket(w->plan, ROLE_CLIENT, s->host.sa.sa_family, SOCK_DGRAM, 0, err);
	int rc = fd;

	if (rc >= 0)
		rc = echo_set_buffers(w, fd, err);
	if (rc >= 0 && connect(fd, &s->host.sa, net_address_bytes(&s->host)) < 0)
		rc = err_sys(err, errno, "connect %s", net_format(&s->host, text, sizeof(text)));
	if (rc < 0) {
		if (fd >= 0)
			close(fd);
		return rc;
	}
	net_bound(fd);
	*ret_fd = fd;
	return 0;
}

static void refused(void *ctx, const uint8_t *data, size_t len)
{
	struct echo_client *c = ctx;
	int index = echo_flows_refused(&c->flows, data, len);

	if (index >= 0)
		echo_client_has_room(c, (unsigned)index);
}

static int open_sockets(struct worker *w, struct echo_client *c, struct err *err)
{
	unsigned sockets = echo_shared_of(w)->sockets;

	if (udp_group_init(&c->group, sockets) < 0)
		return err_sys(err, ENOMEM, "open echo client, %u sockets", sockets);
	for (unsigned i = 0; i < sockets; i++) {
		int fd = -1, rc = connect_socket(w, &fd, err);

		if (rc < 0)
			return rc;
		udp_group_add(&c->group, fd);
	}
	return 0;
}

static int open_port(struct worker *w, struct echo_client *c, struct err *err)
{
	struct udp_config config = udp_config_of(w->plan, w->self, c->group.socket[0].fd);
	uint32_t drops;

	config.connected = config.want_time = true;
	config.datagram_bytes = config.send_bytes = (uint32_t)c->datagram_bytes;
	config.waits = w->plan->wait == WAIT_BLOCK;
	config.polled = options_number(w->options, "sqpoll");
	config.usual_bytes = config.send_bytes;
	udp_config_join(&config, udp_method_of(w->self->method), w->options);
	config.batch = echo_batch(echo_shared_of(w), &config);
	config.refused = refused;
	config.refused_ctx = c;
	config.stamped = c->stages ? echo_client_stamped : NULL;
	config.stamped_ctx = c;
	int rc = udp_group_open(&c->group, udp_method_of(w->self->method), &config, w, err);
	if (rc < 0)
		return rc;
	c->port = c->group.port;
	echo_tell_ran(w, c->port);
	echo_drops_known(w, udp_group_drops(&c->group, &drops), ECHO_C_CLIENT_SOCKET_DROPS);
	return echo_add_helpers(w, c->port, err);
}

/* Payload is written once; only headers change. */
static int fill_payload(const struct worker *w, struct echo_client *c)
{
	struct rng rng = { .state = echo_shared_of(w)->seed };
	struct udp_send *slot;
	unsigned n = c->port->method->send_slots(c->port, &slot);

	for (size_t at = ECHO_HEADER_BYTES; n && at < c->datagram_bytes; at++)
		slot[0].data[at] = (uint8_t)rng_next(&rng);
	for (unsigned i = 1; i < n; i++)
		memcpy(slot[i].data, slot[0].data, c->datagram_bytes);
	if (!n || !echo_shared_of(w)->verify)
		return 0;
	return echo_verify_init(
		&c->verify, c->flows.count, slot[0].data + ECHO_HEADER_BYTES, c->datagram_bytes - ECHO_HEADER_BYTES);
}

static bool allocate(struct echo_client *c)
{
	unsigned slots = c->port->slots;

	c->burst_flow = calloc(slots, sizeof(*c->burst_flow));
	if (!c->burst_flow || echo_ready_init(&c->ready, c->flows.count, c->group.count) < 0)
		return false;
	return !c->open_loop || echo_schedule_init(&c->schedule, slots) == 0;
}

/* The other end cannot be read where it is another process. */
static void mark_unknown(struct worker *w)
{
	static const char why[] = "the server is another process";

	if (echo_shared_of(w)->servers || echo_shared_of(w)->told)
		return;
	w->unknown |= 1ull << ECHO_C_SERVER_SOCKET_DROPS | 1ull << ECHO_C_REPLY_ERRORS;
	memcpy(w->unknown_why, why, sizeof(why));
}

int echo_client_open(struct worker *w, struct err *err)
{
	struct echo_shared *s = echo_shared_of(w);
	struct echo_client *c = calloc(1, sizeof(*c));

	if (!c)
		return err_sys(err, ENOMEM, "open echo client");
	w->state = c;
	c->open_loop = s->open_loop;
	c->apart = s->steer == STEER_FLOW && s->servers > 1;
	c->datagram_bytes = echo_datagram_bytes(s);
	c->opened_ns = clock_now_ns();
	if (echo_flows_init(&c->flows, (uint16_t)(w->self->index * s->flows), s->flows) < 0)
		return err_sys(err, ENOMEM, "open echo client, %u flows", s->flows);
	int rc = open_sockets(w, c, err);
	if (rc < 0 || (rc = echo_client_stages_open(w, c, err)) < 0 || (rc = open_port(w, c, err)) < 0)
		return rc;
	if (!allocate(c) || fill_payload(w, c) < 0)
		return err_sys(err, ENOMEM, "open echo client");
	if (w->self->index == 0 && !s->servers) {
		echo_ask_open(w, &c->ask);
		s->told = c->ask.on;
	}
	mark_unknown(w);
	if (w->self->index == 0)
		endpoints_fragments(w->plan, &s->host, (uint32_t)c->datagram_bytes);
	if (w->self->index == 0 && !s->servers)
		net_format(&s->host, w->plan->peer, sizeof(w->plan->peer));
	return 0;
}

void echo_client_close(struct worker *w)
{
	struct echo_client *c = w->state;

	if (!c)
		return;
	udp_group_close(&c->group);
	echo_flows_free(&c->flows);
	echo_ready_free(&c->ready);
	free(c->burst_flow);
	echo_schedule_free(&c->schedule);
	echo_verify_free(&c->verify);
	echo_ask_close(&c->ask);
	echo_client_stages_close(c);
	free(c);
	w->state = NULL;
}
