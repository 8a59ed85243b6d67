set(RUN_SWEEP_SOURCES
  sweep_charts.c sweep_layout.c sweep_script.c
  sweep_file.c
  sweep_json.c
  sweep_metrics.c
  sweep_plan.c
  sweep_state.c
  sweep_store.c
  sweep_summary.c
  sweep_tables.c
)
