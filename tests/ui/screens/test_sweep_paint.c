/* The grid of a sweep, painted from states made by hand: as it fills in, at every size, however
 * it is scrolled. */
#include "../../sweep/fixture.h"

#include "base/rng.h"
#include "ui/canvas/keys.h"
#include "ui/sweep/paint.h"

static struct sweep_plan plan;
static struct sweep_state state;
static struct sweep_look look;
static struct canvas canvas;

static void open_sweep(unsigned repeat, const char *words)
{
	struct err err = ERR_NONE;

	plan = (struct sweep_plan){ 0 };
	make_plan(&plan, repeat, words);
	assert_int_equal(sweep_state_init(&state, &plan, &err), 0);
	sweep_look_init(&look, &state, "/some/where");
	canvas = (struct canvas){ .charset = CHARSET_BRAILLE };
}

static void close_sweep(void)
{
	canvas_free(&canvas);
	sweep_state_free(&state);
	sweep_plan_free(&plan);
}

static void paint(int rows, int columns)
{
	assert_int_equal(canvas_resize(&canvas, rows, columns), 0);
	sweep_paint(&canvas, &look);
}

static bool on_screen(const char *text)
{
	char *screen = canvas_to_text(&canvas);
	bool found = screen && strstr(screen, text);

	if (screen && !found)
		print_message("looked for \"%s\" in\n%s", text, screen);
	free(screen);
	return found;
}

static void fail_cell(uint32_t cell, unsigned round)
{
	struct err err = ERR_NONE;

	assert_int_equal(sweep_state_take_failure(&state, cell, round, 2, "no way there", &err), 0);
}

static void run_cell(uint32_t cell, unsigned round)
{
	state.running = true;
	state.current = cell;
	state.round = round;
}

/* Three sizes down, two numbers of threads across, two pages of waits. */
static void fill_some(void)
{
	open_sweep(2, "size=1K,4K,16K threads=1,2 wait=block,spin");
	take(&state, 0, 0, 11000, true);
	take(&state, 0, 1, 13000, true);
	take(&state, 2, 0, 25000, true);
	take(&state, 4, 0, 9000, false);
	fail_cell(6, 0);
	run_cell(8, 0);
	snprintf(look.event, sizeof(look.event), "round 1, size 4K: failed: no way there");
}

static void a_filling_grid_at_80x24(void **state_unused)
{
	static const char wanted[] =
		/* clang-format off */
		" netdyno sweep Toy · 12 cells × 2                              ● RUN  ETA 00:38\n"
		" ████████▍······························· 5/24 runs  20 %  1 invalid  1 failed\n"
		" ▶ round 1 of 2: size 16K, threads 1, wait block\n"
		"─ throughput Gbit/s, median · size ↓ threads → ─────────────────────────────────\n"
		" size           1             2\n"
		" wait block\n"
		" 1K            12     ★      25 1/2\n"
		" 4K       invalid !      failed ✗\n"
		" 16K    ▶       · 0/2         ·\n"
		" wait spin\n"
		" 1K             ·             ·\n"
		" 4K             ·             ·\n"
		" 16K            ·             ·\n"
		"\n"
		"\n"
		"\n"
		"\n"
		"\n"
		"\n"
		"\n"
		" · waits  ▶ runs  n/2 done  ! invalid  ✗ failed  ★ best\n"
		"─ ★ 25 Gbit/s: size 1K, threads 2, wait block ──────────────────────────────────\n"
		" round 1, size 4K: failed: no way there\n"
		" q Stop Ctrl-Z Suspend\n";
	/* clang-format on */
	char *screen;

	(void)state_unused;
	fill_some();
	paint(24, 80);
	screen = canvas_to_text(&canvas);
	assert_string_equal(screen, wanted);
	free(screen);
	close_sweep();
}

static void pages_turn_and_following_goes_back(void **state_unused)
{
	(void)state_unused;
	fill_some();
	paint(14, 80);
	assert_true(on_screen("wait block"));
	assert_true(on_screen("page 1 of 2"));
	assert_true(on_screen("PgUp/PgDn Page f Follow"));
	assert_true(sweep_look_key(&look, KEYCODE_PAGE_DOWN));
	paint(14, 80);
	assert_true(on_screen("wait spin"));
	assert_true(on_screen("page 2 of 2"));
	sweep_look_key(&look, KEYCODE_PAGE_DOWN);
	assert_int_equal(look.page, 1);
	sweep_look_key(&look, 'f');
	paint(14, 80);
	assert_true(on_screen("page 1 of 2"));
	sweep_look_key(&look, KEYCODE_PAGE_UP);
	assert_int_equal(look.page, 0);
	assert_false(sweep_look_key(&look, 'x'));
	close_sweep();
}

static void what_runs_is_kept_in_sight(void **state_unused)
{
	(void)state_unused;
	open_sweep(1, "size=1K,2K,4K,8K,16K,32K,64K,128K threads=1,2,3,4,5,6");
	run_cell(7 * 6 + 5, 0);
	paint(11, 44);
	paint(11, 44);
	assert_true(on_screen("128K"));
	assert_true(on_screen("▶"));
	assert_true(on_screen("rows 6-8/8"));
	for (int i = 0; i < 20; i++) {
		sweep_look_key(&look, 'k');
		sweep_look_key(&look, 'h');
	}
	paint(11, 44);
	assert_int_equal(look.first_row, 0);
	assert_int_equal(look.first_column, 0);
	assert_true(on_screen("rows 1-3/8"));
	close_sweep();
}

static void one_axis_is_a_column(void **state_unused)
{
	(void)state_unused;
	open_sweep(3, "size=1K,4K");
	paint(24, 80);
	assert_true(on_screen("0/6 runs"));
	take(&state, 1, 0, 250, true);
	paint(24, 80);
	assert_true(on_screen("★ 250 Mbit/s: size 4K"));
	look.stopping = true;
	paint(24, 80);
	assert_true(on_screen("STOPPING"));
	assert_true(on_screen("--resume continues"));
	close_sweep();
}

/* A resumed sweep runs earlier failures again: the bar is not full, and their results may be the
 * best. */
static void failures_are_made_good(void **state_unused)
{
	(void)state_unused;
	open_sweep(1, "size=1K,4K");
	take(&state, 0, 0, 100, true);
	fail_cell(1, 0);
	paint(24, 80);
	assert_true(on_screen("2/2 runs  100 %"));
	sweep_state_retry(&state);
	paint(24, 80);
	assert_true(on_screen("1/2 runs  50 %"));
	take(&state, 1, 0, 250, true);
	paint(24, 80);
	assert_true(on_screen("★ 250 Mbit/s: size 4K"));
	close_sweep();
}

static void every_size_is_painted(void **state_unused)
{
	static const int keys[] = { KEYCODE_UP, KEYCODE_DOWN, KEYCODE_LEFT, KEYCODE_RIGHT, KEYCODE_PAGE_UP, KEYCODE_PAGE_DOWN,
		'f' };
	struct rng rng = { 7 };

	(void)state_unused;
	fill_some();
	for (int rows = 1; rows <= 60; rows++)
		for (int columns = 1; columns <= 200; columns += columns < 60 ? 1 : 7) {
			sweep_look_key(&look, keys[rng_next(&rng) % (sizeof(keys) / sizeof(keys[0]))]);
			paint(rows, columns);
		}
	paint(24, 80);
	assert_true(on_screen("netdyno sweep"));
	close_sweep();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filling_grid_at_80x24),
		cmocka_unit_test(pages_turn_and_following_goes_back),
		cmocka_unit_test(what_runs_is_kept_in_sight),
		cmocka_unit_test(one_axis_is_a_column),
		cmocka_unit_test(failures_are_made_good),
		cmocka_unit_test(every_size_is_painted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
