/* The settings file.  Read with inih, edited as text so that people's comments stay.  See
 * settings.h. */
#include "main/cli/settings.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "engines/engines.h"
#include "main/cli/program.h"

enum { SETTINGS_BYTES_MAX = 1 << 20 };

static const char screen_section[] = "dash";

struct settings_reader {
	const char *path;
	const char *text, *at; /* all of it, and the rest */
	int line;
	struct options *options, *display;
	bool one_section;
	bool again; /* the file has been read before: what is wrong with all of it has been said */
	FILE *warnings;
};

/* inih's reader: one line a call (a longer one in pieces); counts lines, so that warnings can
 * name them. */
static char *settings_next_line(char *out, int size, void *stream)
{
	struct settings_reader *r = stream;
	int n = 0;

	if (!*r->at)
		return NULL;
	r->line += r->at == r->text || r->at[-1] == '\n';
	while (n < size - 1 && r->at[n]) {
		out[n] = r->at[n];
		if (out[n++] == '\n')
			break;
	}
	out[n] = '\0';
	r->at += n;
	return out;
}

static void warn_section(const struct settings_reader *r, const char *section)
{
	struct text_guess guess = { .word = section };
	char quoted[TEXT_SHOWN_BYTES];

	text_guess_offer(&guess, screen_section);
	for (unsigned i = 0; engines_all[i]; i++)
		text_guess_offer(&guess, engines_all[i]->name);
	fprintf(r->warnings, "netdyno: %s:%d: unknown section [%s]%s\n", r->path, r->line, text_shown(section, quoted),
		text_guess_ask(&guess, "[", "]"));
}

/* inih's handler: 1 = go on, whatever was wrong with this one. */
static int settings_take(void *ctx, const char *section, const char *name, const char *value)
{
	struct settings_reader *r = ctx;
	bool is_screen = !strcmp(section, screen_section);
	struct options *into = is_screen ? r->display : r->options;
	struct err err = ERR_NONE;

	if (!is_screen && (!r->options || strcmp(section, r->options->engine->name) != 0)) {
		if (!r->one_section && !engine_find(engines_all, section))
			warn_section(r, section);
		return 1;
	}
	if (into && options_set_default(into, name, value, &err) < 0)
		fprintf(r->warnings, "netdyno: %s:%d: [%s] %s\n", r->path, r->line, section, err.text);
	return 1;
}

static void read_file(struct settings_reader r)
{
	char path[PATH_MAX], shown[PATH_MAX];
	struct err err = ERR_NONE;
	char *text = NULL;
	size_t length;

	file_config_path(path, sizeof(path));
	int rc = file_read_all(path, SETTINGS_BYTES_MAX, &text, &length, &err);
	if (rc < 0) {
		if (rc != -ENOENT && rc != -ENOTDIR && !r.again)
			fprintf(r.warnings, "netdyno: settings not read: %s\n", err.text);
		return;
	}
	r.path = text_escape(path, strlen(path), shown, sizeof(shown));
	r.text = r.at = text;
	rc = ini_parse_stream(settings_next_line, &r, settings_take, &r);
	if (rc > 0 && !r.again)
		fprintf(r.warnings, "netdyno: %s:%d: expected [section] or name = value\n", r.path, rc);
	free(text);
}

void settings_read(struct options *options, struct options *display, FILE *warnings)
{
	read_file((struct settings_reader){ .options = options, .display = display, .warnings = warnings });
}

void settings_read_mode(struct options *options, FILE *warnings)
{
	read_file((struct settings_reader){ .options = options, .one_section = true, .again = true, .warnings = warnings });
}

void settings_read_display(struct options *display, FILE *warnings)
{
	read_file((struct settings_reader){ .display = display, .one_section = true, .warnings = warnings });
}

/* ---- editing ---- */

static const char *skip_blanks(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

static bool is_section(const char *line, const char *section)
{
	size_t n = strlen(section);

	line = skip_blanks(line);
	return line[0] == '[' && !strncmp(line + 1, section, n) && line[1 + n] == ']';
}

static bool is_key(const char *line, const char *name)
{
	size_t n = strlen(name);

	line = skip_blanks(line);
	if (strncmp(line, name, n) != 0)
		return false;
	line = skip_blanks(line + n);
	return *line == '=' || *line == ':';
}

static const char *line_after(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : line + strlen(line);
}

/* Finds the place of the key's line, [*ret_from, *ret_to), whether the line exists or not.
 * false: the section does not exist. */
static bool find_place(const char *text, const char *section, const char *name, const char **ret_from, const char **ret_to)
{
	const char *line = text, *end;

	while (*line && !is_section(line, section))
		line = line_after(line);
	if (!*line)
		return false;
	line = end = line_after(line);
	for (; *line && *skip_blanks(line) != '['; line = line_after(line)) {
		if (is_key(line, name)) {
			*ret_from = line;
			*ret_to = line_after(line);
			return true;
		}
		/* A new key goes behind the last line of the section that is not empty. */
		if (*skip_blanks(line) != '\n')
			end = line_after(line);
	}
	*ret_from = *ret_to = end;
	return true;
}

char *settings_edit(const char *text, const char *section, const char *name, const char *value)
{
	const char *from = text + strlen(text), *to = from;
	bool there = find_place(text, section, name, &from, &to);
	char *out = NULL, head[80] = "";

	if (!there)
		snprintf(head, sizeof(head), "%s[%s]\n", from > text ? "\n" : "", section);
	bool broken_line = from > text && from[-1] != '\n';
	if (asprintf(&out, "%.*s%s%s%s = %s\n%s", (int)(from - text), text, broken_line ? "\n" : "", head, name, value, to) < 0)
		return NULL;
	return out;
}

static int write_text(const char *path, const char *text, struct err *err)
{
	char directory[PATH_MAX];
	struct file_out out;

	snprintf(directory, sizeof(directory), "%s", path);
	char *slash = strrchr(directory, '/');
	if (slash && slash > directory) {
		*slash = '\0';
		int rc = file_make_directories(directory, err);
		if (rc < 0)
			return rc;
	}
	int rc = file_begin(&out, path, true, err);
	if (rc < 0)
		return rc;
	fputs(text, out.stream);
	rc = file_commit(&out, err);
	file_abort(&out);
	return rc;
}

int settings_keep(const char *section, const char *name, const char *value, struct err *err)
{
	char path[PATH_MAX], real[PATH_MAX];
	char *text = NULL;
	size_t length;

	file_config_path(path, sizeof(path));
	/* A link is followed: what people keep elsewhere stays a link. */
	const char *target = realpath(path, real) ? real : path;
	int rc = file_read_all(target, SETTINGS_BYTES_MAX, &text, &length, err);
	if (rc < 0 && rc != -ENOENT && rc != -ENOTDIR)
		return rc;
	err_clear(err);
	char *edited = settings_edit(text ? text : "", section, name, value);
	free(text);
	if (!edited)
		return err_sys(err, ENOMEM, "edit %s", path);
	rc = write_text(target, edited, err);
	free(edited);
	return rc;
}
