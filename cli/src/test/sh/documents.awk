# Takes the commands out of a document, for documents.sh.
#
# Variables: document (its name for messages), out (a folder that exists). For each scene it writes
# out/SCENE/: NN.sh with NN.how ("WAY CODE HOST", as the comment asked), files/NAME, and shows.
# What is said to be from a file of the tree (it is run in its root) is compared with it.
# What breaks the rules is printed, one line each; silence is good.

function complain(what) {
  print document ":" FNR ": " what
}

function folder(scene) {
  if (!(scene in steps)) {
    steps[scene] = 0
    system("mkdir -p '" out "/" scene "/files'")
  }
  return out "/" scene
}

function begin(where, name) {
  if (order == "file") {
    where = name = scene
    sub(/\/.*/, "", where)
    sub(/^[^\/]*\//, "", name)
    target = folder(where) "/files/" name
  } else if (order == "shows") {
    target = folder(scene) "/shows"
  } else {
    target = folder(scene) "/" sprintf("%02d", ++steps[scene])
    print way, code, host >(target ".how")
    close(target ".how")
    target = target ".sh"
  }
  printf "" >>target
}

function trimmed(text) {
  gsub(/^[ \t]+|[ \t]+$/, "", text)
  return text
}

# Whether these lines stand together in the file, however far they are indented.
function stands_in(file, lines, whole, line, found) {
  while ((getline line <file) > 0) {
    whole = whole trimmed(line) "\n"
  }
  close(file)
  found = index("\n" whole, "\n" lines)
  return lines != "" && found
}

# What a comment asks for: its words are in asked[1..count].
function order_given(count, i) {
  order = asked[1]
  scene = asked[2]
  way = "foreground"
  code = 0
  host = "."
  if (order !~ /^(run|file|shows|from):$/ || count < 2) {
    return 0
  }
  sub(/:$/, "", order)
  if (order == "from") {
    return 1
  }
  for (i = 3; i <= count; i++) {
    if (asked[i] == "background" || asked[i] == "until-killed") {
      way = asked[i]
    } else if (asked[i] == "exits" && asked[i + 1] ~ /^[0-9]+$/) {
      code = asked[++i]
    } else if (asked[i] == "on" && asked[i + 1] ~ /^[a-z0-9]+$/) {
      host = asked[++i]
    } else {
      complain("'" asked[i] "' is not known behind a scene")
    }
  }
  if (scene !~ (order == "file" ? "^[a-z0-9-]+/[A-Za-z0-9.-]+$" : "^[a-z0-9-]+$")) {
    complain("'" scene "' is no name of a scene")
    return 0
  }
  return 1
}

!inside && /^[ ]*<!-- (run|file|shows|from):/ {
  text = $0
  sub(/^[ ]*<!-- /, "", text)
  if (!sub(/ -->[ ]*$/, "", text)) {
    complain("the comment does not end on its line")
  }
  pending = order_given(split(text, asked, / +/))
  next
}

!inside && /^[ ]*```/ {
  inside = 1
  match($0, /^ */)
  indent = RLENGTH
  language = substr($0, indent + 4)
  gsub(/[ \t]+$/, "", language)
  target = ""
  source = ""
  if (language ~ /^(bash|shell|console|zsh|cmd|terminal)$/) {
    complain("a block of commands is marked ```sh, so that it is run")
  } else if (language == "sh" && !(pending && order == "run")) {
    complain("a ```sh block without <!-- run: SCENE --> before it")
  } else if (language == "java" && !(pending && order ~ /^(file|from)$/)) {
    complain("a ```java block without <!-- file: SCENE/NAME --> or <!-- from: PATH --> before it")
  } else if (pending && order == "run" && language != "sh") {
    complain("<!-- run --> stands before a block that is not ```sh")
  } else if (pending && order == "from") {
    source = scene
    lines = ""
  } else if (pending) {
    begin()
  }
  pending = 0
  next
}

inside && /^[ ]*```[ ]*$/ {
  inside = 0
  if (target != "") {
    close(target)
  }
  if (source != "" && !stands_in(source, lines)) {
    complain("the block is not in " source)
  }
  next
}

inside {
  line = $0
  for (i = 0; i < indent && substr(line, 1, 1) == " "; i++) {
    line = substr(line, 2)
  }
  if (target != "") {
    print line >>target
  }
  lines = lines trimmed(line) "\n"
  next
}

pending && NF > 0 {
  complain("the comment before belongs to the next block, and this line stands between them")
  pending = 0
}

END {
  if (inside) {
    complain("a block has no end")
  }
  if (pending) {
    complain("a comment that belongs to no block")
  }
  for (each in steps) {
    if (steps[each] == 0) {
      complain("the scene '" each "' has files or output, and no <!-- run: " each " -->")
    }
  }
}
