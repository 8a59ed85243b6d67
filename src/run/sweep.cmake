set(RUN_SWEEP_SOURCES
  sweep_file.c
  sweep_json.c
  sweep_metrics.c
  sweep_plan.c
  sweep_state.c
  sweep_store.c
)
