/* Keys and clicks.  See keyboard.h. */
#include "ui/terminal/keyboard.h"

#include <curses.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>
#include <wchar.h>

static const struct {
	int curses, key;
} key_codes[] = {
	{ KEY_UP, KEYCODE_UP },
	{ KEY_DOWN, KEYCODE_DOWN },
	{ KEY_LEFT, KEYCODE_LEFT },
	{ KEY_RIGHT, KEYCODE_RIGHT },
	{ KEY_HOME, KEYCODE_HOME },
	{ KEY_END, KEYCODE_END },
	{ KEY_PPAGE, KEYCODE_PAGE_UP },
	{ KEY_NPAGE, KEYCODE_PAGE_DOWN },
	{ KEY_BACKSPACE, KEYCODE_BACKSPACE },
	{ KEY_DC, KEYCODE_DELETE },
	{ KEY_ENTER, KEYCODE_ENTER },
	{ KEY_BTAB, KEYCODE_SHIFT_TAB },
	{ KEY_RESIZE, KEYCODE_RESIZE },
	{ KEY_F(1), KEYCODE_F1 },
	{ KEY_F(2), KEYCODE_F2 },
	{ KEY_F(3), KEYCODE_F3 },
	{ KEY_F(4), KEYCODE_F4 },
	{ KEY_F(5), KEYCODE_F5 },
	{ KEY_F(6), KEYCODE_F6 },
	{ KEY_F(7), KEYCODE_F7 },
	{ KEY_F(8), KEYCODE_F8 },
	{ KEY_F(9), KEYCODE_F9 },
	{ KEY_F(10), KEYCODE_F10 },
};

static int named_key(wint_t code)
{
	for (size_t i = 0; i < sizeof(key_codes) / sizeof(key_codes[0]); i++)
		if (key_codes[i].curses == (int)code)
			return key_codes[i].key;
	return 0;
}

static int typed_key(wint_t c)
{
	switch (c) {
	case '\r':
	case '\n':
		return KEYCODE_ENTER;
	case '\t':
		return KEYCODE_TAB;
	case '\033':
		return KEYCODE_ESCAPE;
	case '\b':
	case 0x7f:
		return KEYCODE_BACKSPACE;
	default:
		return (int)c;
	}
}

/* ---- characters ---- */

/* mbrtowc(3) of one byte; one that cannot go on with a character may begin another. */
static size_t keyboard_decode(char byte, wchar_t *wide, mbstate_t *state)
{
	bool has_begun = !mbsinit(state);
	size_t n = mbrtowc(wide, &byte, 1, state);

	if (n != (size_t)-1)
		return n;
	*state = (mbstate_t){ 0 };
	return has_begun ? keyboard_decode(byte, wide, state) : n;
}

/* As get_wch(3X), which throws away all that has come behind a byte that is no character: here that
 * byte alone is. */
static int keyboard_get(wint_t *c)
{
	static mbstate_t state;
	int got;

	while ((got = getch()) != ERR) {
		wchar_t wide;

		if (got > 0xff) {
			state = (mbstate_t){ 0 };
			*c = (wint_t)got;
			return KEY_CODE_YES;
		}
		if (keyboard_decode((char)got, &wide, &state) <= 1) {
			*c = (wint_t)wide;
			return OK;
		}
	}
	return ERR;
}

static bool keyboard_mouse(struct terminal_event *event)
{
	MEVENT mouse;

	if (getmouse(&mouse) != OK)
		return false;
	event->key = KEYCODE_MOUSE;
	event->row = mouse.y;
	event->column = mouse.x;
	event->wheel = mouse.bstate & BUTTON4_PRESSED ? -1 : mouse.bstate & BUTTON5_PRESSED ? 1 : 0;
	return event->wheel || mouse.bstate & BUTTON1_PRESSED;
}

/* ---- sequences that the terminal's description does not know ---- */

enum { SEQUENCE_BYTES = 64, SEQUENCE_MS = 50 };

static bool awaits_background;

void keyboard_await_background(void)
{
	awaits_background = true;
}

static void push_back(int kind, wint_t c)
{
	if (kind == KEY_CODE_YES)
		ungetch((int)c);
	else
		unget_wch((wchar_t)c);
}

/* "[<0;250;7M": a click there, of a terminal that has been asked to tell columns beyond 223. */
static bool take_click(const char *text, struct terminal_event *ret_event)
{
	int button, column, row, read = 0;

	if (sscanf(text, "<%d;%d;%d%n", &button, &column, &row, &read) != 3 || text[read] != 'M')
		return false;
	if (button != 0 && button != 64 && button != 65)
		return false;
	*ret_event = (struct terminal_event){
		.key = KEYCODE_MOUSE, .row = row - 1, .column = column - 1, .wheel = button == 64 ? -1 : button == 65
	};
	return true;
}

/* "11;rgb:ffff/ffff/dddd": the background's colour.  Half of full light divides light from dark. */
static bool take_background(const char *text, struct terminal_event *ret_event)
{
	unsigned part[3];
	int digits[4] = { 0 };

	if (sscanf(text, "11;rgb:%n%4x%n/%4x/%4x", &digits[0], &part[0], &digits[1], &part[1], &part[2]) != 3)
		return false;
	unsigned most = (1u << 4 * (unsigned)(digits[1] - digits[0])) - 1;

	/* Weights of the eye: ITU-R BT.709. */
	*ret_event = (struct terminal_event){ .key = KEYCODE_BACKGROUND,
		.wheel = 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2] > 0.5 * most };
	return true;
}

/* The next character, which may still be on its way where `patient`. */
static int next_of_sequence(wint_t *c, bool patient)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	int kind = keyboard_get(c);

	if (kind == ERR && patient && poll(&in, 1, SEQUENCE_MS) > 0)
		kind = keyboard_get(c);
	return kind;
}

static bool is_end(wint_t first, wint_t c)
{
	return first == ']' ? c == '\\' || c == 0x07 : first == 'O' || c >= 0x40;
}

/* The rest of a sequence that begins like this, without its last character where that only ends
 * it. */
static void read_sequence(wint_t first, char *out, size_t size)
{
	size_t n = 0;
	wint_t c;
	int kind;

	while (n + 1 < size && (kind = next_of_sequence(&c, first == ']')) != ERR) {
		bool is_escape = first == ']' && c == 0x1b;

		if (kind == KEY_CODE_YES || (c < 0x20 && !is_escape && !is_end(first, c)) || c > 0x7e) {
			push_back(kind, c);
			break;
		}
		if (!is_escape)
			out[n++] = (char)c;
		if (is_end(first, c))
			break;
	}
	out[n] = '\0';
}

/* An answer begins with "]1"; somebody who types Esc and ] means two keys. */
static bool is_answer(wint_t first)
{
	wint_t c;
	int kind;

	if (first != ']' || !awaits_background)
		return false;
	kind = next_of_sequence(&c, true);
	if (kind == ERR)
		return false;
	push_back(kind, c);
	return kind != KEY_CODE_YES && c == '1';
}

/* Behind an ESC: the rest of a sequence (Ctrl-Right, an answer of the terminal), which would
 * otherwise be taken for keys: "[", digits, letters.  true: there was one, and it is gone; what it
 * tells, if anything, is in *ret_event. */
static bool take_sequence(struct terminal_event *ret_event)
{
	char text[SEQUENCE_BYTES];
	wint_t first;
	int kind = keyboard_get(&first);

	ret_event->key = 0;
	if (kind == ERR)
		return false;
	if (kind == KEY_CODE_YES || (first != '[' && first != 'O' && !is_answer(first))) {
		push_back(kind, first);
		return false;
	}
	read_sequence(first, text, sizeof(text));
	if (first == '[')
		take_click(text, ret_event);
	else if (first == ']')
		awaits_background = !take_background(text, ret_event);
	return true;
}

bool keyboard_read(struct terminal_event *ret_event)
{
	struct terminal_event event = { 0 };
	wint_t c;

	for (int kind; (kind = keyboard_get(&c)) != ERR;) {
		struct terminal_event told;

		if (kind == KEY_CODE_YES && c == KEY_MOUSE) {
			if (!keyboard_mouse(&event))
				continue;
		} else {
			event.key = kind == KEY_CODE_YES ? named_key(c) : typed_key(c);
		}
		if (event.key == KEYCODE_ESCAPE && take_sequence(&told))
			event = told;
		if (!event.key)
			continue;
		*ret_event = event;
		return true;
	}
	return false;
}
