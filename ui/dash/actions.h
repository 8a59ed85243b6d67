/* The actions of the keys.  Each changes the view, or asks for something through struct
 * ui_requests and shows the outcome as a toast.  Main thread only. */
#pragma once

#include "ui/dash/dash.h"

void act_tab(struct dash *d, int key);      /* '1'...'9' */
void act_next_tab(struct dash *d, int key); /* KEYCODE_TAB, KEYCODE_SHIFT_TAB */
void act_method(struct dash *d, int key);   /* 'm', 'M' */
void act_path(struct dash *d, int key);     /* 'p', 'P' */
void act_run(struct dash *d, int key);
void act_freeze(struct dash *d, int key);
/* KEYCODE_LEFT, KEYCODE_RIGHT, KEYCODE_HOME, KEYCODE_END */
void act_cursor(struct dash *d, int key);
/* Puts the cursor there: part 0..1 of the time that the charts show. */
void act_cursor_at(struct dash *d, double part);
void act_click_head(struct dash *d, int key); /* KEY_SORT, KEY_RANK */
void act_load(struct dash *d, int key);       /* '[', ']' */
void act_chart(struct dash *d, int key);      /* 'y', 'Y' */
void act_chart_scale(struct dash *d, int key);
void act_zoom(struct dash *d, int key); /* '+', '-', '=' */
void act_pick(struct dash *d, int key); /* up and down, pages */
void act_drill(struct dash *d, int key);
void act_side(struct dash *d, int key);
void act_sort(struct dash *d, int key);
void act_sort_details(struct dash *d, int key); /* '<', '>', 'I' */
void act_expand(struct dash *d, int key);       /* 'e', 'E', KEY_PANEL + panel */
void act_menu(struct dash *d, int key);         /* 'g'; in the menu the panel's letter */
void act_back(struct dash *d, int key);
void act_verdict(struct dash *d, int key);
void act_snapshot(struct dash *d, int key);
void act_capture(struct dash *d, int key);
void act_capture_options(struct dash *d, int key);
void act_duel(struct dash *d, int key);
void act_runs(struct dash *d, int key);
void act_runs_pick(struct dash *d, int steps);
void act_runs_show(struct dash *d, int key);
void act_runs_base(struct dash *d, int key);
void act_runs_mark(struct dash *d, int key);
void act_base(struct dash *d, int key); /* 'b' keeps, 'B' forgets */
void act_clear(struct dash *d, int key);
void act_setup(struct dash *d, int key);
void act_filter(struct dash *d, int key);
void act_match(struct dash *d, int key); /* 'n', 'N' */
void act_theme(struct dash *d, int key);
void act_help(struct dash *d, int key);
void act_wire(struct dash *d, int key);
void act_redraw(struct dash *d, int key);
void act_suspend(struct dash *d, int key);
void act_quit(struct dash *d, int key);

/* A key while the filter is being typed, and while a form is open. */
void act_filter_key(struct dash *d, int key);
void act_form_key(struct dash *d, int key);
void act_form_click(struct dash *d, int row, int column);
