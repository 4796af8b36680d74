// The public names of `nn`.
export { Sequential } from './containers.js';
export { Conv2d, type Conv2dModuleOptions } from './conv2d.js';
export * as functional from './functional.js';
export { Flatten, ReLU } from './layers.js';
export { type LayerOptions, Linear } from './linear.js';
export { type LoadResult, Module } from './module.js';
export { Parameter } from './parameter.js';
