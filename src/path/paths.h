/* The table of all paths, which main hands to whoever starts runs.  See mode/path.h. */
#pragma once

#include "mode/path.h"

/* A pair of virtual Ethernet devices, each end in a network namespace of its own: veth(4).  A
 * helper process makes it, and no root is needed (src/path/veth/). */
extern const struct path path_veth;

/* NULL-terminated, the choices of --path first. */
extern const struct path *const paths_all[];
