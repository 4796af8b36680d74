// The public names of `nn`.
export { ModuleList, Sequential } from './containers.js';
export { Conv2d, type Conv2dModuleOptions } from './conv2d.js';
export * as functional from './functional.js';
export type { ForwardHook, ForwardPreHook, FullBackwardHook } from './hooks.js';
export { Flatten, ReLU } from './layers.js';
export { type LayerOptions, Linear } from './linear.js';
export { Module, type RecurseOptions } from './module.js';
export { Parameter } from './parameter.js';
export type { LoadResult } from './state.js';
