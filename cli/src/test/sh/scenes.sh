# What the scenes of the documents need beforehand, and must have done in the end. See documents.sh.

# A file of $2 MiB that does not repeat.
some_file() {
  head -c "$(($2 * 1048576))" /dev/urandom >"$1"
}

before_two_hosts() {
  mkdir web1/site && some_file web1/site/a 2 && echo hello >web1/site/b
}

after_two_hosts() {
  tar -C db2 -xf db2/backup.tar && diff -r web1/site db2/site
}

before_bad_link() {
  some_file web1/disk.img 20
}

after_bad_link() {
  cmp web1/disk.img db2/disk.img && says "$(sha256sum <web1/disk.img | cut -c 1-64)" "$work/printed"
}

before_survives() {
  seq 1 20000 >web1/orders.log
}

after_survives() {
  cmp web1/orders.log db2/orders
}

before_listening_sender() {
  printf 'INFO one\nERROR two\nINFO three\n' >web1/app.log
}

after_listening_sender() {
  says 'ERROR two' "$work/printed"
}

before_tls_hosts() {
  before_two_hosts
}

after_tls_hosts() {
  after_two_hosts &&
    grep -q "^db2:9000 sha256:" web1/.config/hostpipe/known_hosts
}

after_tls_key() {
  [ "$(sed -n 's/^\(sha256:.*=\)$/\1/p' "$work/printed" | uniq | wc -l)" -eq 1 ] &&
    [ "$(grep -c "^$(sed -n 's/^sha256://p' "$work/printed" | head -n 1)\$" "$work/printed")" -eq 1 ]
}

before_tls_authority() {
  some_file sent 1
}

after_tls_authority() {
  cmp sent received && says 'vouched for by ca=./ca.crt' "$work/printed"
}

before_tls_friends() {
  some_file web1/sent 1
}

after_tls_friends() {
  cmp web1/sent db2/received
}

before_tls_loopback() {
  some_file sent 1
}

after_tls_loopback() {
  cmp sent received
}

before_check() {
  some_file disk.img 1
}

after_check() {
  [ ! -e copy.img ]
}

before_script() {
  some_file disk.img 1
}

after_script() {
  cmp disk.img copy.img && says '"exit"' summary.json
}

after_stdio() {
  equal 1000 "$(wc -l <numbers)" && says 1000 "$work/printed"
}

before_tokens() {
  seq 1 20000 >orders.log
}

after_tokens() {
  cmp orders.log received && equal 600 "$(stat -c %a tokens)" && ! grep -q "$(cut -d: -f2 web1.token)" "$work/printed"
}

before_tokens_refused() {
  seq 1 20000 >orders.log
  (umask 077 && ./hostpipe key token web1 tokens=./tokens write 'pipes=orders,logs/*' >web1.token 2>/dev/null)
}

after_tokens_refused() {
  says 'this listener wants a token' "$work/printed" && says "no right to a pipe 'payroll'" "$work/printed"
}

before_flow_rate() {
  some_file web1/disk.img 4
}

after_flow_rate() {
  cmp web1/disk.img db2/disk.img
}

after_flow_messages() {
  equal 300 "$(wc -l <numbers)"
}

after_flow_stop_and_wait() {
  seq 1 2000 | cmp - db2/received
}

before_frames_local() {
  printf 'one\ntwo\n\nfour\n' >app.log
}

after_frames_local() {
  cmp app.log copy.log && equal 26 "$(wc -c <app.u32)"
}

before_frames_hosts() {
  seq 1 20000 >web1/app.log
}

after_frames_hosts() {
  cmp web1/app.log db2/app.log && says '20,000' "$work/printed"
}

before_file() {
  some_file in 1 && echo first >log
}

after_file() {
  cmp in out && tail -c +7 log | cmp - in && equal first "$(head -n 1 log)"
}

before_exec() {
  mkdir site && some_file site/a 1 && printf "INFO one\nERROR it's fine\nERROR two\n" >access.log
}

after_exec() {
  mkdir there && tar -C there -xf site.tar && diff -r site there/site && says site/a "$work/printed" &&
    equal "$(grep ERROR access.log)" "$(gzip -dc errors.gz)" && equal 2 "$(wc -l <rest.log)"
}

before_programs() {
  before_exec
}

after_programs() {
  mkdir there && tar -C there -xf site.tar && diff -r site there/site &&
    equal "$(grep ERROR access.log)" "$(gzip -dc errors.gz)"
}

before_tail() {
  seq 1000 >web1/app.log
}

after_tail() {
  cmp web1/app.log db2/app.log
}

before_tail_many() {
  seq 100 >app-a.log && seq 200 >app-b.log && mkdir incoming
}

after_tail_many() {
  equal 2 "$(ls incoming | wc -l)" && equal 300 "$(cat incoming/* | wc -l)"
}

before_followed_log() {
  seq 1000 >app.log
}

after_followed_log() {
  cmp app.log copy.log
}

before_tail_once() {
  seq 1000 >app.log
}

after_tail_once() {
  cmp app.log copy.log && cmp app.log twice.log
}

before_tcp() {
  some_file sent 8
}

after_tcp() {
  cmp sent received
}

before_grpc() {
  some_file sent 8
}

after_grpc() {
  cmp sent received
}

before_grpcs() {
  some_file sent 8
}

after_grpcs() {
  cmp sent received
}

before_unix() {
  some_file sent 8
}

after_unix() {
  cmp sent received && [ ! -e app.sock ]
}

before_raw_nc() {
  some_file sent 8
}

after_raw_nc() {
  cmp sent received
}

before_raw_socket() {
  some_file sent 8
}

after_raw_socket() {
  cmp sent received
}

after_raw_reply() {
  equal 'Hello Remote' "$(cat received)"
}

after_tcp_open() {
  says auth=none "$work/printed"
}

after_article_1() {
  equal 'Hello Remote' "$(cat received.txt)"
}

after_article_4_4() {
  seq 1 100000 | cmp - orders
}

after_article_2_2() {
  head -c 3000000 /dev/zero | cmp - received.txt
}

after_article_3_1() {
  equal '{"id": 1, "name": "Ann"}' "$(cat received.txt)"
}

after_article_3_2() {
  seq 1 500000 | cmp - received.txt
}

after_article_3_3() {
  head -c 2000000 /dev/zero | cmp - received.txt
}

before_session() {
  some_file web1/disk.img 20
}

after_session() {
  cmp web1/disk.img db2/disk.img
}

after_session_replay() {
  seq 1 400000 | cmp - numbers
}

after_session_forward() {
  seq 1 100000 | cmp - numbers && says 'POSITIONS' "$work/printed"
}

before_session_relay() {
  some_file disk.img 8
}

after_session_relay() {
  cmp disk.img copy
}

before_session_ls() {
  some_file in 1
}

after_session_ls() {
  cmp in out && says 'begins another one, at position 0' "$work/printed"
}

before_kills() {
  ln -s -- "$root/scripts" scripts
}

after_kills() {
  says 'nothing lost, nothing twice' "$work/printed"
}

before_bench() {
  ln -s -- "$root/bench" bench
}

after_bench() {
  says '| goal |' "$work/printed" && says '| messages: rate / naive |' "$work/printed"
}

before_bench_brokers() {
  before_bench
}

after_bench_brokers() {
  says '| nats: publish 100 B / jnats |' "$work/printed" &&
    says '| rabbitmq: consume 10 KiB / PerfTest |' "$work/printed" &&
    says '| kafka: publish 10 KiB / ProducerPerformance |' "$work/printed"
}

before_simulator() {
  ln -s -- "$root/scripts" scripts
}

after_simulator() {
  says ' 0 violations' "$work/printed" && says 'hears on link' "$work/printed"
}

before_fuzz() {
  ln -s -- "$root/scripts" scripts
}

after_fuzz() {
  says 'passed checksum and greeting' "$work/printed"
}

before_fan_out() {
  some_file in 2
}

after_fan_out() {
  cmp in first && cmp in second
}

after_keep() {
  equal 'from here and from there' "$(tr '\n' ' ' <logs | sed 's/ $//')"
}

before_fan_in() {
  mkdir incoming && some_file a 1 && some_file b 2
}

after_fan_in() {
  equal "$(cat a b | wc -c)" "$(cat incoming/* | wc -c)" && equal 2 "$(ls incoming | wc -l)"
}

before_move_tree() {
  mkdir web1/site db2/restored && some_file web1/site/a 2 && echo hello >web1/site/b
}

after_move_tree() {
  diff -r web1/site db2/restored
}

before_move_disk() {
  some_file web1/disk.img 8
}

# What the sender said, and what the receiver's own sha256sum said.
after_move_disk() {
  cmp web1/disk.img db2/disk.img &&
    equal 2 "$(grep -c "$(sha256sum <web1/disk.img | cut -c 1-64)" "$work/printed")"
}

before_move_part() {
  some_file web1/disk.img 4
}

after_move_part() {
  dd if=web1/disk.img bs=1M skip=1 count=2 status=none | cmp - db2/part.img
}

before_onto_device() {
  some_file web1/disk.img 3 && truncate -s 4M db2/target
}

after_onto_device() {
  cmp -n 3145728 web1/disk.img db2/target
}

before_sender_killed() {
  some_file disk.img 3
}

after_sender_killed() {
  cmp disk.img copy.img
}

before_receiver_killed() {
  some_file disk.img 3
}

# It names a range that is certain, and one that is not.
after_receiver_killed() {
  cmp disk.img copy.img && says 'perhaps up to' "$work/printed"
}

before_disk_full() {
  some_file disk.img 3
}

before_fan_in_lines() {
  seq 1 2 999 >web1.log && seq 2 2 1000 >web2.log
}

after_fan_in_lines() {
  seq 1 1000 >expected && sort -n all.log | cmp - expected
}

after_duplex_echo() {
  says hello "$work/printed"
}

after_bench_address() {
  says 'throughput' "$work/printed" && says 'memory, there' "$work/printed"
}

after_bench_local() {
  says '"gibPerSecond":' "$work/printed"
}

# Installs into a repository of its own, which begins with links to what this user's Maven has: the
# scene has no network. Its mvn uses that repository.
before_library_maven() {
  repository=$work/repository
  mkdir -- "$repository" src src/test src/test/java && mv OrdersTest.java src/test/java/
  cp -as -- "$HOME/.m2/repository/." "$repository/" 2>/dev/null
  rm -rf -- "$repository/io/hostpipe"
  find_maven && maven=$(command -v mvn) &&
    (cd -- "$root" && "$maven" -q -B -ntp -Dquick -Dmaven.test.skip=true -Dhostpipe.target=target/library \
      -Dmaven.repo.local="$repository" install) &&
    printf '#!/bin/sh\nexec "%s" -B -ntp -Dstyle.color=never -Dmaven.repo.local="%s" "$@"\n' \
      "$maven" "$repository" >"$work/bin/mvn" && chmod +x "$work/bin/mvn" &&
    # The offline run finds what it needs; JUnit's provider is fetched when tests first run.
    (mvn -q test >/dev/null 2>&1 || true) && rm -rf target
}

after_library_maven() {
  rm -f -- "$work/bin/mvn"
  for module in api session runtime connector-local connector-tcp testkit; do
    for kind in '' -sources -javadoc; do
      [ -s "$work/repository/io/hostpipe/hostpipe-$module/0.1.0/hostpipe-$module-0.1.0$kind.jar" ] && continue
      echo "there is no hostpipe-$module$kind"
      return 1
    done
  done
  [ -d target/surefire-reports ]
}

# The article's programs, as they are in examples/: Java finds one by the folders of its package.
examples() {
  mkdir io && cp -r -- "$root/examples/src/main/java/io/hostpipe" io/
}

before_article_1_java() {
  examples
}

before_article_2_4() {
  examples
}

before_article_2_5() {
  examples
}

# The classes of examples/user-service, which the build has compiled.
user_service() {
  [ -e "$root/examples/user-service/target/classes/io" ] || {
    echo "build it first: mvn -q -Dquick compile -pl examples/user-service -am"
    return 1
  }
  mkdir target && cp -r -- "$root/examples/user-service/target/classes" target/
}

before_user_service_unary() {
  user_service
}

before_user_service_piped() {
  user_service
}

# A login on db2 by a real ssh and a real sshd, which talk over a pipe of their own: no port is needed.
some_login() {
  mkdir -p "$work/login" && [ -e "$work/login/id" ] ||
    { ssh-keygen -q -t ed25519 -N '' -f "$work/login/id" && ssh-keygen -q -t ed25519 -N '' -f "$work/login/host"; } || return 1
  [ ! -w /run ] || mkdir -p /run/sshd
  cat >"$work/login/sshd_config" <<LOGIN
HostKey $work/login/host
AuthorizedKeysFile $work/login/id.pub
StrictModes no
UsePAM no
PidFile none
LogLevel QUIET
SetEnv PATH=$work/bin:/usr/bin:/bin
ForceCommand cd $folder/db2 && eval "\$SSH_ORIGINAL_COMMAND"
LOGIN
  cat >"$work/login/ssh_config" <<LOGIN
IdentitiesOnly yes
IdentityFile $work/login/id
UserKnownHostsFile $work/login/known_hosts
StrictHostKeyChecking accept-new
LogLevel ERROR
ProxyCommand /usr/sbin/sshd -i -f $work/login/sshd_config
LOGIN
  printf '#!/bin/sh\nexec /usr/bin/ssh -F "%s" "$@"\n' "$work/login/ssh_config" >"$work/bin/ssh" &&
    chmod +x "$work/bin/ssh"
}

before_ssh_to() {
  some_login && some_file web1/disk.img 2
}

after_ssh_to() {
  cmp web1/disk.img db2/disk.img
}

before_ssh_from() {
  some_login && seq 1000 >db2/app.log
}

after_ssh_from() {
  cmp db2/app.log web1/app.log
}

before_ssh_listen() {
  some_login && seq 1000 >web1/app.log
}

after_ssh_listen() {
  cmp db2/app.log web1/app.log
}

before_ws() {
  some_file sent 4
}

after_ws() {
  cmp sent received
}

before_failover() {
  some_file web1/sent 4
}

after_failover() {
  cmp web1/sent db2/received
}

after_nats() {
  seq 1 1000 | cmp - ./numbers
}

before_dead_letters() {
  seq 1 500 >orders && head -c 2000 /dev/zero | tr '\0' x >>orders && echo >>orders && seq 501 600 >>orders
}

after_dead_letters() {
  [ "$(tr -cd x <dead | wc -c)" -ge 2000 ] && says max_payload dead && equal 2001 "$(wc -c <late)" &&
    says 'there are no messages at ./dead' "$work/printed"
}

before_dead_letters_file() {
  printf '\0\0\0\3one\0\0\0\7two\nand\0\0\0\5three' >in
}

after_dead_letters_file() {
  printf 'one\nthree\n' | cmp - lines && says 'the framing lines cannot carry it' dead
}

# What Kafka's archive has: these two scripts and this file, for the broker that the tests start.
before_kafka() {
  mkdir -p kafka/bin kafka/config && for each in storage:kafka.tools.StorageTool server-start:kafka.Kafka; do
    printf '#!/bin/sh\nexec java -Xmx256m -XX:+UseSerialGC -cp "%s" %s "$@"\n' \
      "$(cat -- "$root/testkit/kafka-server/target/classes/kafka-server.classpath")" "${each#*:}" \
      >"kafka/bin/kafka-${each%%:*}.sh" && chmod +x "kafka/bin/kafka-${each%%:*}.sh" || return 1
  done
  cat >kafka/config/server.properties <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:9093
listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093
advertised.listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093
controller.listener.names=CONTROLLER
log.dirs=$PWD/kafka/kept
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
PROPERTIES
}

after_kafka() {
  seq 1 1000 | cmp - ./numbers && seq 1 1000 | cmp - ./by-kcat
}

after_bridges() {
  seq 1 1000 | cmp - orders
}

after_services() {
  seq 1 1000 | cmp - storage && seq 1 1000 | cmp - analysis && says 999 "$work/printed"
}

after_rabbitmq() {
  seq 1 1000 | cmp - ./numbers && seq 1 2000 | cmp - ./more &&
    printf '\0\0\0\3a\nb' | cmp - ./late && says 'the framing lines cannot carry' "$work/printed"
}

after_rabbitmq_stream() {
  seq 1 1000 | cmp - ./numbers
}

before_bursts() {
  ln -s -- "$root/scripts" scripts
}

after_bursts() {
  # It rose by what the consumer does not do at once, it fell, and everything arrived in its order.
  grep -qE '^ *[0-9.]+ s +[0-9]{3,} \|#+$' "$work/printed" && grep -qE '^ *[0-9.]+ s +0 \|$' "$work/printed" &&
    grep -q '<polyline' ./depth.svg && for burst in 1 2 3; do seq 1 4000; done | cmp - ./orders
}

before_broker() {
  seq 1 5000 | sed 's/^/order /' >./orders.log
}

after_broker() {
  cmp ./orders.log ./copy.log
}
