# A login on this host by an sshd of its own. Sourced by the parts that measure ssh.

for key in id hostkey; do
  [ -e "$work/$key" ] || ssh-keygen -q -t ed25519 -N '' -f "$work/$key" || exit 1
done
cat >"$work/ssh_config" <<LOGIN
IdentitiesOnly yes
IdentityFile $work/id
UserKnownHostsFile /dev/null
StrictHostKeyChecking no
LogLevel ERROR
LOGIN
cat >"$work/sshd_config" <<LOGIN
ListenAddress 127.0.0.1
HostKey $work/hostkey
AuthorizedKeysFile $work/id.pub
StrictModes no
UsePAM no
PidFile $work/sshd.pid
LOGIN

# Listens at port $1 until logout.
login_at() {
  /usr/sbin/sshd -f "$work/sshd_config" -p "$1" -E "$work/sshd.log"
}

logout() {
  [ ! -s "$work/sshd.pid" ] || kill "$(cat "$work/sshd.pid")"
}
