/* The terminal, by way of curses.  See terminal.h. */
#include "ui/terminal/terminal.h"

#include <curses.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"
#include "ui/canvas/glyph.h"
#include "ui/terminal/gather.h"
#include "ui/terminal/keyboard.h"
#include "ui/terminal/stall.h"

#undef columns /* term.h's short names of capabilities */
#undef lines

enum { ESCAPE_DELAY_MS = 25, DIRECT_COLORS = 1 << 24 };

/* Past curses; async-signal-safe. */
static void terminal_write_all(const char *text, size_t length)
{
	while (length) {
		ssize_t n = write(STDOUT_FILENO, text, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		text += n;
		length -= (size_t)n;
	}
}

/* ---- the way back, prepared beforehand, for signal handlers ---- */

static struct {
	volatile sig_atomic_t active;
	struct termios saved;
	char text[256];
	size_t length, cursor_at; /* cursor_at: from there on the cursor is shown */
} emergency;

static int terminal_collect(int byte)
{
	if (emergency.length < sizeof(emergency.text))
		emergency.text[emergency.length++] = (char)byte;
	return byte;
}

static void collect_text(const char *text)
{
	while (*text)
		terminal_collect(*text++);
}

static void collect_capability(const char *name)
{
	char *text = tigetstr((char *)(uintptr_t)name);

	if (text && text != (char *)-1)
		tputs(text, 1, terminal_collect);
}

/* Keypad and mouse off, attributes and colours gone, the shell's screen back, cursor seen.  The
 * cursor comes last: curses scrolls with ESC 7, which saves a hidden cursor, and some terminals
 * (libvterm) bring that back together with the shell's screen. */
static void prepare_emergency(const struct termios *saved, bool mouse)
{
	static const char *const capabilities[] = { "rmkx", "sgr0", "op", "rmcup" };

	emergency.length = 0;
	if (mouse)
		collect_text("\033[?1006;1000l");
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
		collect_capability(capabilities[i]);
	emergency.cursor_at = emergency.length;
	collect_capability("cnorm");
	emergency.saved = *saved;
	emergency.active = 1;
}

void terminal_emergency_restore(void)
{
	if (!emergency.active)
		return;
	emergency.active = 0;
	if (!stall_has_room(STDOUT_FILENO))
		tcflush(STDOUT_FILENO, TCOFLUSH);
	terminal_write_all(emergency.text, emergency.length);
	tcsetattr(STDIN_FILENO, TCSANOW, &emergency.saved);
}

/* ---- start and stop ---- */

/* Terminals that say so in COLORTERM take 24-bit colours; curses knows how only by another entry
 * of its data base, where that is installed. */
static SCREEN *open_direct(FILE *out)
{
	const char *term = getenv("TERM"), *claim = getenv("COLORTERM");

	if (!term || !claim || strncmp(term, "xterm", 5) != 0)
		return NULL;
	if (strcmp(claim, "truecolor") != 0 && strcmp(claim, "24bit") != 0)
		return NULL;
	return newterm("xterm-direct", out, stdin);
}

static void on_stop(int signo)
{
	(void)signo;
}

/* While it draws, curses has SIGTSTP ignored, and with that the kernel drops one that is blocked
 * and waits for who reads the signalfd.  It keeps its hands off a signal that has a handler
 * already; this one is never called. */
static void guard_stop(void)
{
	struct sigaction guard = { .sa_handler = on_stop, .sa_flags = SA_RESTART }, usual;
	sigset_t blocked;

	if (pthread_sigmask(SIG_BLOCK, NULL, &blocked) == 0 && sigismember(&blocked, SIGTSTP) &&
		sigaction(SIGTSTP, NULL, &usual) == 0 && usual.sa_handler == SIG_DFL)
		sigaction(SIGTSTP, &guard, NULL);
}

static void unguard_stop(void)
{
	struct sigaction action;

	if (sigaction(SIGTSTP, NULL, &action) == 0 && action.sa_handler == on_stop)
		signal(SIGTSTP, SIG_DFL);
}

static int count_colors(bool use_color)
{
	if (!use_color || !has_colors())
		return 0;
	start_color();
	if (use_default_colors() == ERR || COLORS < 8)
		return 0;
	if (tigetflag((char *)(uintptr_t) "RGB") > 0 && COLORS >= DIRECT_COLORS)
		return DIRECT_COLORS;
	return COLORS >= 256 ? 256 : 8;
}

/* The older way to tell of a click ends at column 223; where curses does not know this one, the
 * keyboard reads it. */
static void ask_for_far_clicks(void)
{
	static const char sgr[] = "\033[?1006h";

	terminal_write_all(sgr, sizeof(sgr) - 1);
}

/* Terminals that are known to answer, or to say nothing. */
static void ask_for_background(void)
{
	static const char *const kinds[] = { "xterm", "tmux", "alacritty", "foot", "kitty", "rxvt", "st-", "wezterm", "konsole",
		"vte" };
	static const char question[] = "\033]11;?\033\\";
	const char *term = getenv("TERM");

	for (size_t i = 0; term && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strncmp(term, kinds[i], strlen(kinds[i]))) {
			terminal_write_all(question, sizeof(question) - 1);
			keyboard_await_background();
			return;
		}
}

static void set_modes(bool mouse)
{
	stall_begin(STALL_PATIENCE_MS);
	raw();
	noecho();
	nonl();
	nodelay(stdscr, TRUE);
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	set_escdelay(ESCAPE_DELAY_MS);
	curs_set(0);
	leaveok(stdscr, TRUE);
	/* Frames are whole: a look for keys after each few lines would only cost. */
	typeahead(-1);
	if (mouse) {
		mouseinterval(0);
		mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
		ask_for_far_clicks();
	}
	stall_end();
}

static SCREEN *open_screen(const struct terminal_config *config)
{
	FILE *own = gather_open(), *out = own ? own : stdout;
	SCREEN *screen;

	stall_begin(STALL_PATIENCE_MS);
	screen = config->no_color ? NULL : open_direct(out);
	if (!screen)
		screen = newterm(NULL, out, stdin);
	stall_end();
	return screen;
}

int terminal_start(struct terminal *t, const struct terminal_config *config, struct err *err)
{
	const char *term = getenv("TERM");
	struct termios saved;
	SCREEN *screen;

	if (tcgetattr(STDIN_FILENO, &saved))
		return err_sys(err, errno, "terminal settings");
	*t = (struct terminal){ 0 };
	guard_stop();
	stall_open(STDOUT_FILENO);
	screen = open_screen(config);
	if (!screen) {
		gather_close();
		stall_close();
		return err_say(err, EINVAL, "terminal \"%s\": unknown or too simple (TERM)", term ? term : "");
	}
	if (!tigetstr((char *)(uintptr_t) "cup")) {
		endwin();
		delscreen(screen);
		gather_close();
		stall_close();
		return err_say(err, EINVAL, "terminal \"%s\": cannot place its cursor (TERM)", term ? term : "");
	}
	t->screen = screen;
	t->mouse = config->mouse;
	prepare_emergency(&saved, config->mouse);
	set_modes(config->mouse);
	t->colors = count_colors(!config->no_color);
	if (t->colors && config->ask_background)
		ask_for_background();
	return 0;
}

/* endwin(3) waits for the terminal to take what it was sent, and a look at that may have ended it
 * too early: the settings are put back once more, at once. */
static void leave_screen(void)
{
	stall_begin(STALL_HURRY_MS);
	endwin();
	terminal_write_all(emergency.text + emergency.cursor_at, emergency.length - emergency.cursor_at);
	stall_end();
	tcsetattr(STDIN_FILENO, TCSANOW, &emergency.saved);
}

void terminal_stop(struct terminal *t)
{
	if (!t->screen)
		return;
	if (!t->stopped)
		leave_screen();
	emergency.active = 0;
	stall_close();
	unguard_stop();
	delscreen(t->screen);
	gather_close();
	canvas_free(&t->shown);
	*t = (struct terminal){ 0 };
}

/* ---- size ---- */

void terminal_size(int *ret_rows, int *ret_columns)
{
	struct winsize size;

	*ret_rows = 24;
	*ret_columns = 80;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col) {
		*ret_rows = size.ws_row;
		*ret_columns = size.ws_col;
	} else if (stdscr) {
		getmaxyx(stdscr, *ret_rows, *ret_columns);
	}
}

void terminal_forget(struct terminal *t)
{
	t->theme = NULL;
	clearok(stdscr, TRUE);
}

void terminal_resize(struct terminal *t, int rows, int columns)
{
	resize_term(rows, columns); /* resizeterm() would put KEY_RESIZE into the input, too */
	terminal_forget(t);
}

/* ---- drawing ---- */

static int color_of(const struct terminal *t, int32_t rgb, uint8_t of_256, int8_t of_8)
{
	/* 0..7 would mean the palette; 0x10 is as good as black */
	if (t->colors == DIRECT_COLORS)
		return rgb < 0 ? -1 : rgb < 8 ? 16 : rgb;
	if (t->colors == 256)
		return rgb < 0 ? -1 : of_256;
	return of_8;
}

static void set_theme(struct terminal *t, const struct theme *theme)
{
	t->theme = theme;
	if (!t->colors)
		return;
	for (int i = 0; i < STYLES; i++) {
		const struct look *look = &theme->look[i];

		init_extended_pair(i + 1, color_of(t, look->foreground, look->foreground_256, look->foreground_8),
			color_of(t, look->background, look->background_256, look->background_8));
	}
}

static attr_t attributes_of(const struct look *look)
{
	attr_t a = A_NORMAL;

	if (look->attributes & ATTR_BOLD)
		a |= A_BOLD;
	if (look->attributes & ATTR_REVERSE)
		a |= A_REVERSE;
	if (look->attributes & ATTR_UNDERLINE)
		a |= A_UNDERLINE;
	if (look->attributes & ATTR_DIM)
		a |= A_DIM;
	return a;
}

enum { SPAN_CELLS = 128 };

static void terminal_put_span(const struct terminal *t, int row, int column, const struct cell *cell, int cells)
{
	cchar_t span[SPAN_CELLS];

	for (int i = 0; i < cells; i++) {
		wchar_t text[2] = { L' ', 0 };
		uint32_t code_point = ' ';

		if (cell[i].glyph[0])
			text_decode(cell[i].glyph, &code_point);
		text[0] = (wchar_t)code_point;
		setcchar(&span[i], text, attributes_of(&t->theme->look[cell[i].style]),
			t->colors ? (short)(cell[i].style + 1) : 0, NULL);
	}
	mvadd_wchnstr(row, column, span, cells);
}

/* Hands over the cells that differ; shown NULL: all. */
static void terminal_put_row(const struct terminal *t, int row, int columns, const struct cell *cell, const struct cell *shown)
{
	if (shown && !memcmp(cell, shown, (size_t)columns * sizeof(*cell)))
		return;
	for (int i = 0, end; i<columns; i = end> i ? end : i + 1) {
		for (end = i; end < columns && end - i < SPAN_CELLS; end++)
			if (shown && !memcmp(&cell[end], &shown[end], sizeof(*cell)))
				break;
		if (end > i)
			terminal_put_span(t, row, i, &cell[i], end - i);
	}
}

static bool terminal_fits(struct terminal *t, const struct canvas *c)
{
	if (t->shown.rows == c->rows && t->shown.columns == c->columns)
		return true;
	t->theme = NULL;
	return canvas_resize(&t->shown, c->rows, c->columns) == 0;
}

bool terminal_has_room(void)
{
	return stall_has_room(STDOUT_FILENO);
}

/* A part of the output has been thrown away: nothing is known of what the terminal shows, nor of
 * its modes, as if the shell had had it. */
static void start_over(struct terminal *t)
{
	def_prog_mode();
	endwin();
	reset_prog_mode();
	terminal_forget(t);
	refresh();
	curs_set(0);
}

void terminal_show(struct terminal *t, const struct canvas *c, const struct theme *theme)
{
	bool known = terminal_fits(t, c), all = !known || t->theme != theme;

	stall_begin(STALL_PATIENCE_MS);
	if (t->torn)
		start_over(t);
	if (t->theme != theme)
		set_theme(t, theme);
	for (int row = 0; row < c->rows && c->columns > 0; row++) {
		size_t at = (size_t)row * (size_t)c->columns;

		terminal_put_row(t, row, c->columns, &c->cell[at], all ? NULL : &t->shown.cell[at]);
		if (known)
			memcpy(&t->shown.cell[at], &c->cell[at], (size_t)c->columns * sizeof(c->cell[0]));
	}
	wnoutrefresh(stdscr);
	gather_begin();
	doupdate();
	gather_end();
	t->torn = stall_end();
}

void terminal_report(uint64_t frame, uint64_t sample, uint64_t keys)
{
	char text[96];
	int length = snprintf(text, sizeof(text), "\033]7701;%" PRIu64 ";%" PRIu64 ";%" PRIu64 "\033\\", frame, sample, keys);

	terminal_write_all(text, (size_t)length);
}

/* ---- keys ---- */

/* After a change of size curses draws before it reads. */
bool terminal_read(struct terminal *t, struct terminal_event *ret_event)
{
	stall_begin(STALL_PATIENCE_MS);
	bool any = keyboard_read(ret_event);

	t->torn |= stall_end();
	return any;
}

/* ---- suspend ---- */

/* SIGTSTP is blocked (it comes through a signalfd): for this moment it is let through, with its
 * usual effect. */
static void stop_here(bool whole_group)
{
	struct sigaction usual = { .sa_handler = SIG_DFL }, before;
	sigset_t tstp, mask;

	sigemptyset(&tstp);
	sigaddset(&tstp, SIGTSTP);
	sigaction(SIGTSTP, &usual, &before);
	pthread_sigmask(SIG_UNBLOCK, &tstp, &mask);
	kill(whole_group ? 0 : getpid(), SIGTSTP);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	sigaction(SIGTSTP, &before, NULL);
}

void terminal_suspend(struct terminal *t, bool whole_group)
{
	int rows, columns;

	def_prog_mode();
	leave_screen();
	t->stopped = true;
	emergency.active = 0;
	stop_here(whole_group);
	reset_prog_mode();
	emergency.active = 1;
	t->stopped = false;
	if (t->mouse)
		ask_for_far_clicks();
	terminal_size(&rows, &columns);
	terminal_resize(t, rows, columns);
	stall_begin(STALL_PATIENCE_MS);
	refresh();
	curs_set(0);
	t->torn = stall_end();
}
