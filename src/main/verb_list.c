/* netdyno list: modes and methods, paths and captures, each with "runs here" or why not. */
#include <jansson.h>
#include <stdio.h>

#include "base/text.h"
#include "captures/capture.h"
#include "engines/engines.h"
#include "main/cli/cli.h"
#include "main/cli/help.h"
#include "path/paths.h"

const struct option_def list_options[] = {
	{ .name = "json", .type = OPTION_BOOL, .default_text = "no", .help = "as JSON" },
	{ 0 },
};

enum { WHY_BYTES = 240, LEFT = 10, LEFT_OPTION = 14 /* cells */ };

/* Does it run over path veth, and is that here? */
static bool list_runs_on_veth(const struct method *m, char *why, size_t size)
{
	return method_runs_on_veth(m, why, size) && path_find(paths_all, "veth")->probe(why, size);
}

/* ---- JSON ---- */

static json_t *ability(bool runs, const char *why)
{
	return json_pack("{s:b, s:s?}", "runs", runs, "why", runs ? NULL : why);
}

static json_t *method_json(const struct method *m)
{
	char why[WHY_BYTES] = "";
	bool runs = method_runs(m, why, sizeof(why));
	json_t *o = ability(runs, why);

	runs = list_runs_on_veth(m, why, sizeof(why));
	json_object_set_new(o, "over_veth", ability(runs, why));
	json_object_set_new(o, "name", json_string(m->name));
	json_object_set_new(o, "summary", json_string(m->summary));
	return o;
}

static json_t *mode_json(const struct engine *e)
{
	json_t *methods = json_array();

	for (unsigned i = 0; i < engine_methods(e); i++)
		json_array_append_new(methods, method_json(e->methods[i]));
	return json_pack("{s:s, s:s, s:s, s:b, s:o}", "name", e->name, "title", e->title, "summary", e->summary, "built",
		e->built, "methods", methods);
}

static json_t *impairments_json(const struct path *p)
{
	json_t *array = json_array();
	char why[WHY_BYTES] = "";

	for (unsigned i = 0; p->impairments[i]; i++) {
		json_t *o = ability(p->impairs(p->impairments[i], why, sizeof(why)), why);

		json_object_set_new(o, "option", json_string(p->impairments[i]));
		json_array_append_new(array, o);
	}
	return array;
}

static json_t *list_json(void)
{
	json_t *modes = json_array(), *path_list = json_array();
	char why[WHY_BYTES] = "";

	for (unsigned i = 0; engines_all[i]; i++)
		json_array_append_new(modes, mode_json(engines_all[i]));
	for (unsigned i = 0; paths_all[i]; i++) {
		json_t *o = ability(paths_all[i]->probe(why, sizeof(why)), why);

		json_object_set_new(o, "name", json_string(paths_all[i]->name));
		json_object_set_new(o, "summary", json_string(paths_all[i]->summary));
		if (paths_all[i]->impairments)
			json_object_set_new(o, "impairments", impairments_json(paths_all[i]));
		json_array_append_new(path_list, o);
	}
	bool captures = capture_probe(why, sizeof(why));
	return json_pack("{s:{s:s}, s:o, s:o, s:o}", "netdyno", "version", NETDYNO_VERSION, "modes", modes, "paths", path_list,
		"capture", ability(captures, why));
}

/* ---- text ---- */

static void list_say(const char *left, int cells, bool runs, const char *why, const char *summary)
{
	if (runs)
		printf("    %-*s runs here%s%s\n", cells, left, *summary ? "  " : "", summary);
	else
		printf("    %-*s does not run here: %s\n", cells, left, why);
}

static void list_mode(const struct engine *e)
{
	printf("  %-8s %s%s\n", e->name, e->summary, e->built ? "" : " (not built yet)");
	for (unsigned i = 0; i < engine_methods(e); i++) {
		char why[WHY_BYTES] = "";
		bool runs = method_runs(e->methods[i], why, sizeof(why));
		char ignored[WHY_BYTES];

		if (!runs && list_runs_on_veth(e->methods[i], ignored, sizeof(ignored)))
			text_add(why, sizeof(why), "%s", "; over --path veth it runs here");
		list_say(e->methods[i]->name, LEFT, runs, why, e->methods[i]->summary);
	}
}

/* Where the path itself does not run, its reason says it all. */
static void list_path(const struct path *p)
{
	char why[WHY_BYTES] = "", name[24];
	bool runs = p->probe(why, sizeof(why));

	list_say(p->name, LEFT, runs, why, p->summary);
	for (unsigned i = 0; runs && p->impairments && p->impairments[i]; i++) {
		bool impairs = p->impairs(p->impairments[i], why, sizeof(why));

		snprintf(name, sizeof(name), "  --%s", p->impairments[i]);
		list_say(name, LEFT_OPTION, impairs, why, "");
	}
}

static void list_text(void)
{
	char why[WHY_BYTES] = "";

	printf("Modes and methods\n");
	for (unsigned i = 0; engines_all[i]; i++)
		list_mode(engines_all[i]);
	printf("\nPaths\n");
	for (unsigned i = 0; paths_all[i]; i++)
		list_path(paths_all[i]);
	printf("\nCaptures\n");
	bool captures = capture_probe(why, sizeof(why));
	list_say("pcap", LEFT, captures, why, "");
}

static int list(const struct options *own)
{
	if (!options_number(own, "json")) {
		list_text();
		return finish_stdout(EXIT_VALID);
	}
	return finish_document(list_json(), EXIT_VALID);
}

int verb_list(const struct verb *verb, int argc, char **argv, int from)
{
	struct options own = { 0 };
	struct err err = ERR_NONE;

	if (cli_asks_help(argc, argv, from))
		return help_verb(verb, NULL);
	int rc = cli_read_own(verb, argc, argv, from, &own, &err);
	int status = rc < 0 ? complain_usage(&err) : list(&own);
	options_free(&own);
	return status;
}
