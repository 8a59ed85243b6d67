/* Network namespaces of a test's own: nothing that it sends can leave them.
 *
 *   netns_make()   once, first of all: this process moves into a user and a network namespace; lo
 *                  is up there.  false where that is forbidden: the tests are skipped.
 *   netns_make_as_root()   the same without a user namespace, for what asks for rights in the first
 *                  one (bpf(2)); false for anybody but root
 *   netns_pair()   a second namespace, and a veth pair: "va" here (10.77.0.1, fd77::1) and "vb"
 *                  there (10.77.0.2, fd77::2)
 *   netns_peer()   to the other namespace, and back with netns_home(): for sockets to be made there
 *
 * Single-threaded programs only (unshare(2): CLONE_NEWUSER). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engines/net/net.h"

bool netns_make(void);
bool netns_make_as_root(void);
/* Skips the test, with the reason, where netns_make() has failed. */
void netns_need(void);
void netns_pair(void);
void netns_peer(void);
void netns_home(void);
/* A shell command that must succeed, in the namespace that the process is in. */
void netns_run(const char *command, ...) __attribute__((format(printf, 1, 2)));
/* Sets a switch of lo in this namespace: "route_localnet" and the like. */
void netns_lo_switch(const char *name, bool on);

/* Addresses have no port. */
union net_address netns_address(const char *text);
/* A UDP socket in the namespace that the process is in, at this address and a port of the
 * kernel's. */
int netns_bound_socket(const char *host, union net_address *ret_at);
void netns_mac(const char *interface, uint8_t ret_mac[6]);
