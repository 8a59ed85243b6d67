/* Plan files, read with inih.  See sweep.h. */
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sweep/sweep.h"

enum { NAMES_MAX = 160, ENTRIES_MAX = 1000 };

static const char *const sections[] = { "sweep", "axes", "options" };
enum { SECTIONS = sizeof(sections) / sizeof(sections[0]) };

struct plan_file_reader {
	struct sweep_file *file;
	const char *text, *at; /* all of it, and the rest */
	int line;
	bool goes_on;  /* the line begins with a blank: inih takes it as more of the key before */
	bool keys_yet; /* in this section */
	struct err *err;
};

static int say_at(struct err *err, int why, const struct sweep_file *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

static int say_at(struct err *err, int why, const struct sweep_file *file, int line, const char *fmt, ...)
{
	char text[ERR_TEXT_BYTES];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return err_say(err, why, "%s:%d: %s", file->path, line, text);
}

/* ---- lines ---- */

/* inih's reader.  A line that does not fit would be cut in two by inih: it is refused, and so
 * nothing is ever read wrongly. */
static char *plan_file_next_line(char *out, int size, void *stream)
{
	struct plan_file_reader *r = stream;
	int n = 0;

	if (!*r->at || r->err->code)
		return NULL;
	r->line++;
	while (n < size - 1 && r->at[n]) {
		out[n] = r->at[n];
		if (out[n++] == '\n')
			break;
	}
	out[n] = '\0';
	if (n == size - 1 && out[n - 1] != '\n' && r->at[n]) {
		say_at(r->err, EINVAL, r->file, r->line,
			"longer than %d characters (a list may continue on a line that begins with a blank)", size - 2);
		return NULL;
	}
	r->at += n;
	r->goes_on = out[0] == ' ' || out[0] == '\t';
	if (out[strspn(out, " \t")] == '[')
		r->keys_yet = false;
	return out;
}

/* ---- entries ---- */

static int find_section(const struct plan_file_reader *r, const char *section)
{
	struct text_guess guess = { .word = section };
	char quoted[TEXT_SHOWN_BYTES];

	for (int i = 0; i < SECTIONS; i++) {
		if (!strcmp(section, sections[i]))
			return i;
		text_guess_offer(&guess, sections[i]);
	}
	if (!*section)
		return say_at(r->err, EINVAL, r->file, r->line,
			"this key stands before the first section ([sweep], [axes] or [options])");
	return say_at(r->err, ENOENT, r->file, r->line, "unknown section [%s]%s; known: [sweep], [axes], [options]",
		text_shown(section, quoted), text_guess_ask(&guess, "[", "]"));
}

static struct sweep_entry *find_entry(const struct sweep_file *file, const char *name)
{
	for (unsigned i = 0; i < file->count; i++)
		if (!strcmp(file->entry[i].name, name))
			return &file->entry[i];
	return NULL;
}

/* More of the list of the entry before. */
static int lengthen(struct plan_file_reader *r, struct sweep_entry *last, const char *value)
{
	size_t length = strlen(last->value);
	bool ended = length > 0 && (last->value[length - 1] == ',' || last->value[length - 1] == '/');
	char *joined = NULL;

	if (asprintf(&joined, "%s%s%s", last->value, ended || !length ? "" : ",", value) < 0)
		return err_sys(r->err, ENOMEM, "read %s", r->file->path);
	free(last->value);
	last->value = joined;
	return 0;
}

static int plan_file_append(struct plan_file_reader *r, int section, const char *name, const char *value)
{
	struct sweep_file *file = r->file;

	if (file->count == ENTRIES_MAX)
		return say_at(r->err, ERANGE, file, r->line, "more than %d keys", ENTRIES_MAX);
	if (file->count == file->room) {
		unsigned room = file->room ? 2 * file->room : 16;
		struct sweep_entry *more = realloc(file->entry, room * sizeof(*more));

		if (!more)
			return err_sys(r->err, ENOMEM, "read %s", file->path);
		file->entry = more;
		file->room = room;
	}
	struct sweep_entry made = {
		.section = (enum sweep_section)section, .name = strdup(name), .value = strdup(value), .line = r->line
	};
	file->entry[file->count++] = made;
	return made.name && made.value ? 0 : err_sys(r->err, ENOMEM, "read %s", file->path);
}

static int take_entry(struct plan_file_reader *r, const char *section, const char *name, const char *value)
{
	int at = find_section(r, section);
	char quoted[TEXT_SHOWN_BYTES];

	if (at < 0)
		return at;
	struct sweep_entry *last = r->file->count ? &r->file->entry[r->file->count - 1] : NULL;
	if (r->goes_on && r->keys_yet && last && !strcmp(last->name, name))
		return lengthen(r, last, value);
	r->keys_yet = true;
	const struct sweep_entry *before = find_entry(r->file, name);
	if (before)
		return say_at(r->err, EINVAL, r->file, r->line, "%s is set twice (first in line %d)", text_shown(name, quoted),
			before->line);
	return plan_file_append(r, at, name, value);
}

/* inih's handler: 1 = fine.  After the first error the reader ends the file. */
static int plan_file_take(void *ctx, const char *section, const char *name, const char *value)
{
	struct plan_file_reader *r = ctx;

	if (r->err->code)
		return 1;
	take_entry(r, section, name, value);
	return 1;
}

/* ---- what the entries say ---- */

static int find_mode(struct sweep_file *file, const struct engine *const *engines, struct err *err)
{
	const struct sweep_entry *mode = find_entry(file, "mode");
	char quoted[TEXT_SHOWN_BYTES];

	if (mode && mode->section != SWEEP_SECTION_SWEEP)
		return say_at(err, EINVAL, file, mode->line, "mode belongs in [sweep]");
	if (!mode)
		return say_at(err, EINVAL, file, 1, "no mode: [sweep] needs a line such as: mode = %s", engines[0]->name);
	file->engine = engine_find(engines, mode->value);
	if (file->engine && !file->engine->built)
		return say_at(
			err, EINVAL, file, mode->line, "mode %s (%s) is not built yet", file->engine->name, file->engine->title);
	if (file->engine)
		return 0;
	struct text_guess guess = { .word = mode->value };
	for (; *engines; engines++)
		text_guess_offer(&guess, (*engines)->name);
	return say_at(err, ENOENT, file, mode->line, "unknown mode \"%s\"%s", text_shown(mode->value, quoted),
		text_guess_ask(&guess, "", ""));
}

/* The key of an entry among those that its section may have; -ENOENT with the nearest named. */
static int check_name(
	const struct sweep_file *file, const struct sweep_entry *e, const char *const *names, unsigned count, struct err *err)
{
	struct text_guess guess = { .word = e->name };
	char quoted[TEXT_SHOWN_BYTES];

	for (unsigned i = 0; i < count; i++) {
		if (!strcmp(names[i], e->name))
			return 0;
		text_guess_offer(&guess, names[i]);
	}
	return say_at(err, ENOENT, file, e->line, "unknown key %s in [%s]%s", text_shown(e->name, quoted), sections[e->section],
		text_guess_ask(&guess, "", ""));
}

/* The right key in the wrong section: which would be the right one?  NULL: none. */
static const char *right_section(const struct sweep_plan *plan, const struct sweep_entry *e, const struct option_def *own)
{
	int at = options_find(&plan->options, e->name);

	if (e->section == SWEEP_SECTION_SWEEP)
		return at >= 0 && plan->options.def[at]->flags & OPTION_RESULT ? "[axes] or [options]" : NULL;
	for (; own->name; own++)
		if (own->flags & OPTION_RESULT && !strcmp(own->name, e->name))
			return "[sweep]";
	return NULL;
}

static int check_own(const struct sweep_file *file, const struct sweep_entry *e, const struct option_def *own, struct err *err)
{
	const char *names[NAMES_MAX] = { "mode" };
	struct err why = ERR_NONE;
	struct options table;
	unsigned n = 1;

	for (unsigned i = 0; own[i].name && n < NAMES_MAX; i++)
		if (own[i].flags & OPTION_RESULT)
			names[n++] = own[i].name;
	int rc = check_name(file, e, names, n, err);
	if (rc < 0 || !strcmp(e->name, "mode"))
		return rc;
	rc = options_init_table(&table, own, err);
	if (rc < 0)
		return rc;
	if (options_check(&table, e->name, e->value, &why) < 0)
		rc = say_at(err, why.code, file, e->line, "%s", why.text);
	options_free(&table);
	return rc;
}

static int check_option(struct sweep_plan *plan, const struct sweep_file *file, const struct sweep_entry *e, struct err *err)
{
	const char *names[NAMES_MAX];
	struct err why = ERR_NONE;
	unsigned n = 0;
	int rc;

	for (unsigned i = 0; i < plan->options.count && n < NAMES_MAX; i++)
		if (plan->options.def[i]->flags & OPTION_RESULT)
			names[n++] = plan->options.def[i]->name;
	if ((rc = check_name(file, e, names, n, err)) < 0)
		return rc;
	const struct option_def *def = plan->options.def[options_find(&plan->options, e->name)];
	if (e->section == SWEEP_SECTION_AXES)
		rc = sweep_plan_set_axis(plan, e->name, e->value, &why);
	else if (sweep_is_list(def, e->value))
		rc = err_say(&why, EINVAL, "--%s: a list belongs in [axes]", e->name);
	else
		rc = options_set(&plan->options, e->name, e->value, &why);
	return rc < 0 ? say_at(err, why.code, file, e->line, "%s", why.text) : 0;
}

static int check_entries(const struct sweep_file *file, const struct option_def *own, struct err *err)
{
	struct sweep_plan plan = { 0 };
	int rc = options_init(&plan.options, file->engine, err);

	for (unsigned i = 0; rc >= 0 && i < file->count; i++) {
		const struct sweep_entry *e = &file->entry[i];

		const char *right = right_section(&plan, e, own);

		if (right)
			rc = say_at(err, EINVAL, file, e->line, "%s belongs in %s", e->name, right);
		else
			rc = e->section == SWEEP_SECTION_SWEEP ? check_own(file, e, own, err) : check_option(&plan, file, e, err);
	}
	sweep_plan_free(&plan);
	return rc;
}

static int read_lines(struct sweep_file *file, const char *text, size_t length, struct err *err)
{
	struct err why = ERR_NONE;
	struct plan_file_reader r = { .file = file, .text = text, .at = text, .err = &why };

	if (memchr(text, '\0', length))
		return err_say(err, EINVAL, "%s: not a text file", file->path);
	int rc = ini_parse_stream(plan_file_next_line, &r, plan_file_take, &r);
	if (rc > 0 && (!why.code || rc < r.line)) {
		err_clear(&why);
		say_at(&why, EINVAL, file, rc, "expected [section] or name = value");
	}
	if (rc < 0)
		err_sys(&why, ENOMEM, "read %s", file->path);
	return why.code ? err_say(err, why.code, "%s", why.text) : 0;
}

int sweep_file_parse(struct sweep_file *file, const char *text, size_t length, const char *path,
	const struct engine *const *engines, const struct option_def *own, struct err *err)
{
	struct sweep_file made = { 0 };
	char quoted[256];

	made.path = strdup(text_escape(path, strlen(path), quoted, sizeof(quoted)));
	if (!made.path)
		return err_sys(err, ENOMEM, "read %s", path);
	int rc = read_lines(&made, text, length, err);
	if (rc >= 0)
		rc = find_mode(&made, engines, err);
	if (rc >= 0)
		rc = check_entries(&made, own, err);
	if (rc < 0)
		sweep_file_free(&made);
	else
		*file = made;
	return rc;
}

void sweep_file_free(struct sweep_file *file)
{
	for (unsigned i = 0; i < file->count; i++) {
		free(file->entry[i].name);
		free(file->entry[i].value);
	}
	free(file->entry);
	free(file->path);
	*file = (struct sweep_file){ 0 };
}
