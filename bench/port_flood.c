/* The UDP port alone, without a mode around it: floods so many readers by a method, and tells the
 * rate.
 *
 *   port_flood METHOD HOST PORT READERS BYTES SECONDS CPU     METHOD: packet, mmsg, single; JSON
 *
 * Each datagram begins with a number of its own, so that none is like the one before. */
#include "bench/bare.h"

#include <string.h>
#include <unistd.h>

#include "engines/udp/packet.h"

enum { READERS_MAX = 1000, BATCH = 64 };

static union net_address reader[READERS_MAX];

static const struct udp_method *method_called(const char *name)
{
	const struct udp_method *const all[] = { &udp_packet, &udp_mmsg, &udp_single };
	char why[160];

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(all[i]->method.name, name))
			continue;
		if (method_runs(&all[i]->method, why, sizeof(why)))
			return all[i];
		fprintf(stderr, "%s: %s\n", name, why);
		exit(1);
	}
	fprintf(stderr, "no method %s\n", name);
	exit(2);
}

static struct udp_port *open_port(const struct udp_method *m, const union net_address *to, uint32_t bytes, struct err *err)
{
	struct udp_config config = { .path = &path_loopback, .batch = BATCH, .datagram_bytes = 1, .send_bytes = bytes };
	struct udp_port *port;

	config.fd = socket(to->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (config.fd < 0)
		die("socket");
	if (m->open(m, &config, &port, err) < 0 || (m->expect && m->expect(port, to, err) < 0)) {
		fprintf(stderr, "%s\n", err->text);
		exit(1);
	}
	return port;
}

/* One burst; how many went, or -errno. */
static int flood(struct udp_port *port, unsigned readers, unsigned *next, struct err *err)
{
	static uint64_t number;
	struct udp_send *slot;
	unsigned n = port->method->send_slots(port, &slot);

	for (unsigned i = 0; i < n; i++) {
		number++;
		memcpy(slot[i].data, &number, slot[i].len < sizeof(number) ? slot[i].len : sizeof(number));
		slot[i].to = &reader[(*next + i) % readers];
	}
	int taken = port->method->send_burst(port, n, err);
	*next = (*next + (taken > 0 ? (unsigned)taken : 0)) % readers;
	return taken;
}

int main(int argc, char **argv)
{
	struct err err = ERR_NONE;
	unsigned next = 0, readers = argc == 8 ? (unsigned)atoi(argv[4]) : 0;
	int rc = 0;

	if (!readers || readers > READERS_MAX || atoi(argv[5]) < 1 || atoi(argv[5]) > UDP_DATAGRAM_MAX) {
		fprintf(stderr, "usage: port_flood METHOD HOST PORT READERS(1..%d) BYTES SECONDS CPU\n", READERS_MAX);
		return 2;
	}
	for (unsigned i = 0; i < readers; i++)
		if (net_resolve(argv[2], "host", (unsigned)atoi(argv[3]) + i, &reader[i], &err) < 0) {
			fprintf(stderr, "%s\n", err.text);
			return 2;
		}
	pin(atoi(argv[7]));
	struct udp_port *port = open_port(method_called(argv[1]), &reader[0], (uint32_t)atoi(argv[5]), &err);
	double start = now_s(), end = start + atof(argv[6]);
	while (rc >= 0 && now_s() < end)
		rc = flood(port, readers, &next, &err);
	if (rc < 0)
		fprintf(stderr, "%s\n", err.text);
	else
		printf("{\"datagrams_per_s\": %.0f, \"send_errors\": %llu}\n",
			(double)port->totals.sent_packets / (now_s() - start), (unsigned long long)port->totals.send_errors);
	port->method->close(port);
	return rc < 0;
}
