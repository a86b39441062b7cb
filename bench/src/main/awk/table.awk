# Makes tables out of raw figures: part, figure, contender, round, value, unit, separated by tabs.

BEGIN {
  FS = "\t"
}

/^#/ {
  print substr($0, 3)
  next
}

$2 == "verified" {
  next
}

{
  key = $1 SUBSEP $2 SUBSEP $3
  if (!(key in count)) {
    order[++keys] = key
    unit[key] = $6
  }
  value[key, ++count[key]] = $5 + 0
}

function sort_values(key, i, j, moved) {
  for (i = 2; i <= count[key]; i++) {
    moved = value[key, i]
    for (j = i - 1; j > 0 && value[key, j] > moved; j--) {
      value[key, j + 1] = value[key, j]
    }
    value[key, j + 1] = moved
  }
}

function median_of(key, n) {
  n = count[key]
  return n % 2 ? value[key, (n + 1) / 2] : (value[key, n / 2] + value[key, n / 2 + 1]) / 2
}

function shown(number) {
  return number >= 1e6 ? sprintf("%.2f M", number / 1e6) : sprintf("%.4g", number)
}

function median(part, figure, contender) {
  return medians[part, figure, contender]
}

function reached(measured, relation, limit) {
  if (limit == "") {
    return "|"
  }
  return relation " " shown(limit) " | " \
    ((relation == ">=" ? measured >= limit : measured <= limit) ? "yes" : "no")
}

function goal(what, measured, relation, asked, wished) {
  if (measured != "") {
    printf "| %s | %s | %s | %s |\n", what, shown(measured), reached(measured, relation, asked),
      reached(measured, relation, wished)
  }
}

function ratio(part, figure, contender, other, a, b) {
  a = median(part, figure, contender)
  b = median(part, figure, other)
  return a == "" || b == "" || b == 0 ? "" : a / b
}

# Each figure of a broker beside each of its tools.
function broker_goals(i, names) {
  for (i = 1; i <= keys; i++) {
    split(order[i], names, SUBSEP)
    if (names[1] ~ /^(nats|rabbitmq|rabbitmq-streams|kafka)$/ && names[3] != "hostpipe" && names[2] !~ /^cpu /) {
      goal(names[1] ": " names[2] " / " names[3], ratio(names[1], names[2], "hostpipe", names[3]), ">=", 0.95)
    }
  }
}

function best_peer(part, i, n, names, found, rate) {
  n = split("nc ncat socat mbuffer ncat+ssl socat+ssl openssl", names, " ")
  best_name = ""
  for (i = 1; i <= n; i++) {
    rate = median(part, "rate", names[i])
    if (rate != "" && (best_name == "" || rate > found)) {
      found = rate
      best_name = names[i]
    }
  }
  return best_name
}

END {
  print ""
  print "| part | figure | contender | median | least | most | unit | rounds |"
  print "|---|---|---|---|---|---|---|---|"
  for (i = 1; i <= keys; i++) {
    key = order[i]
    sort_values(key)
    medians[key] = median_of(key)
    split(key, names, SUBSEP)
    printf "| %s | %s | %s | %s | %s | %s | %s | %d |\n", names[1], names[2], names[3],
      shown(medians[key]), shown(value[key, 1]), shown(value[key, count[key]]), unit[key], count[key]
  }
  print ""
  print "| goal | measured | asked | reached | wished | reached |"
  print "|---|---|---|---|---|---|"
  if (best_peer("bytes") != "") {
    goal("bytes: rate / best peer (" best_name ")", ratio("bytes", "rate", "hostpipe", best_name), ">=", 1.5, 2)
  }
  goal("bytes: rate / iperf3", ratio("bytes", "rate", "hostpipe", "iperf3"), ">=", "", 0.8)
  goal("bytes: sender resident, MiB", median("bytes", "sender resident", "hostpipe"), "<=", 128)
  goal("bytes: receiver resident, MiB", median("bytes", "receiver resident", "hostpipe"), "<=", 128)
  if (best_peer("raw") != "") {
    goal("raw: rate / best peer (" best_name ")", ratio("raw", "rate", "raw", best_name), ">=", 1)
  }
  if (best_peer("tls") != "") {
    goal("tls: rate / best peer (" best_name ")", ratio("tls", "rate", "tls", best_name), ">=", 1.2)
  }
  goal("ws: rate / tcp", ratio("ws", "rate", "ws", "hostpipe"), ">=", 0.7)
  goal("grpc: rate / bare grpc-java", ratio("grpc", "rate", "grpc", "bare"), ">=", 0.9)
  goal("ssh: rate / ssh cat", ratio("ssh", "rate", "ssh", "ssh+cat"), ">=", 0.95)
  for (i = 1; i <= keys; i++) {
    split(order[i], names, SUBSEP)
    if (names[1] == "path" && names[2] ~ /^filled/) {
      goal("path: " names[2] " by " names[3], medians[order[i]], ">=", 0.9)
    }
  }
  broker_goals()
  goal("framed: lines / bytes", ratio("framed", "rate", "lines", "bytes"), ">=", 0.7)
  goal("durable: both ends / nothing kept", ratio("durable", "rate", "both", "memory"), ">=", 0.5)
  if (ratio("durable", "rate", "both", "disk") != "") {
    goal("durable: bytes written / disk", 2 * ratio("durable", "rate", "both", "disk"), ">=", 0.8)
  }
  goal("durable: lines / bytes", ratio("durable", "rate", "lines", "both"), ">=", 0.9)
  goal("durable: a spool is open again, ms", median("durable", "recovery", "spool"), "<=", 5000)
  goal("messages: rate / naive", ratio("messages", "rate", "hostpipe", "naive"), ">=", 0.6)
  goal("messages: rate, msg/s", median("messages", "rate", "hostpipe"), ">=", "", 15e6)
  goal("pingpong: median / plain", ratio("pingpong", "median", "hostpipe", "plain"), "<=", 1.25, 1.1)
  goal("pingpong: p99 / plain", ratio("pingpong", "p99", "hostpipe", "plain"), "<=", 1.5)
  goal("start: --version, ms", median("start", "version", "hostpipe"), "<=", 150)
  goal("start: small pipe, ms", median("start", "pipe", "hostpipe"), "<=", 400)
  goal("idle: resident, KiB a pipe", median("idle", "resident", "hostpipe"), "<=", 24)
}
