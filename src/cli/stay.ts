/** Any time does. */
const STAY_MS = 60_000;

/** Keeps the process alive where nothing else does, such as while only others have work to do. @returns ends that */
export function stay(): () => void {
  const timer = setInterval(() => undefined, STAY_MS);
  return () => clearInterval(timer);
}
