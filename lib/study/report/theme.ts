// Colours of reports, for light and dark pages. test/study/report/theme.test.ts holds them to WCAG 2.2: 4.5 to 1 for text,
// 3 to 1 for lines and points.

/** The colours of one kind of page. */
export interface Theme {
  readonly background: string;
  /** Of boxes on the background. */
  readonly surface: string;
  readonly text: string;
  readonly quiet: string;
  readonly rule: string;
  /** Of series: Okabe and Ito's palette, darkened or lightened until it stands out; shapes and dashes differ as well. */
  readonly series: readonly string[];
  /** Of a phase diagram where chi_1 is far below 1, is 1, and is far above 1. */
  readonly phases: readonly [ordered: string, critical: string, chaotic: string];
}

export const themes = {
  light: {
    background: '#ffffff',
    surface: '#f6f8fa',
    text: '#1f2328',
    quiet: '#59636e',
    rule: '#d1d9e0',
    series: ['#0072b2', '#d55e00', '#00805c', '#a3528a', '#7d6200', '#3d444d'],
    phases: ['#b5d7f0', '#ffffff', '#fad3b4'],
  },
  dark: {
    background: '#0d1117',
    surface: '#161b22',
    text: '#f0f6fc',
    quiet: '#9198a1',
    rule: '#3d444d',
    series: ['#56b4e9', '#e69f00', '#2fc79a', '#e0a0c8', '#f0e442', '#c9d1d9'],
    phases: ['#123f61', '#0d1117', '#5c3414'],
  },
} as const satisfies Readonly<Record<string, Theme>>;

/** Light or dark pages. */
export type ThemeName = keyof typeof themes;

export const themeNames = Object.keys(themes) as readonly ThemeName[];

/** Series that one chart can show and that can still be told apart. */
export const slots = themes.light.series.length;

/** What differs besides colour: shapes of points, and dashes of lines. */
export const shapes = ['circle', 'square', 'triangle-up', 'diamond', 'triangle-down', 'cross'] as const;
export const dashes: readonly (readonly number[])[] = [[], [7, 3], [2, 3], [9, 3, 2, 3], [4, 4], [12, 4]];

/** The shapes as SVG paths around 0, for legends. */
export const shapePaths: Readonly<Record<(typeof shapes)[number], string>> = {
  circle: 'M-3.5,0a3.5,3.5 0 1,0 7,0a3.5,3.5 0 1,0 -7,0Z',
  square: 'M-3.2,-3.2H3.2V3.2H-3.2Z',
  'triangle-up': 'M0,-4L4,3H-4Z',
  diamond: 'M0,-4.6L3.6,0L0,4.6L-3.6,0Z',
  'triangle-down': 'M0,4L-4,-3H4Z',
  cross: 'M-4,-1.4H-1.4V-4H1.4V-1.4H4V1.4H1.4V4H-1.4V1.4H-4Z',
};

/** Fonts that systems have, and the one that PNGs are drawn with. */
export const font = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif";
