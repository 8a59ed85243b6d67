/* Choosing a path, and those that need no helper: sockets of this process's own network
 * namespace.  See path.h. */
#include "mode/path.h"

#include <errno.h>
#include <string.h>

#include "base/privilege/privilege.h"

/* ---- choosing ---- */

const struct path *path_find(const struct path *const *paths, const char *name)
{
	for (unsigned i = 0; paths[i]; i++)
		if (!strcmp(paths[i]->name, name))
			return paths[i];
	return NULL;
}

int path_choose(const struct options *o, const struct path *const *paths, struct plan *plan, struct err *err)
{
	const char *name = options_text(o, "path");
	const struct path *path = path_find(paths, name);
	char why[160] = "";

	if (!path)
		return err_say(err, ENOTSUP, "--path %s: not built into this program", name);
	if (!path->probe(why, sizeof(why)))
		return err_say(err, ENOTSUP, "--path %s does not run here: %s", name, why);
	plan->paths = paths;
	plan->path = path;
	int rc = path->check ? path->check(o, err) : 0;

	if (rc >= 0 && path->note)
		path->note(o, plan);
	return rc;
}

int path_reach(const struct options *o, bool elsewhere, const char *why, struct plan *plan, struct err *err)
{
	if (plan->path->elsewhere == elsewhere)
		return 0;
	if (options_is_given(o, "path"))
		return err_say(err, EINVAL, "--path %s: %s", plan->path->name, why);
	for (unsigned i = 0; plan->paths[i]; i++) {
		if (plan->paths[i]->elsewhere != elsewhere)
			continue;
		plan->path = plan->paths[i];
		return 0;
	}
	return err_say(err, ENOTSUP, "no path leads there: %s", why);
}

int path_socket(const struct plan *plan, enum role role, int domain, int type, int protocol, struct err *err)
{
	return plan->path->socket(plan->path_state, role, domain, type, protocol, err);
}

/* ---- this namespace ---- */

static int here_socket(void *state, enum role role, int domain, int type, int protocol, struct err *err)
{
	int fd;

	(void)state;
	(void)role;
	/* No worker may open one itself. */
	if (domain == AF_PACKET || domain == AF_XDP) {
		fd = privilege_socket(domain);
		return fd >= 0 ? fd : err_sys(err, -fd, "socket");
	}
	fd = socket(domain, type | SOCK_CLOEXEC, protocol);
	return fd >= 0 ? fd : err_sys(err, errno, "socket");
}

static bool here_probe(char *why, size_t size)
{
	if (size)
		why[0] = '\0';
	return true;
}

const struct path path_loopback = {
	.name = "loopback",
	.summary = "both ends on this host, in this network namespace",
	.probe = here_probe,
	.socket = here_socket,
};

const struct path path_remote = {
	.name = "remote",
	.summary = "the other end is on another host (--role client, --role server)",
	.elsewhere = true,
	.probe = here_probe,
	.socket = here_socket,
};

const struct path *const paths_here[] = { &path_loopback, &path_remote, NULL };
