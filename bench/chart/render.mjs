// A Vega specification as SVG, and SVG as PNG, without a browser.
import { Resvg } from '@resvg/resvg-js';
import { parse, View } from 'vega';

/** The specification drawn as SVG. */
export async function toSvg(specification) {
  const view = new View(parse(specification), { renderer: 'none' });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}

/** As PNG of the width given, with the system's fonts. */
export function toPng(svg, width) {
  return new Resvg(svg, { fitTo: { mode: 'width', value: width }, font: { defaultFontFamily: 'DejaVu Sans' } })
    .render()
    .asPng();
}

/** Whether there is a font: without one, text is left out and nothing says so. */
export function drawsText() {
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><text y="30" font-size="30">M</text></svg>';
  return new Resvg(svg, { font: { defaultFontFamily: 'DejaVu Sans' } }).render().pixels.some((value) => value !== 0);
}
