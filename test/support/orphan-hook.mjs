// Preloaded into every agent under test: an agent whose test process died must not live on. Its stdin is a pipe from there.
process.stdin.on('end', () => process.kill(process.pid, 'SIGKILL')).on('error', () => {});
process.stdin.resume();
process.stdin.unref();
