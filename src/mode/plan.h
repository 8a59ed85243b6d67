/* The plan of a run: which workers there are, on which CPUs, with which method, and what else a
 * run must know of its mode's set-up.  An engine's plan() fills it on the main thread, with the
 * help of what stands below; open() adds what only then is known (ports, peer). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ports.h"
#include "mode/engine.h"

struct plan_worker {
	enum role role;
	unsigned index;  /* among the workers of its role */
	int cpu;         /* -1: not pinned */
	bool shares_cpu; /* another worker has the same CPU */
	const struct method *method;
};

struct path; /* makes the sockets, see mode/path.h */

/* The ways in which an idle worker waits (--wait).  options_common's choices have the same
 * order. */
enum wait_how {
	WAIT_BLOCK, /* the engine's own wait where it has one, else ppoll(2) */
	WAIT_POLL,  /* ppoll(2) */
	WAIT_SPIN,  /* it asks again */
};

struct plan {
	unsigned workers; /* servers first */
	/* malloc'ed by plan_place() or the engine; freed by plan_free() */
	struct plan_worker *worker;
	/* their counters make sum.tx_* and sum.rx_* (echo, both: client, client) */
	unsigned tx_roles, rx_roles;
	/* The sides of the ledger on which TX_PACKETS of tx_roles and RX_PACKETS of rx_roles stand.
	 * echo: SENT, RECEIVED; echo, servers only: RECEIVED (answers), SENT (questions); modes
	 * that count deliveries in counters of their own: NONE, NONE. */
	enum ledger_side tx_ledger, rx_ledger;
	/* The roles whose sending starts all traffic: these stop first (drain() is called on them)
	 * and begin to measure last, so that what they send is counted by all in the same phase. 0:
	 * none of them is here. */
	unsigned quiet_first;
	/* The roles whose IN_FLIGHT counts: when it is 0, a phase is settled.  They need not be
	 * those that send: an epoll chat's server has deliveries in flight. */
	unsigned flying;
	/* The roles whose IN_FLIGHT tells of packets that they hold back, and that nobody counts as
	 * flying any more: a phase is not settled before these have gone on.  0: none. */
	unsigned holding;
	/* The other end tells what became of what was sent; who sent it does not count that. Until
	 * the run has ended the two do not agree to the packet. */
	bool told;
	/* One side of the ledger is the other end's to tell, when the run is over: until then, and
	 * where it does not, there is no ledger. */
	bool needs_word;
	enum ledger_rest rest; /* what packets without a place are */
	/* For each latency the roles that the engine's table names but that do not record it in
	 * this run; no memory is set aside for them. */
	unsigned unrecorded[LATENCIES_MAX];
	/* the roles whose workers record how long stamped packets took in each stage; 0: none */
	unsigned stage_roles;
	/* Bit per enum procnet_field that may explain loss (SOFTNET_DROPPED, UDP_SNDBUF_ERRORS):
	 * only up to what is unexplained. */
	uint32_t host_places;
	/* One packet that these count is so many of what the ledger counts: copies, of a multicast;
	 * and it may hold so many datagrams, where they are joined.  0: one. */
	unsigned packet_copies, packet_joins;
	/* the fragments that the longest datagram goes as; 0: not known, 1: it goes whole */
	unsigned fragments;
	/* Per packet, for wire bits: Ethernet + IP + UDP header bytes, without the frame check
	 * sequence. */
	unsigned wire_overhead_bytes;
	bool closed_loop; /* carries the coordinated-omission notice */
	/* sending for 2 s without receiving is worth an event and an invalid verdict */
	bool expects_answers;
	/* The load that [ and ] change live; load_name NULL: none.  In words of the option:
	 * "window", "rate". */
	const char *load_name;
	uint64_t load, load_min, load_max;
	/* workers spin after a burst for so much of its time; set by the run layer */
	unsigned handicap_percent;
	enum wait_how wait; /* set by the run layer before plan(), which may change it */
	/* the method that really ran, "mmsg" or "mmsg/single" (server/client) */
	char ran[24];
	/* "127.0.0.1:5000" once known; open() of the first server or client fills it */
	char peer[80];
	/* the run's own, once known: what a capture filters by */
	struct ports ports;
	char interface[16]; /* a capture would listen here: "lo"; "" unknown */
	int address_family; /* AF_INET or AF_INET6, of the traffic; 0 if none */
	/* warnings for start.warnings and the event list, "" = none */
	char notes[4][160];
	/* Set by the run layer before plan(), which may take another of the table: see
	 * path_reach(). */
	const struct path *path;
	const struct path *const *paths;
	void *path_state; /* the path's own, from before the first open() on */
	/* the engine's own, shared by its workers: written only in plan() and open() (which run
	 * one at a time) */
	void *shared;
};

/* Appends to notes (silently dropped when full). */
void plan_note(struct plan *plan, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Datagrams go as so many fragments (0: not known): what they are lost by gets its places.  In
 * open(). */
void plan_fragments(struct plan *plan, unsigned fragments);

/* Frees plan->worker and zeroes it; plan->shared is the engine's (release()).  Accepts a zeroed
 * plan. */
void plan_free(struct plan *plan);
/* The values of --role and --wait. */
enum role plan_role(const struct options *o);
/* --path veth: sockets are opened by a helper, which may do so whatever this process may. */
bool plan_on_veth(const struct options *o);
enum wait_how plan_wait(const struct options *o);

/* Reads --role, --cores, --server-cpus, --client-cpus and fills plan->worker: servers then
 * clients, a CPU each.  Default for both roles: servers on the first half of the allowed CPUs,
 * clients on the rest, at least one each; for one role: all.  CPUs that are offline or outside
 * the mask, or more cores than CPUs: -EINVAL with a clear line.  synthetic: any CPU number goes,
 * nothing is pinned. */
int plan_place(const struct options *o, bool synthetic, struct plan *plan, struct err *err);
/* Counts the workers of each role. */
void plan_count_roles(const struct plan *plan, unsigned *ret_servers, unsigned *ret_clients);
/* After plan_place(): as many workers of each role as said (of a role that has some), going round
 * the CPUs that the role has; what then shares a CPU is marked. */
int plan_spread(struct plan *plan, unsigned servers, unsigned clients, struct err *err);
/* The demands of a run on its methods. */
struct plan_demand {
	/* the mode's own option for the number of workers, "threads"; NULL: --cores and the CPU
	 * lists alone */
	const char *workers_option;
	/* the option that sets their length, "payload"; NULL: any length will do */
	const char *bytes_option;
	uint32_t datagram_bytes; /* the mode's headers included */
};
/* After workers have their methods, and the plan its path, family and interface: holds them
 * against what the methods can do.  Workers that nobody asked for are left out; what was asked
 * for and does not fit is -EINVAL: "--cores 4: method xdp takes at most 2 of them (eth0 has 2
 * queues)". */
int plan_limit(const struct options *o, const struct plan_demand *demand, struct plan *plan, struct err *err);
/* The method for a role: --server-method/--client-method, else --method, else the engine's
 * default (its first that runs here).  -ENOTSUP with probe()'s reason where it does not run
 * here; -EINVAL with the nearest name where unknown. */
int plan_method(
	const struct engine *engine, const struct options *o, enum role role, const struct method **ret_method, struct err *err);
