# A static name that stands in many files finds nothing: it takes its module's word (client_count,
# not count).  Reports each name that more than three files define, with the files.

/^(__attribute__.*[ )])?static / {
  line = $0
  gsub(/__attribute__\(\([^()]*(\([^()]*\))?[^()]*\)\) ?/, "", line)
  sub(/[=;].*/, "", line)
  if (!match(line, /[A-Za-z_][A-Za-z0-9_]*\(/))
    next
  name = substr(line, RSTART, RLENGTH - 1)
  if (!seen[name, FILENAME]++) {
    count[name]++
    files[name] = files[name] " " FILENAME
  }
}

END {
  for (name in count)
    if (count[name] > 3) {
      print name "() is static in " count[name] " files, 3 are the most:" files[name]
      broken = 1
    }
  exit broken
}
