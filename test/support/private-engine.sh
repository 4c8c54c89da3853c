#!/bin/sh
# Owns one private dockerd, whose everything lies below FOLDER:  private-engine.sh FOLDER
#
# Commands come on stdin, one word a line: "start" and "stop"; each is answered by the same word on stdout. When stdin
# ends - because the test is done, or because its process died, however rudely - the dockerd, what it left running, its
# mounts and FOLDER go. Run it in a session of its own, so that a terminal's signals do not reach it.
set -u
dir=$1
pid=

alive() {
  [ -n "$1" ] && [ -e "/proc/$1" ] && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

start() {
  dockerd --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/dockerd.pid" -H "unix://$dir/docker.sock" \
    --config-file "$dir/none.json" --bridge=none --iptables=false --ip6tables=false </dev/null >>"$dir/dockerd.log" 2>&1 &
  pid=$!
}

stop() {
  alive "$pid" || return 0
  kill -TERM "$pid"
  tries=0
  while alive "$pid" && [ $tries -lt 200 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
  alive "$pid" && kill -KILL "$pid"
  wait "$pid" 2>/dev/null
  pid=
}

# A dockerd that had to be killed leaves its containerd and shims behind: they name FOLDER on their command line.
stragglers() {
  for proc in /proc/[0-9]*; do
    case $(cat "$proc/comm" 2>/dev/null) in
      dockerd | containerd | containerd-shim*) ;;
      *) continue ;;
    esac
    if tr '\0' ' ' <"$proc/cmdline" 2>/dev/null | grep -qF "$dir/"; then kill -KILL "${proc#/proc/}" 2>/dev/null; fi
  done
}

clean() {
  stragglers
  cut -d' ' -f2 /proc/mounts | grep -F "$dir/" | sort -r | while read -r mount; do umount -l "$mount"; done
  rm -rf "$dir"
}

echo '{}' >"$dir/none.json"
while read -r command; do
  case $command in
    start) start ;;
    stop) stop ;;
  esac
  echo "$command"
done
stop
clean
