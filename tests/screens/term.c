/* A terminal for tests; see term.h. */
#include "leader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DEADLINE_MS = 30000, LAST_WORDS_MS = 2000 };

struct term {
	int rows, columns;
	int master;
	int events;  /* from the leader: struct leader_event */
	int control; /* to the leader: one byte = continue; its end = go */
	pid_t leader, program;
	enum term_state state;
	int status;
	char *raw; /* all that was written */
	size_t raw_length, raw_size, fed;
	VTerm *vterm;
	VTermScreen *screen;
	struct term_report report;
	struct term_modes modes;
	struct termios settings_before;
};

/* ---- libvterm ---- */

static int on_property(VTermProp property, VTermValue *value, void *user)
{
	struct term *t = user;

	if (property == VTERM_PROP_ALTSCREEN)
		t->modes.alternate_screen = value->boolean;
	else if (property == VTERM_PROP_CURSORVISIBLE)
		t->modes.cursor_visible = value->boolean;
	else if (property == VTERM_PROP_MOUSE)
		t->modes.mouse = value->number != VTERM_PROP_MOUSE_NONE;
	return 1;
}

static bool vterm_open(struct term *t)
{
	static const VTermScreenCallbacks callbacks = { .settermprop = on_property };

	t->vterm = vterm_new(t->rows, t->columns);
	if (!t->vterm)
		return false;
	vterm_set_utf8(t->vterm, 1);
	t->screen = vterm_obtain_screen(t->vterm);
	t->modes.cursor_visible = true;
	vterm_screen_set_callbacks(t->screen, &callbacks, t);
	vterm_screen_enable_altscreen(t->screen, 1);
	vterm_screen_reset(t->screen, 1);
	return true;
}

/* "ESC [ N b" at text[0]: how long the sequence is, and N; 0: it is something else. */
static size_t repeat_at(const char *text, size_t length, unsigned *ret_times)
{
	size_t i = 2;

	*ret_times = 0;
	if (length < 4 || text[0] != '\033' || text[1] != '[')
		return 0;
	while (i < length && text[i] >= '0' && text[i] <= '9')
		*ret_times = *ret_times * 10 + (unsigned)(text[i++] - '0');
	return i > 2 && i < length && text[i] == 'b' ? i + 1 : 0;
}

static void show_cursor(struct term *t, bool visible)
{
	const char *bytes = visible ? "\033[?25h" : "\033[?25l";

	if (t->modes.cursor_visible != visible)
		vterm_input_write(t->vterm, bytes, strlen(bytes));
}

/* libvterm, unlike any other terminal, saves with the cursor (DECSC) whether it is visible, and
 * would restore that when the alternate screen is left.  Here it is always saved as visible. */
static void feed_cursor(struct term *t, const char *bytes, size_t length)
{
	bool visible = t->modes.cursor_visible;

	show_cursor(t, true);
	vterm_input_write(t->vterm, bytes, length);
	show_cursor(t, visible);
}

/* From one escape to the next.  Repetitions (REP) are written out: libvterm 0.1 to 0.3 loses its
 * column where one ends at the right edge. */
static void feed_piece(struct term *t, const char *from, size_t length)
{
	unsigned times;
	size_t repeat = repeat_at(from, length, &times);

	if (repeat && t->fed > 0)
		for (unsigned i = 0; i < times; i++)
			vterm_input_write(t->vterm, from - 1, 1);
	if (length > 1 && from[0] == '\033' && (from[1] == '7' || from[1] == '8'))
		feed_cursor(t, from, length);
	else
		vterm_input_write(t->vterm, from + repeat, length - repeat);
	t->fed += length;
}

static void feed_to(struct term *t, size_t end)
{
	while (t->fed < end) {
		const char *from = t->raw + t->fed, *escape = memchr(from + 1, '\033', end - t->fed - 1);

		feed_piece(t, from, escape ? (size_t)(escape - from) : end - t->fed);
	}
}

/* Feeds up to the end of the next complete report; false: there is none yet. */
static bool feed_frame(struct term *t)
{
	static const char head[] = "\033]7701;", tail[] = "\033\\";
	char *from = t->fed == t->raw_length ? NULL : memmem(t->raw + t->fed, t->raw_length - t->fed, head, sizeof(head) - 1);

	if (!from)
		return false;
	char *numbers = from + sizeof(head) - 1;
	char *end = memmem(numbers, t->raw_length - (size_t)(numbers - t->raw), tail, sizeof(tail) - 1);

	if (!end)
		return false;
	*end = '\0';
	if (sscanf(numbers, "%" SCNu64 ";%" SCNu64 ";%" SCNu64, &t->report.frame, &t->report.sample, &t->report.keys) != 3)
		fprintf(stderr, "a report that cannot be read: %s\n", numbers);
	*end = '\033';
	feed_to(t, (size_t)(end - t->raw) + sizeof(tail) - 1);
	return true;
}

/* ---- life ---- */

static void close_if(int fd)
{
	if (fd >= 0)
		close(fd);
}

static bool start(struct term *t, const struct term_config *config, char *const *environment)
{
	struct winsize size = { .ws_row = (unsigned short)t->rows, .ws_col = (unsigned short)t->columns };
	int events[2] = { -1, -1 }, control[2] = { -1, -1 };

	if (pipe2(events, O_CLOEXEC) == 0 && pipe2(control, O_CLOEXEC) == 0)
		t->leader = forkpty(&t->master, NULL, NULL, &size);
	if (t->leader == 0) {
		close(events[0]);
		close(control[1]);
		leader_main(config, environment, events[1], control[0]);
	}
	close_if(events[1]);
	close_if(control[0]);
	t->events = events[0];
	t->control = control[1];
	struct leader_event e = { 0 };

	if (t->leader < 0 || tcgetattr(t->master, &t->settings_before) < 0 || write(t->control, "g", 1) != 1 ||
		read(t->events, &e, sizeof(e)) != sizeof(e))
		return false;
	t->program = e.program;
	return fcntl(t->master, F_SETFL, O_NONBLOCK) == 0 && fcntl(t->master, F_SETFD, FD_CLOEXEC) == 0;
}

struct term *term_open(const struct term_config *config)
{
	char *environment[ENVIRONMENT_MAX] = { NULL };
	struct term *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->rows = config->rows;
	t->columns = config->columns;
	t->master = t->events = t->control = -1;
	t->leader = -1;
	leader_environment(config, environment);
	bool ok = vterm_open(t) && start(t, config, environment);

	leader_environment_free(environment);
	if (ok)
		return t;
	perror("cannot start a program on a pseudo-terminal");
	term_close(t);
	return NULL;
}

void term_close(struct term *t)
{
	if (!t)
		return;
	if (t->state != TERM_ENDED && t->program > 0)
		kill(-t->program, SIGKILL);
	close_if(t->control);
	close_if(t->events);
	/* After the hang-up nothing can block on the terminal. */
	close_if(t->master);
	if (t->leader > 0)
		waitpid(t->leader, NULL, 0);
	if (t->vterm)
		vterm_free(t->vterm);
	free(t->raw);
	free(t);
}

/* ---- waiting ---- */

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool read_output(struct term *t)
{
	if (t->raw_size - t->raw_length < 65536) {
		char *larger = realloc(t->raw, t->raw_size * 2 + 131072);

		if (!larger)
			return false;
		t->raw = larger;
		t->raw_size = t->raw_size * 2 + 131072;
	}
	ssize_t n = read(t->master, t->raw + t->raw_length, t->raw_size - t->raw_length - 1);

	if (n > 0)
		t->raw_length += (size_t)n;
	return n > 0;
}

static void read_event(struct term *t)
{
	struct leader_event e;

	if (read(t->events, &e, sizeof(e)) != sizeof(e)) {
		t->state = TERM_ENDED;
		return;
	}
	t->state = WIFSTOPPED(e.status) ? TERM_STOPPED : TERM_ENDED;
	t->status = e.status;
}

/* One step onward: a frame, or more bytes, or a change of state.  false: the deadline has
 * passed. */
static bool step(struct term *t, int64_t deadline_ms)
{
	if (feed_frame(t))
		return true;
	if (t->state != TERM_RUNNING && t->fed < t->raw_length) {
		feed_to(t, t->raw_length);
		return true;
	}
	bool ended = t->state == TERM_ENDED;
	struct pollfd fds[] = { { .fd = t->master, .events = POLLIN }, { .fd = ended ? -1 : t->events, .events = POLLIN } };
	int64_t left = deadline_ms - now_ms();

	/* The kernel may hand over what was written last a little after the end. */
	if (ended && left > LAST_WORDS_MS)
		left = LAST_WORDS_MS;
	if (left <= 0 || poll(fds, 2, (int)left) <= 0)
		return false;
	if (fds[0].revents & POLLIN)
		read_output(t);
	else if (fds[1].revents)
		read_event(t);
	return true;
}

struct goal {
	enum { GOAL_FRAME, GOAL_SAMPLE, GOAL_KEYS, GOAL_TEXT, GOAL_STATE, GOAL_RESTORED } kind;
	uint64_t number;
	const char *text;
};

static bool has_text(const struct term *t, const char *text)
{
	char row[4096];

	for (int r = 0; r < t->rows; r++)
		if (strstr(term_row(t, r, row, sizeof(row)), text))
			return true;
	return false;
}

static bool reached(const struct term *t, const struct goal *goal)
{
	switch (goal->kind) {
	case GOAL_FRAME:
		return t->report.frame >= goal->number;
	case GOAL_SAMPLE:
		return t->report.sample >= goal->number;
	case GOAL_KEYS:
		return t->report.keys >= goal->number;
	case GOAL_TEXT:
		return has_text(t, goal->text);
	case GOAL_STATE:
		return t->state == (enum term_state)goal->number;
	case GOAL_RESTORED:
		return !t->modes.alternate_screen && t->modes.cursor_visible && !t->modes.mouse;
	}
	return false;
}

static bool wait_for(struct term *t, const struct goal *goal)
{
	static const char *const names[] = { "frame", "sample", "keys", "text", "state", "restored modes" };
	int64_t deadline = now_ms() + DEADLINE_MS;

	while (!reached(t, goal))
		if (!step(t, deadline)) {
			fprintf(stderr, "waited in vain for %s %" PRIu64 " %s\n", names[goal->kind], goal->number,
				goal->text ? goal->text : "");
			term_print(t);
			return false;
		}
	return true;
}

bool term_wait_frames(struct term *t, uint64_t more)
{
	return wait_for(t, &(struct goal){ .kind = GOAL_FRAME, .number = t->report.frame + more });
}

bool term_wait_sample(struct term *t, uint64_t sample)
{
	return wait_for(t, &(struct goal){ .kind = GOAL_SAMPLE, .number = sample });
}

bool term_wait_keys(struct term *t, uint64_t keys)
{
	return wait_for(t, &(struct goal){ .kind = GOAL_KEYS, .number = keys });
}

bool term_wait_text(struct term *t, const char *text)
{
	return wait_for(t, &(struct goal){ .kind = GOAL_TEXT, .text = text });
}

bool term_wait_state(struct term *t, enum term_state state)
{
	return wait_for(t, &(struct goal){ .kind = GOAL_STATE, .number = state });
}

bool term_wait_restored(struct term *t)
{
	return wait_for(t, &(struct goal){ .kind = GOAL_RESTORED });
}

/* ---- doing ---- */

void term_send(struct term *t, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = write(t->master, bytes, length);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return;
		if (n > 0) {
			bytes += n;
			length -= (size_t)n;
		} else if (!step(t, now_ms() + DEADLINE_MS)) {
			return;
		}
	}
}

void term_resize(struct term *t, int rows, int columns)
{
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };

	t->rows = rows;
	t->columns = columns;
	vterm_set_size(t->vterm, rows, columns);
	ioctl(t->master, TIOCSWINSZ, &size);
}

void term_signal(struct term *t, int signal)
{
	kill(t->program, signal);
}

void term_continue(struct term *t)
{
	if (write(t->control, "c", 1) == 1)
		t->state = TERM_RUNNING;
}

/* ---- looking ---- */

struct term_report term_report(const struct term *t)
{
	return t->report;
}

struct term_modes term_modes(const struct term *t)
{
	return t->modes;
}

int term_status(const struct term *t)
{
	return t->status;
}

pid_t term_pid(const struct term *t)
{
	return t->program;
}

struct termios term_settings(const struct term *t)
{
	struct termios settings = { 0 };

	tcgetattr(t->master, &settings);
	return settings;
}

struct termios term_settings_before(const struct term *t)
{
	return t->settings_before;
}

int term_rows(const struct term *t)
{
	return t->rows;
}

int term_columns(const struct term *t)
{
	return t->columns;
}

void term_cell(const struct term *t, int row, int column, VTermScreenCell *ret_cell)
{
	*ret_cell = (VTermScreenCell){ 0 };
	vterm_screen_get_cell(t->screen, (VTermPos){ .row = row, .col = column }, ret_cell);
}

bool term_wrote(const struct term *t, const char *bytes)
{
	return t->raw && memmem(t->raw, t->raw_length, bytes, strlen(bytes));
}

bool term_wrote_last(const struct term *t, const char *bytes, const char *before)
{
	const char *from = t->raw, *end = t->raw + t->raw_length, *last = NULL, *at;

	for (; from && (at = memmem(from, (size_t)(end - from), before, strlen(before))); from = at + 1)
		last = at;
	return last && memmem(last, (size_t)(end - last), bytes, strlen(bytes));
}

static size_t put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

char *term_row(const struct term *t, int row, char *out, size_t size)
{
	size_t used = 0, kept = 0;

	for (int c = 0; c < t->columns && used + 5 <= size; c++) {
		VTermScreenCell cell;

		term_cell(t, row, c, &cell);
		bool blank = cell.chars[0] == 0 || cell.chars[0] == ' ';

		/* (uint32_t)-1 is the second half of a wide character. */
		if (cell.chars[0] != UINT32_MAX)
			used += put_utf8(out + used, blank ? ' ' : cell.chars[0]);
		if (!blank)
			kept = used;
	}
	out[kept] = '\0';
	return out;
}

void term_print(const struct term *t)
{
	static const char *const states[] = { "running", "stopped", "ended" };
	char row[4096];

	fprintf(stderr,
		"frame %" PRIu64 ", sample %" PRIu64 ", keys %" PRIu64 ", %s (status 0x%x), %zu bytes written, %zu read; "
		"%s screen, cursor %s, mouse %s:\n",
		t->report.frame, t->report.sample, t->report.keys, states[t->state], (unsigned)t->status, t->raw_length, t->fed,
		t->modes.alternate_screen ? "alternate" : "main", t->modes.cursor_visible ? "visible" : "hidden",
		t->modes.mouse ? "on" : "off");
	for (int r = 0; r < t->rows; r++)
		fprintf(stderr, "|%s\n", term_row(t, r, row, sizeof(row)));
}
