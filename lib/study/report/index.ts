// What people see of studies: text, pages, pictures.
export { type PictureOptions, reportPng, reportSvg } from './figure.js';
export { type HtmlOptions, reportHtml } from './html.js';
export { checkPackages, type ReportKind } from './render.js';
export { localeIsUnicode, type StudyTableOptions, studyTable } from './terminal.js';
export { type ThemeName, themeNames } from './theme.js';
