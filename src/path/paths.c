/* See paths.h. */
#include "path/paths.h"

const struct path *const paths_all[] = { &path_loopback, &path_veth, &path_remote, NULL };
