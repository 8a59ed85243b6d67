/* See in_force.h. */
#include "mode/in_force.h"

#include <errno.h>
#include <string.h>

#include "mode/plan.h"

static const char of_clients[] = "it is the client's, and none runs here";
static const char of_servers[] = "it is the server's, and none runs here";
static const char of_veth[] = "it is of the devices of --path veth";

bool option_without_clients(const struct options *o)
{
	return !(plan_role(o) & ROLE_CLIENT);
}

bool option_without_servers(const struct options *o)
{
	return !(plan_role(o) & ROLE_SERVER);
}

/* Each role that runs here has a method of its own. */
static bool method_is_replaced(const struct options *o)
{
	return (option_without_servers(o) || *options_text(o, "server-method")) &&
	       (option_without_clients(o) || *options_text(o, "client-method"));
}

static bool path_is_not_veth(const struct options *o)
{
	return !plan_on_veth(o);
}

/* In every mode. */
static const struct option_rule common_rules[] = {
	{ "host", option_without_clients, of_clients },
	{ "listen", option_without_servers, of_servers },
	{ "server-method", option_without_servers, of_servers },
	{ "client-method", option_without_clients, of_clients },
	{ "server-cpus", option_without_servers, of_servers },
	{ "client-cpus", option_without_clients, of_clients },
	{ "method", method_is_replaced, "each role here has a method of its own" },
	{ "mtu", path_is_not_veth, of_veth },
	{ "veth-offload", path_is_not_veth, of_veth },
	{ "veth-queues", path_is_not_veth, of_veth },
	{ "rate-limit", path_is_not_veth, of_veth },
	{ "loss", path_is_not_veth, of_veth },
	{ "delay", path_is_not_veth, of_veth },
	{ "reorder", path_is_not_veth, of_veth },
	{ "duplicate", path_is_not_veth, of_veth },
	{ 0 },
};

static const char *idle_by(const struct option_rule *rules, const struct options *o, const char *name)
{
	for (; rules && rules->option; rules++)
		if (!strcmp(rules->option, name) && (!rules->idle || rules->idle(o)))
			return rules->why;
	return NULL;
}

const char *option_idle_why(const struct options *o, const char *name)
{
	const char *why = o->engine ? idle_by(o->engine->rules, o, name) : NULL;

	return why || !o->engine ? why : idle_by(common_rules, o, name);
}

int options_check_force(const struct options *o, struct err *err)
{
	for (unsigned i = 0; i < o->count; i++) {
		const char *why = o->value[i].is_given ? option_idle_why(o, o->def[i]->name) : NULL;

		if (why)
			return err_say(err, EINVAL, "--%s does nothing in this run: %s", o->def[i]->name, why);
	}
	return 0;
}

void options_forget_idle(struct options *o)
{
	struct err ignored = ERR_NONE;

	for (unsigned i = 0; i < o->count; i++)
		if (o->value[i].is_given && option_idle_why(o, o->def[i]->name))
			options_reset(o, o->def[i]->name, &ignored);
}
