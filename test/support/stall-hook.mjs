// Preloaded into an agent: its event loop stalls for STALL_MS, again and again, with STALL_PAUSE_MS between.
const stallMs = Number(process.env.STALL_MS);
const pauseMs = Number(process.env.STALL_PAUSE_MS);

function stall() {
  const until = performance.now() + stallMs;
  while (performance.now() < until);
  setTimeout(stall, pauseMs).unref();
}
setTimeout(stall, pauseMs).unref();
