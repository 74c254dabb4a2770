// One copy of the code, however it is loaded: a secret has one source in a process, and `instanceof` holds.
export * from '../dist/index.js';
