/* Captures through the life of runs.  See main/live/run_capture.h. */
#include "main/live/run_capture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "mode/path.h"
#include "run/session.h"

void run_capture_init(struct run_capture *t, const struct options *o, struct session *session)
{
	*t = (struct run_capture){ .session = session, .directory = options_text(o, "out"), .force = options_number(o, "force") };
	capture_options_default(&t->options);
	if (!*options_text(o, "capture"))
		return;
	t->file = options_text(o, "capture");
	t->wanted = true;
	/* It was asked for with the run, so it ends with the run; the limit in bytes stays. */
	t->options.limit_ns = 0;
}

/* FILE for the first, FILE-2 and so on for those of later runs; without --capture a name made of
 * the time. */
static int name_file(struct run_capture *t, struct err *err)
{
	char directory[PATH_MAX - 64], stamp[64];

	t->files++;
	if (t->file) {
		size_t length = strlen(t->file);
		bool suffix = length > 5 && !strcmp(t->file + length - 5, ".pcap");

		if (t->files == 1)
			snprintf(t->path, sizeof(t->path), "%s", t->file);
		else
			snprintf(t->path, sizeof(t->path), "%.*s-%u%s", (int)(suffix ? length - 5 : length), t->file, t->files,
				suffix ? ".pcap" : "");
		return 0;
	}
	if (*t->directory)
		snprintf(directory, sizeof(directory), "%s", t->directory);
	else
		file_data_directory(directory, sizeof(directory));
	clock_format_file(clock_wall_of(clock_run_ns()), stamp, sizeof(stamp));
	snprintf(t->path, sizeof(t->path), "%.3900s/capture-%s-%u.pcap", directory, stamp, t->files);
	return file_make_directories(directory, err);
}

static void note_loss(struct run_capture *t, const char *why)
{
	t->state.failed = true;
	t->lost |= t->file != NULL;
	snprintf(t->state.message, sizeof(t->state.message), "%.250s", why);
}

/* To the namespace that the run's interface is in; 0: it is in this one. */
static int reach_interface(const struct run_capture *t, const struct run_info *info, struct err *err)
{
	const struct path *path = session_path(t->session, info->path);

	return path && path->capture ? session_capture_socket(t->session, info->id, err) : 0;
}

static int capture_begin(struct run_capture *t, const struct run_info *info, struct err *err)
{
	int inside = reach_interface(t, info, err);
	const struct capture_request request = { .path = t->path,
		.force = t->force,
		.interface = info->interface,
		.ports = info->ports,
		.protocol = info->engine->protocol,
		.echo_header = info->engine->echo_header,
		.options = t->options,
		.inside_fd = inside };
	int rc = inside < 0 ? inside : capture_start(&request, &t->capture, err);

	if (inside > 0)
		close(inside);
	return rc;
}

int run_capture_start(struct run_capture *t, const struct run_info *info, struct err *err)
{
	struct err why = ERR_NONE;
	int rc = run_capture_stop(t, &why);

	t->wanted = true;
	if (rc >= 0 && !info->interface[0] && !t->options.interface[0])
		rc = err_say(&why, ENODEV, "mode %s sends no packets to capture", info->engine->name);
	if (rc >= 0)
		rc = name_file(t, &why);
	if (rc >= 0)
		rc = capture_begin(t, info, &why);
	if (rc < 0) {
		t->wanted = false;
		t->state = (struct capture_state){ 0 };
		snprintf(t->state.path, sizeof(t->state.path), "%s", t->path);
		note_loss(t, why.text);
		return err_say(err, why.code, "no capture: %s", why.text);
	}
	t->captured = true;
	capture_state(t->capture, &t->state);
	return 0;
}

int run_capture_stop(struct run_capture *t, struct err *err)
{
	struct capture *c = t->capture;
	struct err why = ERR_NONE;

	t->wanted = false;
	if (!c)
		return 0;
	/* Only after the end does the state say what the file holds. */
	capture_halt(c);
	capture_state(c, &t->state);
	t->capture = NULL;
	t->lost |= t->state.failed && t->file;
	int rc = capture_stop(c, &why);
	if (rc < 0) {
		note_loss(t, why.text);
		err_say(err, why.code, "%s", why.text);
	}
	return rc;
}

int run_capture_begin(struct run_capture *t, const struct run_info *info, struct err *err)
{
	t->captured = false;
	return t->wanted ? run_capture_start(t, info, err) : 0;
}

bool run_capture_look(struct run_capture *t)
{
	bool was_active = t->state.active;

	if (!t->capture)
		return false;
	capture_state(t->capture, &t->state);
	return was_active && !t->state.active;
}
