# Reads C files and says where the house's rules are broken: which layer includes what, who ends the program.
# One line per offence, "FILE:LINE: what"; the exit status is 1 where there is any.  Paths are relative to the tree.

function offence(text) {
  print FILENAME ":" FNR ": " text
  broken = 1
}

function layer_of(path) {
  if (path ~ /^src\/(base|run|main)\//) {
    sub(/^src\//, "", path)
  }
  sub(/\/.*/, "", path)
  return path
}

# The line without comments and without what stands in quotes; `inside` carries a comment over lines.
function code_of(line,    out, at) {
  out = ""
  while (line != "") {
    if (inside) {
      at = index(line, "*/")
      if (!at)
        return out
      line = substr(line, at + 2)
      inside = 0
    } else if (match(line, /^"([^"\\]|\\.)*"/) || match(line, /^'([^'\\]|\\.)*'/)) {
      out = out "\"\""
      line = substr(line, RLENGTH + 1)
    } else if (substr(line, 1, 2) == "//") {
      return out
    } else if (substr(line, 1, 2) == "/*") {
      inside = 1
      line = substr(line, 3)
    } else {
      out = out substr(line, 1, 1)
      line = substr(line, 2)
    }
  }
  return out
}

BEGIN {
  allowed["base"] = " base "
  allowed["run"] = " base run "
  allowed["engines"] = " base run engines "
  allowed["ui"] = " base run ui "
  allowed["captures"] = " base run captures "
  allowed["main"] = " base run engines ui captures main "
}

FNR == 1 {
  inside = 0
  layer = layer_of(FILENAME)
}

!inside && /^[ \t]*#[ \t]*include[ \t]*"/ {
  header = $0
  sub(/^[^"]*"/, "", header)
  sub(/".*/, "", header)
  target = header
  sub(/\/.*/, "", target)
  if (header !~ /\//)
    offence("#include \"" header "\": name the layer, as in \"" layer "/" header "\"")
  else if (index(allowed[layer], " " target " ") == 0)
    offence(layer " must not include " header)
  next
}

!inside && /^[ \t]*#[ \t]*include[ \t]*</ {
  header = $0
  sub(/^[^<]*</, "", header)
  sub(/>.*/, "", header)
  if (header ~ /^(ncursesw?\/)?(n?curses|panel|form|menu|term)\.h$/ && layer != "ui")
    offence("only ui may include <" header ">")
  if (header ~ /^pcap/ && layer != "captures")
    offence("only captures may include <" header ">")
  if (header == "assert.h" || header == "err.h")
    offence("<" header "> ends the program behind main's back")
  if (header ~ /^liburing/ && FILENAME !~ /uring[a-z_]*\.[ch]$/)
    offence("only the uring files may include <" header ">")
  if (header ~ /^(xdp|bpf)\// && FILENAME !~ /xdp[a-z_]*\.[ch]$/)
    offence("only the xdp files may include <" header ">")
  next
}

{
  code = code_of($0)
  if (FILENAME != "src/main/main.c" && match(code, /(^|[^A-Za-z0-9_.>])(_?exit|_Exit|quick_exit|abort|assert)[ \t]*\(/)) {
    call = substr(code, RSTART, RLENGTH)
    gsub(/[^A-Za-z_]/, "", call)
    offence("only src/main/main.c may end the program: " call "()")
  }
}

END { exit broken }
