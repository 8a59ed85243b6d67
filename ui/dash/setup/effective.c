/* What options come to by themselves.  See effective.h. */
#include "ui/dash/setup/effective.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* The newest run, if it is one of the mode that is set up. */
static const struct run_info *effective_run(const struct dash *d)
{
	const struct run_info *info = history_newest_run(d->board->history);

	return info && info->engine == d->board->mode[d->board->current_mode].engine ? info : NULL;
}

static void effective_method(const struct dash *d, char *out, size_t size)
{
	const struct board_mode *mode = &d->board->mode[d->board->current_mode];

	for (unsigned i = 0; i < mode->methods && !out[0]; i++)
		if (mode->method[i].runs)
			snprintf(out, size, "%s", mode->method[i].method->name);
}

/* Those of the two sides follow --method. */
static void effective_side_method(const struct dash *d, char *out, size_t size)
{
	const char *chosen = options_text(&d->board->mode[d->board->current_mode].options, "method");

	if (chosen[0])
		snprintf(out, size, "%s", chosen);
	else
		effective_method(d, out, size);
}

static void effective_cpus(const struct dash *d, unsigned role, char *out, size_t size)
{
	const struct run_info *info = effective_run(d);
	struct cpu_list cpus = { .count = 0 };

	for (unsigned i = 0; info && i < info->workers && cpus.count < CPU_LIST_MAX; i++)
		if (info->worker[i].role & role && info->worker[i].cpu >= 0 && !cpu_list_has(&cpus, info->worker[i].cpu))
			cpus.cpu[cpus.count++] = (short)info->worker[i].cpu;
	if (cpus.count)
		cpu_list_format(&cpus, out, size);
}

static void effective_server_cpus(const struct dash *d, char *out, size_t size)
{
	effective_cpus(d, ROLE_SERVER, out, size);
}

static void effective_client_cpus(const struct dash *d, char *out, size_t size)
{
	effective_cpus(d, ROLE_CLIENT, out, size);
}

static void effective_cores(const struct dash *d, char *out, size_t size)
{
	const struct run_info *info = effective_run(d);
	unsigned most = 0;

	for (unsigned i = 0; info && i < info->workers; i++)
		most = info->worker[i].index + 1 > most ? info->worker[i].index + 1 : most;
	if (most)
		snprintf(out, size, "%u", most);
}

static void effective_port(const struct dash *d, char *out, size_t size)
{
	const struct run_info *info = effective_run(d);
	bool both = !strcmp(options_text(&d->board->mode[d->board->current_mode].options, "role"), "both");

	if (info && info->ports.count && both)
		snprintf(out, size, "%u, a free one", info->ports.range[0].first);
	else
		snprintf(out, size, "%s", both ? "a free one" : "5000");
}

static void effective_duration(const struct dash *d, char *out, size_t size)
{
	(void)d;
	snprintf(out, size, "until stopped");
}

static void effective_bytes(int64_t bytes, char *out, size_t size)
{
	if (bytes > 0)
		text_size(bytes, out, size);
}

static void effective_rcvbuf(const struct dash *d, char *out, size_t size)
{
	effective_bytes(d->board->host.rmem_default, out, size);
}

static void effective_sndbuf(const struct dash *d, char *out, size_t size)
{
	effective_bytes(d->board->host.wmem_default, out, size);
}

static void effective_by_tcp(const struct dash *d, char *out, size_t size)
{
	(void)d;
	snprintf(out, size, "as TCP lets it grow");
}

static bool effective_is_stream(const struct dash *d)
{
	return d->board->mode[d->board->current_mode].engine->reliable;
}

/* TCP sizes its buffers by other settings than these. */
static bool effective_is_datagrams(const struct dash *d)
{
	return !effective_is_stream(d);
}

/* "(default: no limit)" at the end of an option's help says as much. */
static void effective_of_help(const struct option_def *def, char *out, size_t size)
{
	static const char begins[] = "default: ";
	const char *at = def->help ? strstr(def->help, begins) : NULL;

	if (at)
		snprintf(out, size, "%.*s", (int)strcspn(at + sizeof(begins) - 1, ";),"), at + sizeof(begins) - 1);
}

static const struct {
	const char *option;
	void (*say)(const struct dash *d, char *out, size_t size);
	bool (*when)(const struct dash *d); /* NULL: always */
} effective_options[] = {
	{ "method", effective_method, NULL },
	{ "server-method", effective_side_method, NULL },
	{ "client-method", effective_side_method, NULL },
	{ "cores", effective_cores, NULL },
	{ "threads", effective_cores, NULL },
	{ "server-cpus", effective_server_cpus, NULL },
	{ "client-cpus", effective_client_cpus, NULL },
	{ "port", effective_port, NULL },
	{ "duration", effective_duration, NULL },
	{ "rcvbuf", effective_rcvbuf, effective_is_datagrams },
	{ "sndbuf", effective_sndbuf, effective_is_datagrams },
	{ "rcvbuf", effective_by_tcp, effective_is_stream },
	{ "sndbuf", effective_by_tcp, effective_is_stream },
};

const char *effective_value(const struct dash *d, unsigned i, char *out, size_t size)
{
	const struct option_def *def = d->board->mode[d->board->current_mode].options.def[i];

	snprintf(out, size, "%s", host_default(&d->board->host, def));
	for (size_t k = 0; !out[0] && k < sizeof(effective_options) / sizeof(effective_options[0]); k++)
		if (!strcmp(def->name, effective_options[k].option) &&
			(!effective_options[k].when || effective_options[k].when(d)))
			effective_options[k].say(d, out, size);
	if (!out[0])
		effective_of_help(def, out, size);
	return out;
}
