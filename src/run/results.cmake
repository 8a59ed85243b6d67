set(RUN_RESULTS_SOURCES
  history.c
  host.c
  rates.c
  stats.c
)
