# Reports, for information: functions over 50 lines and files over 600.  Braces stand as
# .clang-format puts them: those of a function in column 1.

FNR == 1 {
  if (last_file != "" && last_line > 600)
    print last_file ": " last_line " lines"
  last_file = FILENAME
  start = 0
}

{ last_line = FNR }

/^[A-Za-z].*\(/ && !/;[ \t]*$/ {
  name = $0
  sub(/\(.*/, "", name)
  sub(/.*[ *]/, "", name)
}

/^\{/ { start = FNR }

/^\}/ && start {
  functions++
  lines = FNR - start - 1
  total += lines
  if (lines > 50)
    print FILENAME ":" start ": " name "() has " lines " lines"
  if (lines > 20)
    over_20++
  start = 0
}

END {
  if (last_line > 600)
    print last_file ": " last_line " lines"
  if (functions)
    printf "%d functions, %.1f lines each, %d %% over 20 lines\n", functions, total / functions, 100 * over_20 / functions
}
