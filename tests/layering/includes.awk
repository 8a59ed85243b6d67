# Reads C files and says where the house's rules are broken: which layer includes what, who ends the
# program.  One line per offence, "FILE:LINE: what"; the exit status is 1 where there is any.  Paths
# are relative to the tree.

function offence(text) {
  print FILENAME ":" FNR ": " text
  broken = 1
}

# The room that a file of the tree, or a header as it is included, stands in: the longest name of
# `directions` that it begins with; "" where there is none.
function room_of(path,    room) {
  room = path
  while (sub(/\/[^\/]*$/, "", room))
    if (room in allowed)
      return room
  return path ~ /^src\// ? "" : room_of("src/" path)
}

function read_directions(file,    line, colon, room) {
  while ((getline line <file) > 0) {
    colon = index(line, ":")
    if (line ~ /^#/ || !colon)
      continue
    room = substr(line, 1, colon - 1)
    allowed[room] = " " room substr(line, colon + 1) " "
  }
  close(file)
}

# Without src/, as in #include.
function name_of(room) {
  sub(/^src\//, "", room)
  return room
}

# The line without comments and without what stands in quotes; `inside` carries a comment over
# lines.
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

BEGIN { read_directions(directions) }

FNR == 1 {
  inside = 0
  room = room_of(FILENAME)
  layer = name_of(room)
  sub(/\/.*/, "", layer)
}

!inside && /^[ \t]*#[ \t]*include[ \t]*"/ {
  header = $0
  sub(/^[^"]*"/, "", header)
  sub(/".*/, "", header)
  target = room_of(header)
  if (header !~ /\//)
    offence("#include \"" header "\": name the layer, as in \"" name_of(room) "/" header "\"")
  else if (target == "")
    offence("no room of " directions " has " header)
  else if (index(allowed[room], " * ") == 0 && index(allowed[room], " " target " ") == 0)
    offence(name_of(room) " must not include " header)
  next
}

!inside && /^[ \t]*#[ \t]*include[ \t]*</ {
  header = $0
  sub(/^[^<]*</, "", header)
  sub(/>.*/, "", header)
  if (header ~ /^(ncursesw?\/)?(n?curses|panel|form|menu|term)\.h$/ && room != "ui/terminal")
    offence("only ui/terminal may include <" header ">")
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
