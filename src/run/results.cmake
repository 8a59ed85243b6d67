set(RUN_RESULTS_SOURCES
  history.c
  rates.c
)
