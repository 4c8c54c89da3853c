/** `version`: which build this is. */
import { readBuildInfo } from '../../telemetry/build-info.js';

export function version(asJson: boolean): void {
  const build = readBuildInfo();
  if (asJson) {
    console.log(JSON.stringify(build));
    return;
  }
  const dirty = build.dirty ? ', changed since' : '';
  console.log(`log-capturer ${build.version} (revision ${build.revision}${dirty}, sources ${build.digest})`);
}
