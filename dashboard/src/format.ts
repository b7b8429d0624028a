/** Numbers and times for people. */

const MPH = 2.23694; // miles an hour in a metre a second
const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const TENTH = new Intl.NumberFormat("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const LONGEST = 40;

export const whole = (value: number): string => WHOLE.format(value);
export const tenth = (value: number): string => TENTH.format(value);
/** Metres flown in a second as miles an hour. */
export const mph = (distance: number): string => `${TENTH.format(distance * MPH)} mph`;
export const metresPerSecond = (distance: number): string => `${TENTH.format(distance)} m/s`;
export const metres = (distance: number): string => `${WHOLE.format(distance)} m`;
export const range = (least: number, most: number): string => (least === most ? `${least}` : `${least}–${most}`);

/** A duration, from milliseconds: two units at most. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 10) {
    return `${tenth(Math.max(0, seconds))} s`;
  }
  if (seconds < 120) {
    return `${Math.round(seconds)} s`;
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) {
    return `${minutes} min`;
  }
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

/** How long ago, in whole seconds: it changes once a second, not with every frame. */
export function ago(milliseconds: number): string {
  const seconds = Math.floor(Math.max(0, milliseconds) / 1000);
  return seconds < 1 ? "just now" : `${seconds} s ago`;
}

/** Event time against the clock. */
export function lag(milliseconds: number): string {
  return milliseconds >= 0 ? `${duration(milliseconds)} behind` : `${duration(-milliseconds)} ahead`;
}

const two = (value: number): string => String(value).padStart(2, "0");

/** `14:05`, UTC. */
export function clock(time: number): string {
  const date = new Date(time);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

const DAY = 24 * 3600 * 1000; // milliseconds; UTC knows no other day

/** `14:05:59`, UTC; `23 Nov 14:05` where that is not the day of `now`. */
export function clockSeconds(time: number, now: number): string {
  const isToday = Math.floor(time / DAY) === Math.floor(now / DAY);
  return isToday ? `${clock(time)}:${two(new Date(time).getUTCSeconds())}` : minute(time);
}

/** `23 Nov 14:05`, UTC. */
export function minute(time: number): string {
  const date = new Date(time);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${clock(time)}`;
}

/** As the streams and the table have it: `2026-11-23 14:05:00.000`, UTC. */
export function statusTime(time: number): string {
  return new Date(time).toISOString().replace("T", " ").replace("Z", "");
}

/** A text that fits: at most 40 characters, or as many as asked for. */
export function short(text: string, longest = LONGEST): string {
  const characters = [...text];
  return characters.length > longest ? `${characters.slice(0, longest - 1).join("")}…` : text;
}
