/* Only some of this process may open a packet socket: this says who.
 *
 * CAP_NET_RAW (capabilities(7)) is all that netdyno may need beyond an ordinary user's rights: for
 * captures, and for methods that send whole frames.  A thread has it in one of three ways:
 *
 *   - main: permitted, not effective, but for the calls between privilege_raise() and
 *     privilege_lower(); and not even permitted once privilege_drop() has been called;
 *   - the opener, a thread that does nothing but open packet sockets for others and never sees
 *     a byte from outside: likewise;
 *   - every other thread: not at all.  It calls privilege_drop() before anything else.
 *
 * Capabilities belong to threads: cap_set_proc(3) of libcap changes the calling one alone.  Root
 * keeps its other capabilities.  Nothing here fails for want of a capability: the system call
 * that needs it does. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* The first thing that main does: what this thread may do, it does only where it says so.  0 or
 * -errno.  Where it was not called (tests of parts), the others change nothing. */
int privilege_begin(struct err *err);
/* The calling thread gives CAP_NET_RAW up for good, and so do those that it starts later. */
void privilege_drop(void);
/* Every capability, likewise: for a thread that reads foreign bytes and opens nothing. */
void privilege_drop_all(void);
/* The calling thread uses what it is permitted.  Whether it does is for privilege_lower(), which
 * keeps errno. */
bool privilege_raise(void);
void privilege_lower(bool raised);

/* Starts the opener, once; without CAP_NET_RAW in main nothing happens.  It lives as long as the
 * process.  Main thread, before the threads that will ask.  0 or -errno. */
int privilege_start_opener(struct err *err);
/* socket(domain, SOCK_RAW | SOCK_CLOEXEC, 0) of AF_PACKET or AF_XDP, which sees nothing before it
 * is bound (packet(7), networking/af_xdp.rst): by the opener if there is one, else by the calling
 * thread.  Any thread; the descriptor or -errno, -EPERM without CAP_NET_RAW. */
int privilege_socket(int domain);
