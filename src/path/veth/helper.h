/* The helper of path veth: a process of its own, this program again, that makes the pair of
 * namespaces and hands out sockets in them until nobody wants any more.  See message.h for what is
 * said between the two. */
#pragma once

enum { VETH_HELPER_FD = 3 };
/* the verb of the command line that starts it; nobody but netdyno calls it */
#define VETH_HELPER_VERB "__veth"

/* The whole life of the process; `control` is its end of the control socket, and capture() the life
 * of a process that captures through a socket, which returns its exit status.  Returns the helper's
 * own, 0 where it was told to end.  It prints nothing: the other end says what failed. */
int veth_helper(int control, int (*capture)(int fd));
