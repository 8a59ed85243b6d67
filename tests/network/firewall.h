/* A firewall of a namespace of the test's own, in front of all that arrives there (nf_tables: a
 * chain at the hook "input", whose policy is changed).  Over IPv4. */
#pragma once

#include <stdbool.h>

/* In the namespace that the calling thread is in.  Returns a descriptor, or -1 where the kernel has
 * no nf_tables, or forbids it. */
int firewall_open(void);
/* From now on all that arrives is dropped, or taken. */
void firewall_drop(int fd, bool drop);
