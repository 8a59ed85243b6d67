# Comments that reach beyond column 100: nobody reads them beside the code.  A tab is 8 columns.

function columns(line,    out, i, c) {
  gsub(/[\200-\277]/, "", line) # the bytes of a UTF-8 character after its first
  for (i = 1; i <= length(line); i++) {
    c = substr(line, i, 1)
    out = c == "\t" ? out + 8 - out % 8 : out + 1
  }
  return out
}

# The column at which a comment begins outside of strings; 0: there is none.
function comment_at(line,    at, before) {
  if (!match(line, /\/[*\/]/))
    return 0
  at = RSTART
  before = substr(line, 1, at - 1)
  gsub(/\\"/, "", before)
  return gsub(/"/, "", before) % 2 ? 0 : at
}

FNR == 1 { inside = 0 }

{
  at = comment_at($0)
  if ((inside || at) && columns($0) > 100) {
    print FILENAME ":" FNR ": a comment reaches column " columns($0) ", 100 is the last"
    broken = 1
  }
  if (!inside && at && substr($0, at, 2) == "/*" && !index(substr($0, at + 2), "*/"))
    inside = 1
  else if (inside && index($0, "*/"))
    inside = 0
}

END { exit broken }
