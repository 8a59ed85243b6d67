/* The exports: SVG that any reader takes, with every text where it belongs; text that carries no
 * control character. */
#include "painted.h"

#include <ctype.h>

#include "base/text.h"
#include "ui/canvas/glyph.h"
#include "ui/canvas/theme.h"
#include "../../support/asserts.h"

/* A strict reader of the little XML that an export may use: tags balance, attributes are quoted
 * and unique enough, only the five entities and no raw control character.  Returns NULL, or
 * where and why it stopped. */
struct reader {
	const char *at;
	char open[16][32];
	int depth;
	unsigned elements;
};

static bool take(struct reader *r, const char *text)
{
	size_t n = strlen(text);

	if (strncmp(r->at, text, n) != 0)
		return false;
	r->at += n;
	return true;
}

static const char *read_entity(struct reader *r)
{
	static const char *const entities[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&apos;" };

	for (size_t i = 0; i < 5; i++)
		if (take(r, entities[i]))
			return NULL;
	return "bare &";
}

static const char *read_characters(struct reader *r, const char *until)
{
	while (*r->at && !strchr(until, *r->at)) {
		uint32_t cp;

		if (*r->at == '<')
			return "bare <";
		if (*r->at == '&') {
			const char *why = read_entity(r);

			if (why)
				return why;
			continue;
		}
		size_t n = text_decode(r->at, &cp);
		if ((cp == TEXT_UNKNOWN && n == 1) || (cp < 0x20 && cp != '\n') || (cp >= 0x7f && cp < 0xa0))
			return "control character or bad UTF-8";
		r->at += n;
	}
	return NULL;
}

static void read_name(struct reader *r, char out[32])
{
	size_t n = 0;

	while ((isalnum((unsigned char)*r->at) || strchr("-:", *r->at)) && *r->at && n < 31)
		out[n++] = *r->at++;
	out[n] = '\0';
}

static const char *read_attributes(struct reader *r)
{
	while (*r->at == ' ') {
		char name[32];

		r->at++;
		read_name(r, name);
		if (!name[0] || !take(r, "=\""))
			return "attribute";
		const char *why = read_characters(r, "\"");
		if (why)
			return why;
		if (!take(r, "\""))
			return "quote";
	}
	return NULL;
}

static const char *read_tag(struct reader *r)
{
	char name[32];

	if (take(r, "</")) {
		read_name(r, name);
		return r->depth > 0 && strcmp(r->open[--r->depth], name) == 0 && take(r, ">") ? NULL : "end tag";
	}
	r->at++;
	read_name(r, name);
	const char *why = name[0] ? read_attributes(r) : "tag name";
	if (why)
		return why;
	r->elements++;
	if (take(r, "/>"))
		return NULL;
	if (!take(r, ">") || r->depth >= 15)
		return "tag end";
	memcpy(r->open[r->depth++], name, sizeof(name));
	return NULL;
}

static unsigned assert_well_formed(const char *svg)
{
	struct reader r = { .at = svg };

	assert_true(take(&r, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
	while (*r.at) {
		const char *why = *r.at == '<' ? read_tag(&r) : read_characters(&r, "<");

		if (why)
			fail_msg("%s at %zu: %.60s", why, (size_t)(r.at - svg), r.at);
	}
	assert_int_equal(r.depth, 0);
	return r.elements;
}

static void assert_has(const char *svg, const char *part)
{
	if (!strstr(svg, part))
		fail_msg("no %s in:\n%s", part, svg);
}

static void test_runs_and_escapes(void **state)
{
	(void)state;
	struct canvas c = canvas_of(2, 20, CHARSET_BRAILLE);

	canvas_put(&c, 0, 1, -1, STYLE_TEXT, "a <b> & \"c'  d");
	canvas_put(&c, 1, 0, -1, STYLE_TAB_CURRENT, "tab");
	canvas_put(&c, 1, 3, -1, STYLE_TEXT, "ab██░⣿─x");
	char *svg = canvas_to_svg(&c, "dark", "run <1> & more\x1b");
	assert_non_null(svg);
	assert_well_formed(svg);
	assert_has(svg, "<title>run &lt;1&gt; &amp; more␛</title>");
	assert_has(svg,
		"<text x=\"9\" y=\"14\" textLength=\"99\" lengthAdjust=\"spacingAndGlyphs\" fill=\"#d8dee4\">a &lt;b&gt; &amp; "
		"&quot;c&apos;</text>");
	assert_has(svg, "<text x=\"126\" y=\"14\" textLength=\"9\" lengthAdjust=\"spacingAndGlyphs\" fill=\"#d8dee4\">d</text>");
	assert_has(svg, "<rect x=\"0\" y=\"18\" width=\"27\" height=\"18\" fill=\"#87d7ff\"/>");
	assert_has(svg, "<path fill=\"#d8dee4\" d=\"M45 18h9v18h-9zM54 18h9v18h-9z\"/>");
	assert_has(svg, "<path fill=\"#d8dee4\" fill-opacity=\"0.25\" d=\"M63 18h9v18h-9z\"/>");
	assert_has(svg, "<text x=\"90\" y=\"32\" textLength=\"9\" lengthAdjust=\"spacingAndGlyphs\" fill=\"#d8dee4\">x</text>");
	free(svg);
	canvas_free(&c);
}

/* Every style in every theme, every shape, and cells filled with characters that no cell may
 * hold. */
static void test_anything_is_well_formed(void **state)
{
	(void)state;
	struct canvas c = canvas_of(8, STYLES, CHARSET_BRAILLE);

	for (int i = 0; i < STYLES; i++) {
		canvas_put(&c, 0, i, 1, (enum style)i, "<");
		canvas_put(&c, 1, i, 1, (enum style)i, "█");
		canvas_cell(&c, 2, i)->style = (uint8_t)(200 + i);
		memcpy(canvas_cell(&c, 2, i)->glyph, (char[5]){ (char)(i + 1) }, 5);
		memcpy(canvas_cell(&c, 3, i)->glyph, "\xff\xff\xff\xff", 5);
		/* U+FFFF is no XML character */
		memcpy(canvas_cell(&c, 4, i)->glyph, "\xef\xbf\xbf", 4);
		canvas_cell(&c, 5, i)->style = (uint8_t)i;
		memcpy(canvas_cell(&c, 6, i)->glyph, (char[5]){ (char)0xe2, (char)0x94, (char)(0x80 + i) }, 5);
		memcpy(canvas_cell(&c, 7, i)->glyph, (char[5]){ (char)0xe2, (char)0x96, (char)(0x80 + i) }, 5);
	}
	for (const struct theme *const *t = themes; *t; t++) {
		char *svg = canvas_to_svg(&c, (*t)->name, NULL);

		assert_non_null(svg);
		assert_more(assert_well_formed(svg), STYLES);
		free(svg);
	}
	char *text = canvas_to_text(&c);
	for (const char *p = text; *p; p++)
		if (*p != '\n')
			assert_at_least((unsigned char)*p, 0x20);
	free(text);
	canvas_free(&c);
}

static void test_empty_and_unknown_theme(void **state)
{
	(void)state;
	struct canvas c = { 0 };
	char *svg = canvas_to_svg(&c, "no such theme", "");

	assert_int_equal(assert_well_formed(svg), 3);
	free(svg);
	canvas_free(&c);
}

static void test_reverse_and_underline(void **state)
{
	(void)state;
	struct canvas c = canvas_of(1, 8, CHARSET_BRAILLE);

	canvas_fill(&c, (struct rect){ 0, 0, 1, 4 }, STYLE_FIELD, NULL);
	canvas_put(&c, 0, 4, -1, STYLE_SELECTED, "sel");
	char *svg = canvas_to_svg(&c, "mono", "t");
	assert_well_formed(svg);
	assert_has(svg, "<rect x=\"0\" y=\"16\" width=\"36\" height=\"1\" fill=\"#d8dee4\"/>");
	assert_has(svg, "<rect x=\"36\" y=\"0\" width=\"27\" height=\"18\" fill=\"#d8dee4\"/>");
	assert_has(svg, "fill=\"#0d1117\">sel</text>");
	free(svg);
	canvas_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs_and_escapes),
		cmocka_unit_test(test_anything_is_well_formed),
		cmocka_unit_test(test_empty_and_unknown_theme),
		cmocka_unit_test(test_reverse_and_underline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
