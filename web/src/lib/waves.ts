// Drawing a sound with wavesurfer.js, under a policy that allows no style but the page's own files.
import WaveSurfer from "wavesurfer.js";
import type { Form } from "./sound";

const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colours = () => ({
  waveColor: colour("--past"),
  progressColor: colour("--deep"),
  cursorColor: colour("--ink"),
});

const drawn = ({ peaks }: Form) => [(peaks ?? []).map((peak) => peak / 255)];

export interface Waves {
  surfer: WaveSurfer;
  end(): void;
}

/** Draws a form of a sound into `place`; where it is, and whether it sounds, is told by `media`. */
export function draw(place: HTMLElement, media: HTMLMediaElement, form: Form): Waves {
  // its style must be gone before it becomes part of the page: the policy would refuse it, with an error on the console
  const apart = document.createElement("div");
  const surfer = WaveSurfer.create({
    container: apart,
    media,
    height: 64,
    barWidth: 2,
    barGap: 1,
    barRadius: 2,
    cursorWidth: 2,
    barMinHeight: 1,
    interact: false,
    autoScroll: false,
    hideScrollbar: true,
    peaks: drawn(form),
    duration: form.seconds ?? 1,
    ...colours(),
  });
  const root = surfer.getWrapper().getRootNode() as ShadowRoot;
  const style = root.querySelector("style");
  if (style) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style.textContent ?? "");
    style.remove();
    root.adoptedStyleSheets = [sheet];
  }
  place.replaceChildren(apart);

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const repaint = () => surfer.setOptions(colours());
  dark.addEventListener("change", repaint);
  return {
    surfer,
    end: () => {
      dark.removeEventListener("change", repaint);
      surfer.destroy();
    },
  };
}
