/** Colours of the canvas, which knows no stylesheet: an element that has them tells what they come to. */
export interface Palette {
  isDark: boolean;
  text: string;
  halo: string;
  alert: string;
  land: string;
  shore: string;
}

/** A vital below it stands out, as the workshop has it. */
export const LOW = 100;
const HUES = 24;

/** The colours that are in force. */
export function palette(): Palette {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.hidden = true;
  const style = getComputedStyle(probe);
  const value = (name: string): string => {
    probe.style.color = `var(${name})`;
    return style.color;
  };
  const found = {
    isDark: style.colorScheme === "dark",
    text: value("--text"),
    halo: value("--halo"),
    alert: value("--alert"),
    land: value("--land"),
    shore: value("--shore"),
  };
  probe.remove();
  return found;
}

/** A unicorn's hue: one of 24, by its name (FNV-1a), so that it is the same in every browser. */
export function hueOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  return ((hash >>> 0) % HUES) * (360 / HUES);
}

/** A hue as a colour that can be told from land and water. */
export function colourOf(hue: number, isDark: boolean, alpha = 1): string {
  return `hsl(${hue} ${isDark ? "85% 68%" : "75% 40%"} / ${alpha})`;
}
