/* Lists on the command line.  See main/sweep/args.h. */
#include "main/sweep/args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One word taken apart: --name, --name=value, -x, -xvalue. */
struct word {
	const struct option_def *def; /* NULL: not an option that is known */
	bool own;                     /* the verb's */
	const char *value;            /* in the word itself; NULL: none */
	bool wants_next;              /* its value is the next word */
};

static bool is_named(const struct option_def *def, const char *name, size_t length)
{
	return strlen(def->name) == length && !strncmp(def->name, name, length);
}

static const struct option_def *find(const struct option_def *table, const char *name, size_t length)
{
	for (; table && table->name; table++)
		if (is_named(table, name, length))
			return table;
	return NULL;
}

static const struct option_def *find_letter(const struct option_def *table, char letter)
{
	for (; table && table->name; table++)
		if (table->letter && table->letter == letter)
			return table;
	return NULL;
}

static struct word read_long(const struct engine *engine, const struct option_def *own, const char *name)
{
	size_t length = strcspn(name, "=");
	struct word w = { .def = find(own, name, length), .value = name[length] ? name + length + 1 : NULL };

	w.own = w.def != NULL;
	if (!w.def)
		w.def = find(options_common, name, length);
	if (!w.def)
		w.def = find(engine->options, name, length);
	return w;
}

static struct word read_letter(const struct engine *engine, const char *text)
{
	struct word w = { .def = find_letter(options_common, text[0]) };

	if (!w.def)
		w.def = find_letter(engine->options, text[0]);
	if (w.def && text[1])
		w.value = text + 1 + (text[1] == '=');
	return w;
}

/* A flag takes no word behind it as a value; but a list of them it can only be meant to have. */
static bool has_list(const struct option_def *def, const char *next)
{
	return def->type == OPTION_BOOL && next && next[0] != '-' && sweep_is_list(def, next);
}

/* `next`: the word behind it, or NULL. */
static struct word read_word(const struct engine *engine, const struct option_def *own, const char *text, const char *next)
{
	struct word w = { 0 };

	if (text[0] == '-' && text[1] == '-' && text[2])
		w = read_long(engine, own, text + 2);
	else if (text[0] == '-' && text[1] && text[1] != '-')
		w = read_letter(engine, text + 1);
	w.wants_next = w.def && !w.value && (w.def->type != OPTION_BOOL || has_list(w.def, next));
	return w;
}

/* What is said last of an option holds, list or not. */
static void forget(struct sweep_args *args, const char *name)
{
	for (unsigned i = 0; i < args->count; i++) {
		if (strcmp(args->list[i].name, name) != 0)
			continue;
		free(args->list[i].text);
		args->count--;
		memmove(&args->list[i], &args->list[i + 1], (args->count - i) * sizeof(args->list[0]));
		return;
	}
}

static int keep(struct sweep_args *args, const char *name, const char *text, struct err *err)
{
	forget(args, name);
	char *copy = strdup(text);
	if (!copy)
		return err_sys(err, ENOMEM, "read --%s", name);
	args->list[args->count++] = (struct sweep_list){ .name = name, .text = copy };
	return 0;
}

int sweep_args_split(struct sweep_args *args, const struct engine *engine, const struct option_def *own, int argc, char **argv,
	int from, struct err *err)
{
	struct sweep_args made = { 0 };
	int rc = 0;

	made.argv = calloc((size_t)argc + 1, sizeof(*made.argv));
	made.list = calloc((size_t)argc + 1, sizeof(*made.list));
	if (!made.argv || !made.list)
		rc = err_sys(err, ENOMEM, "read the command line");
	for (int i = 0; rc >= 0 && i < from; i++)
		made.argv[made.argc++] = argv[i];
	for (int i = from; rc >= 0 && i < argc; i++) {
		struct word w = read_word(engine, own, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
		bool takes_next = w.wants_next && i + 1 < argc;
		const char *value = takes_next ? argv[i + 1] : w.value;

		if (w.def && !w.own && value && sweep_is_list(w.def, value)) {
			rc = keep(&made, w.def->name, value, err);
			i += takes_next;
			continue;
		}
		if (w.def && !w.own)
			forget(&made, w.def->name);
		made.argv[made.argc++] = argv[i];
		if (takes_next)
			made.argv[made.argc++] = argv[++i];
	}
	if (rc < 0)
		sweep_args_free(&made);
	else
		*args = made;
	return rc;
}

void sweep_args_free(struct sweep_args *args)
{
	for (unsigned i = 0; i < args->count; i++)
		free(args->list[i].text);
	free(args->list);
	free(args->argv);
	*args = (struct sweep_args){ 0 };
}
