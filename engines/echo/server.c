/* Mode echo, the server's side: one socket per worker and address listened on, in a SO_REUSEPORT
 * group per address.  The worker answers from the buffers it received into; a burst whose
 * answers do not all go out is kept, and nothing more is received until they have. */
#include "engines/echo/server.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "engines/echo/flow.h"
#include "engines/echo/stages/stages.h"
#include "mode/path.h"

enum { ROUNDS = 32 }; /* datagrams a poll where a burst is one datagram */

/* One address. */
struct listener {
	struct udp_port *port;
	struct udp_reply *reply; /* [port->batch * port->segments_max] */
	unsigned replies, answered;
	unsigned own_port;
	uint32_t drops;
	struct udp_fill fill;
	struct echo_server_stages *stages; /* --stages; NULL: off */
};

struct server {
	unsigned count;
	bool verbatim;
	uint64_t questions, question_bytes;
	uint64_t syscalls; /* those counted */
	uint64_t judged[ECHO_JUDGEMENTS];
	const struct echo_shared *shared;
	struct counters *counters; /* the worker's */
	uint64_t reports;          /* questions for our counts, also among the others */
	uint64_t unanswered;       /* that were read when nobody waited for an answer any more */
	struct listener listener[ECHO_LISTEN_MAX];
};

/* ---- open ---- */

static int option_on(int fd, int level, int option, const char *name, struct err *err)
{
	int on = 1;

	return setsockopt(fd, level, option, &on, sizeof(on)) < 0 ? err_sys(err, errno, "setsockopt %s", name) : 0;
}

static int bind_to(int fd, const union net_address *a, struct err *err)
{
	char text[NET_ADDRESS_TEXT];

	return bind(fd, &a->sa, net_address_bytes(a)) < 0 ? err_sys(err, errno, "bind %s", net_format(a, text, sizeof(text))) : 0;
}

/* The first server binds alone, so that a port in use is an error even where it is in use by
 * another netdyno of the same user, then opens the port for the others.  A free port is chosen
 * once, for all addresses. */
static int bind_first(struct worker *w, int fd, unsigned which, struct err *err)
{
	struct echo_shared *s = echo_shared_of(w);
	union net_address *a = &s->listen[which];
	socklen_t size = sizeof(*a);
	int rc = bind_to(fd, a, err);

	if (rc < 0)
		return rc;
	if (getsockname(fd, &a->sa, &size) < 0)
		return err_sys(err, errno, "getsockname");
	for (unsigned i = which + 1; i < s->listens; i++)
		net_set_port(&s->listen[i], net_port(a));
	return s->servers > 1 ? option_on(fd, SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT", err) : 0;
}

static int bind_next(struct worker *w, int fd, unsigned which, struct err *err)
{
	struct echo_shared *s = echo_shared_of(w);
	int rc = option_on(fd, SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT", err);

	if (rc >= 0)
		rc = bind_to(fd, &s->listen[which], err);
	if (rc >= 0 && w->self->index == s->servers - 1)
		rc = steer_attach(fd, s->steer, s->server_cpus, s->servers, err);
	return rc;
}

static int make_socket(struct worker *w, unsigned which, int *ret_fd, struct err *err)
{
	const union net_address *a = &echo_shared_of(w)->listen[which];
	int fd = path_socket(w->plan, ROLE_SERVER, a->sa.sa_family, SOCK_DGRAM, 0, err);
	int rc = fd;

	/* Without it :: would also take IPv4's port, which has a socket of its own. */
	if (rc >= 0 && a->sa.sa_family == AF_INET6)
		rc = option_on(fd, SOL_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY", err);
	if (rc >= 0)
		rc = echo_set_buffers(w, fd, err);
	if (rc >= 0)
		rc = w->self->index == 0 ? bind_first(w, fd, which, err) : bind_next(w, fd, which, err);
	if (rc < 0) {
		if (fd >= 0)
			close(fd);
		return rc;
	}
	net_bound(fd);
	*ret_fd = fd;
	return 0;
}

static int open_listener(struct worker *w, struct server *server, unsigned which, struct err *err)
{
	struct echo_shared *s = echo_shared_of(w);
	const struct udp_method *method = udp_method_of(w->self->method);
	struct listener *l = &server->listener[which];
	struct udp_config config;
	int fd = -1, rc = make_socket(w, which, &fd, err);

	if (rc < 0)
		return rc;
	config = udp_config_of(w->plan, w->self, fd);
	config.want_local = net_is_any(&s->listen[which]);
	config.datagram_bytes = s->receive_bytes;
	config.waits = w->plan->wait == WAIT_BLOCK;
	config.polled = options_number(w->options, "sqpoll");
	config.xdp_mode = (unsigned)options_number(w->options, "xdp-mode");
	/* Where it sleeps in ppoll(2), each must show by its own descriptor what there is. */
	config.beside = which && w->plan->wait != WAIT_POLL ? server->listener[0].port : NULL;
	config.usual_bytes = s->clients ? (uint32_t)echo_datagram_bytes(s) : 0;
	udp_config_join(&config, method, w->options);
	config.batch = echo_batch(s, &config);
	if ((rc = echo_server_stages_new(w, &l->stages, err)) < 0) {
		net_close(fd);
		return rc;
	}
	config.want_time = l->stages;
	config.stamped = l->stages ? echo_server_stamped : NULL;
	config.stamped_ctx = l->stages;
	rc = method->open(method, &config, &l->port, err);
	if (rc < 0) {
		net_close(fd);
		return rc;
	}
	echo_tell_ran(w, l->port);
	if ((rc = echo_add_helpers(w, l->port, err)) < 0)
		return rc;
	l->own_port = net_port(&s->listen[which]);
	l->reply = calloc((size_t)l->port->batch * l->port->segments_max, sizeof(*l->reply));
	if (!l->reply)
		return err_sys(err, ENOMEM, "open echo server");
	w->wait.fd[which] = (struct pollfd){ .fd = l->port->wait, .events = l->port->wait_in };
	w->wait.count = which + 1;
	echo_drops_known(w, l->port->method->drops(l->port, &l->drops), ECHO_C_SERVER_SOCKET_DROPS);
	echo_tell_open(w, l->port->config.fd, l->port->segments_max);
	return 0;
}

/* Tells the run its address once ports are known. */
static void server_publish(struct worker *w)
{
	struct echo_shared *s = echo_shared_of(w);
	struct plan *plan = w->plan;

	unsigned port = net_port(&s->listen[0]);

	ports_add(&plan->ports, port, port);
	if (s->host_is_ours)
		net_set_port(&s->host, port);
	net_format(s->host_is_ours ? &s->host : &s->listen[0], plan->peer, sizeof(plan->peer));
}

int echo_server_open(struct worker *w, struct err *err)
{
	struct echo_shared *s = echo_shared_of(w);
	struct server *server = calloc(1, sizeof(*server));
	int rc = 0;

	if (!server)
		return err_sys(err, ENOMEM, "open echo server");
	w->state = server;
	server->shared = s;
	server->counters = w->counters;
	server->verbatim = s->verbatim;
	server->count = s->listens;
	for (unsigned i = 0; i < s->listens && rc >= 0; i++)
		rc = open_listener(w, server, i, err);
	if (rc >= 0 && w->self->index == 0)
		server_publish(w);
	return rc;
}

/* ---- poll ---- */

/* Closes a run of good datagrams: they become one reply. */
static void answer_run(struct server *server, struct listener *l, const struct udp_reply *run)
{
	if (!run->packets)
		return;
	l->reply[l->replies++] = *run;
	server->questions += run->packets;
	server->question_bytes += run->len;
	server->judged[ECHO_ANSWER] += run->packets;
}

/* before: datagrams of the same run.  What came before a question is told with it, though the
 * worker counts when it has served all. */
static void make_answer(struct server *server, uint8_t *data, uint32_t len, uint32_t before)
{
	if (len == ECHO_REPORT_BYTES && echo_report_is_asked(data, len)) {
		counter_set(server->counters, COUNTER_RX_PACKETS, server->questions + before);
		counter_set(server->counters, ECHO_C_REPORTS, server->reports);
		echo_tell(server->shared, data);
		server->reports++;
	}
	data[0] |= ECHO_REPLY_BYTE;
}

/* One lent element: its good datagrams become replies, runs of them one reply.  Returns how many
 * datagrams it has. */
static unsigned judge(struct server *server, struct listener *l, const struct udp_datagram *d)
{
	enum echo_judgement source = echo_judge_source(d->from, l->own_port, server->verbatim);
	uint32_t most = l->port->config.datagram_bytes, at = 0, len;
	struct udp_reply run = { .to = d };
	unsigned n = 0;

	do {
		len = d->len - at < d->segment ? d->len - at : d->segment;
		enum echo_judgement j = echo_judge_bytes(d->data + at, len, d->truncated || len > most, source, server->verbatim);

		if (j == ECHO_ANSWER) {
			if (!server->verbatim)
				make_answer(server, d->data + at, len, run.packets);
			run.len += len;
			run.packets++;
		} else {
			server->judged[j]++;
			answer_run(server, l, &run);
			run = (struct udp_reply){ .to = d, .offset = at + len };
		}
		at += len;
		n++;
	} while (at < d->len);
	answer_run(server, l, &run);
	return n;
}

/* Sends what is still to be sent.  1: all out, the burst is given back; 0: the kernel has no
 * room. */
static int flush(struct listener *l, struct err *err)
{
	if (l->answered < l->replies) {
		int64_t now_ns = l->stages ? clock_now_ns() : 0;
		int n = l->port->method->reply_burst(l->port, l->reply + l->answered, l->replies - l->answered, err);

		if (n < 0)
			return n;
		if (l->stages)
			echo_server_stages_sent(l->stages, l->port, l->reply + l->answered, (unsigned)n, now_ns);
		l->answered += (unsigned)n;
		if (l->answered < l->replies)
			return 0;
	}
	l->replies = l->answered = 0;
	l->port->method->release(l->port);
	return 1;
}

/* Returns how many elements were received, or were waiting and got out. */
static int serve(struct server *server, struct listener *l, struct err *err)
{
	struct udp_datagram *burst;
	unsigned datagrams = 0;
	int rc;

	if (l->replies) {
		rc = flush(l, err);
		if (rc <= 0)
			return rc;
	}
	int n = l->port->method->recv_burst(l->port, l->port->batch, &burst, err);
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		datagrams += judge(server, l, &burst[i]);
	if (l->stages)
		echo_server_stages_choose(l->stages, l->reply, l->replies);
	udp_fill_add(&l->fill, (unsigned)n, datagrams);
	if (!n)
		return 0;
	rc = flush(l, err);
	return rc < 0 ? rc : n;
}

/* The clients here have given up all that they had sent when this phase began. */
static bool is_too_late(const struct worker *w, const struct server *server)
{
	bool quiet = w->phase == PHASE_SETTLE || w->phase == PHASE_DRAIN;

	return quiet && server->shared->clients && clock_run_ns() - w->phase_ns >= ECHO_LATE_NS;
}

/* What a slow way back has kept here is read, and lost here: a burst, as serve() does. */
static int give_up(struct server *server, struct listener *l, struct err *err)
{
	struct udp_datagram *burst;
	int n = 1;

	if (!l->replies) {
		n = l->port->method->recv_burst(l->port, l->port->batch, &burst, err);
		if (n <= 0)
			return n;
		for (int i = 0; i < n; i++)
			judge(server, l, &burst[i]);
	}
	for (; l->answered < l->replies; l->answered++)
		server->unanswered += l->reply[l->answered].packets;
	l->replies = l->answered = 0;
	l->port->method->release(l->port);
	return n;
}

/* Answers are still in the device's queue, or on their way to it. */
static bool is_sending(const struct listener *l)
{
	int bytes = 0;

	return ioctl(l->port->config.fd, SIOCOUTQ, &bytes) == 0 && bytes > 0;
}

static void server_count(struct worker *w, struct server *server, bool too_late)
{
	struct udp_totals all = { 0 };
	struct udp_fill fill = { 0 };
	uint64_t waiting = 0;

	for (unsigned i = 0; i < server->count; i++) {
		const struct listener *l = &server->listener[i];

		udp_totals_add(&all, &l->port->totals);
		udp_fill_merge(&fill, &l->fill);
		for (unsigned r = l->answered; r < l->replies; r++)
			waiting += l->reply[r].packets;
		waiting += too_late && is_sending(l);
	}
	counter_set(w->counters, COUNTER_RX_PACKETS, server->questions);
	counter_set(w->counters, COUNTER_RX_BYTES, server->question_bytes);
	counter_set(w->counters, COUNTER_TX_PACKETS, all.sent_packets);
	counter_set(w->counters, COUNTER_TX_BYTES, all.sent_bytes);
	counter_set(w->counters, COUNTER_IN_FLIGHT, waiting);
	counter_set(w->counters, ECHO_C_REPLY_ERRORS, all.send_errors + server->unanswered);
	counter_set(w->counters, ECHO_C_REPLY_RETRIES, all.send_busy);
	counter_set(w->counters, ECHO_C_REPORTS, server->reports);
	for (unsigned j = ECHO_SHORT; j < ECHO_JUDGEMENTS; j++)
		counter_set(w->counters, ECHO_C_DROPPED_SHORT + j - ECHO_SHORT, server->judged[j]);
	echo_count_joined(w->counters, &all, &fill);
	/* The worker's loop adds its own to this one. */
	worker_count(w, COUNTER_SYSCALLS, all.syscalls - server->syscalls);
	server->syscalls = all.syscalls;
}

int echo_server_poll(struct worker *w, struct err *err)
{
	struct server *server = w->state;
	bool too_late = is_too_late(w, server);
	int moved = 0;

	for (unsigned i = 0; i < server->count; i++) {
		struct listener *l = &server->listener[i];
		unsigned rounds = l->port->batch < ROUNDS ? ROUNDS / l->port->batch : 1;
		int n = 1;

		while (rounds-- && n > 0) {
			if (l->stages)
				echo_server_stages_read(l->stages, l->port);
			n = (too_late ? give_up : serve)(server, l, err);
			if (n < 0)
				return n;
			moved += n;
		}
		w->wait.fd[i].events = l->replies ? l->port->wait_out : l->port->wait_in;
	}
	server_count(w, server, too_late);
	return moved;
}

int echo_server_wait(struct worker *w, int64_t until_ns, struct err *err)
{
	const struct server *server = w->state;
	struct udp_port *port = server->listener[0].port;

	return port->method->wait ? port->method->wait(port, w, until_ns, err) : worker_ppoll(w, until_ns, err);
}

int echo_server_observe(struct worker *w, struct err *err)
{
	struct server *server = w->state;
	uint64_t xdp_drops = 0;

	for (unsigned i = 0; i < server->count && server->listener[i].stages; i++)
		echo_server_stages_look(server->listener[i].stages);
	for (unsigned i = 0; i < server->count && echo_knows_drops(w, ECHO_C_SERVER_SOCKET_DROPS); i++) {
		struct listener *l = &server->listener[i];
		uint32_t before = l->drops;
		int rc = l->port->method->drops(l->port, &l->drops);

		if (rc < 0)
			return err_sys(err, -rc, "getsockopt SO_MEMINFO");
		echo_count_drops(w, l->drops - before, l->port);
		xdp_drops += l->port->totals.no_frame + l->port->totals.ring_full + l->port->totals.bad_frame;
	}
	counter_set(w->counters, ECHO_C_XDP_DROPS, xdp_drops);
	return 0;
}

void echo_server_close(struct worker *w)
{
	struct server *server = w->state;

	if (server)
		echo_tell_close(w);
	for (unsigned i = 0; server && i < server->count; i++) {
		struct listener *l = &server->listener[i];

		free(l->reply);
		echo_server_stages_free(l->stages);
		if (l->port)
			l->port->method->close(l->port);
	}
	free(server);
	w->state = NULL;
}
